import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sample } from '../../src/model/sample.ts';
import { MemoryHistory } from '../history/memory.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';
import { HOUR, MINUTE, point, pressure, ReportedTown } from './support/reported-town.ts';

const START = Date.UTC(2026, 10, 22, 0);

async function town(history = new MemoryHistory(), folder = temporaryFolder()) {
  const store = await temporaryStore(folder);
  const reported = new ReportedTown(START, store, history);
  await reported.start();
  onTestFinished(() => reported.stop());
  return { reported, history, store };
}

/** A sample every five minutes of an hour. */
function hourOf(device: string, ts: number, value = 0.3): Sample[] {
  return Array.from({ length: 12 }, (_, index) => pressure(device, ts + index * 5 * MINUTE, value));
}

describe('the record of pressure compliance', () => {
  it('has an hour of every point, zone and the town once its samples had time to arrive', async () => {
    const { reported } = await town();
    await reported.register(
      point('WP-1'),
      point('WP-2'),
      point('WP-3', { parent: 'Z-2' }),
      point('WP-4', { parent: null }),
    );
    const low = hourOf('WP-2', START).map((sample, index) =>
      index < 3 ? { ...sample, values: { pressure: 0.1 } } : sample,
    );
    await reported.passTo(START + 59 * MINUTE);
    await reported.arrive(...hourOf('WP-1', START), ...low, ...hourOf('WP-3', START).slice(0, 6));
    await reported.passTo(START + HOUR + 4 * MINUTE);
    expect(await reported.figures()).toEqual({});
    await reported.passTo(START + HOUR + 5 * MINUTE);
    const figures = (valid: number, inBounds: number, expected: number) => ({
      ...{ valid, inBounds, expected, low: inBounds / expected, high: (inBounds + expected - valid) / expected },
      ...{ rate: valid === 0 ? null : inBounds / valid, coverage: valid / expected },
    });
    expect(await reported.figures()).toEqual({
      [`point WP-1 ${START}`]: figures(12, 12, 12),
      [`point WP-2 ${START}`]: figures(12, 9, 12),
      [`point WP-3 ${START}`]: figures(6, 6, 12),
      [`point WP-4 ${START}`]: figures(0, 0, 12),
      [`zone Z-1 ${START}`]: figures(24, 21, 24),
      [`zone Z-2 ${START}`]: figures(6, 6, 12),
      [`town lailong ${START}`]: figures(30, 27, 48),
    });
  });

  it('is made again for late samples and corrections: what changed goes up by one revision, the rest is not written', async () => {
    const { reported } = await town();
    await reported.register(point('WP-1'), point('WP-2', { parent: 'Z-2' }));
    await reported.passTo(START + HOUR);
    await reported.arrive(...hourOf('WP-1', START).slice(0, 10), ...hourOf('WP-2', START));
    await reported.passTo(START + 3 * HOUR);
    expect(reported.revisions('point WP-1', START)).toEqual([1]);
    await reported.arrive(...hourOf('WP-1', START).slice(10));
    await reported.record.make();
    await reported.arrive(pressure('WP-1', START, 0.1));
    await reported.record.make();
    // It says nothing new, and nothing is written.
    await reported.arrive(pressure('WP-1', START, 0.1));
    await reported.arrive(pressure('WP-1', START, 0.1, { values: { pressure: 0.1, battery: 5 } }));
    await reported.record.make();
    expect(reported.revisions('point WP-1', START)).toEqual([1, 2, 3]);
    expect(reported.revisions('zone Z-1', START)).toEqual([1, 2, 3]);
    expect(reported.revisions('town lailong', START)).toEqual([1, 2, 3]);
    expect(reported.revisions('point WP-2', START)).toEqual([1]);
    expect(reported.revisions('zone Z-2', START)).toEqual([1]);
    expect(await reported.figures()).toMatchObject({
      [`zone Z-1 ${START}`]: { valid: 12, inBounds: 11, expected: 12 },
    });
  });

  it('takes samples from before the first registration, of which none were expected', async () => {
    const { reported } = await town();
    await reported.passTo(START + 5 * HOUR + 20 * MINUTE);
    await reported.register(point('WP-1'));
    await reported.arrive(...hourOf('WP-1', START - HOUR), ...hourOf('WP-1', START + 4 * HOUR));
    await reported.passTo(START + 8 * HOUR);
    const figures = await reported.figures();
    const full = { valid: 12, inBounds: 12, expected: 12 };
    expect(figures[`point WP-1 ${START - HOUR}`]).toMatchObject(full);
    expect(figures[`point WP-1 ${START + 4 * HOUR}`]).toMatchObject(full);
    expect(figures[`point WP-1 ${START + 5 * HOUR}`]).toMatchObject({ valid: 0, expected: 8 });
    expect(figures[`point WP-1 ${START + 3 * HOUR}`]).toBeUndefined();
  });

  it('expects of a point in service from its first report nothing before it, whenever that report is known', async () => {
    const { reported } = await town();
    await reported.register(point('WP-1', { inService: 'auto' }));
    await reported.passTo(START + 4 * HOUR);
    await reported.arrive(pressure('WP-1', START + 3 * HOUR + 30 * MINUTE, 0.3));
    await reported.passTo(START + 6 * HOUR);
    const expected = async () => {
      const figures = Object.entries(await reported.figures()) as [string, { expected: number }][];
      return figures.flatMap(([key, one]) => (key.startsWith('point') ? [one.expected] : []));
    };
    expect(await expected()).toEqual([6, 12]);
    await reported.arrive(pressure('WP-1', START + HOUR, 0.3));
    await reported.record.make();
    expect((await expected()).sort((a, b) => a - b)).toEqual([12, 12, 12, 12]);
  });

  it('is made again for as many marks as there are', async () => {
    const { reported } = await town();
    const ids = Array.from({ length: 100 }, (_, index) => `WP-${index + 1}`);
    await reported.register(...ids.map((id) => point(id)));
    await reported.passTo(START + HOUR + 5 * MINUTE);
    const hours = Array.from({ length: 60 }, (_, index) => START - index * HOUR);
    await reported.arrive(...hours.flatMap((hour) => ids.map((id) => pressure(id, hour, 0.3))));
    await reported.record.make();
    const figures = Object.entries(await reported.figures()) as [string, { valid: number }][];
    const points = figures.filter(([key, { valid }]) => key.startsWith('point') && valid === 1);
    expect(points).toHaveLength(6_000);
  });

  it('is made once more for a late sample that comes while its hour is made again', async () => {
    const { reported, history } = await town();
    await reported.register(point('WP-1'));
    await reported.passTo(START + 3 * HOUR);
    await reported.arrive(pressure('WP-1', START, 0.3));
    history.beforeKeep = async () => {
      history.beforeKeep = () => {};
      await reported.arrive(pressure('WP-1', START + 5 * MINUTE, 0.3));
    };
    await reported.record.make();
    expect(await reported.figures()).toMatchObject({ [`point WP-1 ${START}`]: { valid: 2 } });
  });

  it('waits with a late sample until it is in the history', async () => {
    const { reported, history } = await town();
    await reported.register(point('WP-1'));
    await reported.passTo(START + 3 * HOUR);
    let letGo = () => {};
    const offered = new Promise<void>((resolve) => {
      history.before = () => {
        resolve();
        return new Promise((go) => (letGo = go as () => void));
      };
    });
    const arriving = reported.arrive(pressure('WP-1', START, 0.3));
    await offered;
    await reported.record.make();
    history.before = () => {};
    letGo();
    await arriving;
    await reported.record.make();
    expect(reported.revisions('point WP-1', START)).toEqual([1, 2]);
  });

  it('waits for a history that is behind, and forgets no mark while it is down', async () => {
    const { reported, history } = await town();
    await reported.register(point('WP-1'));
    await reported.passTo(START + 3 * HOUR);
    history.beforeKeep = () => {
      throw new Error('down');
    };
    await reported.arrive(...hourOf('WP-1', START));
    await reported.passTo(START + 4 * HOUR);
    expect(reported.revisions('point WP-1', START)).toEqual([1]);
    history.beforeKeep = () => {};
    await reported.record.make();
    expect(reported.revisions('point WP-1', START)).toEqual([1, 2]);
    expect(await reported.figures()).toMatchObject({ [`point WP-1 ${START}`]: { valid: 12 } });
    // What arrived and is not written yet holds the next hours back.
    let letGo = () => {};
    history.before = () => new Promise((resolve) => (letGo = resolve as () => void));
    const arriving = reported.arrive(...hourOf('WP-1', START + 3 * HOUR));
    await reported.passTo(START + 9 * HOUR);
    expect(reported.record.madeUntil()).toBeLessThan(START + 4 * HOUR);
    history.before = () => {};
    letGo();
    await arriving;
    await reported.record.make();
    expect(reported.record.madeUntil()).toBe(START + 8 * HOUR);
    expect(reported.revisions('point WP-1', START + 3 * HOUR)).toEqual([1]);
  });

  it('misses no row that is on its way into the history while its hour is closed', async () => {
    const { reported, history } = await town();
    await reported.register(point('WP-1'));
    reported.clock.advance(HOUR + 10 * MINUTE);
    let letGo = () => {};
    const offered = new Promise<void>((resolve) => {
      history.before = () => {
        resolve();
        return new Promise((go) => {
          letGo = go as () => void;
        });
      };
    });
    const arriving = reported.arrive(...hourOf('WP-1', START));
    await offered;
    await reported.record.make();
    expect(reported.record.madeUntil()).toBe(START);
    history.before = () => {};
    letGo();
    await arriving;
    await reported.record.make();
    await reported.record.make();
    expect(await reported.figures()).toMatchObject({ [`point WP-1 ${START}`]: { valid: 12 } });
  });

  it('goes on where it stood after a kill, with the marks that were set', async () => {
    const folder = temporaryFolder();
    const history = new MemoryHistory();
    const first = await temporaryStore(folder);
    const before = new ReportedTown(START, first, history);
    await before.start();
    await before.register(point('WP-1'));
    await before.passTo(START + 3 * HOUR);
    await before.arrive(...hourOf('WP-1', START));
    // Killed before the hour is made again.
    await before.stop();
    const after = new ReportedTown(START + 3 * HOUR, first, history, before.journal);
    await after.start();
    await after.record.make();
    expect(after.revisions('point WP-1', START)).toEqual([2]);
    expect(after.kept.every(({ ts }) => ts === START)).toBe(true);
    await after.record.make();
    expect(after.revisions('point WP-1', START)).toEqual([2]);
    await after.stop();
  });

  it('takes nothing for made while a copy is made', async () => {
    const { reported } = await town();
    await reported.register(point('WP-1'));
    const letGo = reported.record.hold();
    await reported.passTo(START + 3 * HOUR);
    expect(reported.record.madeUntil()).toBe(START);
    letGo();
    await reported.record.make();
    expect(reported.record.madeUntil()).toBe(START + 2 * HOUR);
  });
});

/** Samples of three points over six hours, no instant of a point twice, some of them with a time that was replaced. */
const SAMPLES = fc
  .uniqueArray(
    fc.record({ device: fc.constantFrom('WP-1', 'WP-2', 'WP-3'), minute: fc.integer({ min: -60, max: 299 }) }),
    { selector: ({ device, minute }) => `${device} ${minute}`, minLength: 10, maxLength: 60 },
  )
  .chain((places) =>
    fc.tuple(
      ...places.map(({ device, minute }) =>
        fc
          .record({
            value: fc.constantFrom(0.1, 0.14, 0.2, 0.3, 0.6),
            replaced: fc.nat(9),
            corrected: fc.nat(5),
            again: fc.nat(4),
          })
          .map(({ value, replaced, corrected, again }) => {
            const more = replaced === 0 ? { deviceTs: 5 } : {};
            const one = pressure(device, START + minute * MINUTE, value, more);
            // A correction follows what it corrects, and a repetition too.
            const fix = corrected === 0 ? [pressure(device, one.ts, 0.31, more)] : [];
            return [one, ...fix, ...(again === 0 && replaced > 0 ? [fix[0] ?? one] : [])];
          }),
      ),
    ),
  );

/** The same samples in another order, each instant's own order kept, cut into batches with time between them. */
function shuffled(all: readonly Sample[][], keys: readonly number[]): Sample[][] {
  const placed = all.flatMap((versions, index) =>
    versions
      .map((_, version) => keys[(index * 3 + version) % keys.length] ?? 0)
      .sort((a, b) => a - b)
      .map((key, version) => ({ key, sample: versions[version] as Sample })),
  );
  const order = placed.sort((a, b) => a.key - b.key).map(({ sample }) => sample);
  const size = 5 + ((keys[0] ?? 1) % 20);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, index) =>
    order.slice(index * size, (index + 1) * size),
  );
}

/** What the record comes to when the samples arrive so. */
async function recordOf(batches: readonly Sample[][], steps: readonly number[]): Promise<Record<string, unknown>> {
  const store = await temporaryStore();
  const reported = new ReportedTown(START, store, new MemoryHistory());
  await reported.start();
  await reported.register(
    point('WP-1'),
    point('WP-2', { parent: 'Z-2', attributes: { role: 'end' }, inService: 'auto' }),
    point('WP-3', { attributes: { role: 'trunk', minPressure: 0.2 }, sampleInterval: 600 }),
  );
  // What the registry says changes while the samples are measured.
  await reported.passTo(START + 90 * MINUTE);
  await reported.registry.amend('WP-1', { parent: 'Z-2', attributes: { minPressure: 0.3 } }, 'test');
  await reported.registry.amend('WP-3', { inService: { from: START + 2 * HOUR, to: null } }, 'test');
  for (const [index, batch] of batches.entries()) {
    await reported.arrive(...batch);
    // Hours after the end would be of one record only.
    const next = reported.clock.now() + (steps[index % steps.length] ?? 0) * MINUTE;
    await reported.passTo(Math.min(next, START + 8 * HOUR));
  }
  await reported.passTo(START + 8 * HOUR);
  await reported.record.make();
  const figures = await reported.figures();
  await reported.stop();
  return figures;
}

describe('whatever the order', { timeout: 60_000 }, () => {
  it('in which the same samples arrive, the record is the same', async () => {
    let hours = 0;
    await fc.assert(
      fc.asyncProperty(
        SAMPLES,
        fc.array(fc.nat(1_000), { minLength: 60, maxLength: 60 }),
        fc.array(fc.constantFrom(0, 1, 7, 40, 90), { minLength: 3, maxLength: 6 }),
        async (samples, keys, steps) => {
          const inTime = await recordOf([[...samples].sort((a, b) => (a[0]?.ts ?? 0) - (b[0]?.ts ?? 0)).flat()], [0]);
          const anyhow = await recordOf(shuffled(samples, keys), steps);
          expect(anyhow).toEqual(inTime);
          hours += Object.keys(inTime).length;
        },
      ),
      { numRuns: 30 },
    );
    expect(hours).toBeGreaterThan(500);
  });

  it('a batch of 24 samples that comes two hours late gives the record that they had given in time', async () => {
    const inTime: Sample[] = Array.from({ length: 24 }, (_, index) =>
      pressure('WP-1', START + index * 5 * MINUTE, [0.1, 0.3, 0.25][index % 3] as number),
    );
    const records = [];
    for (const isLate of [false, true]) {
      const { reported } = await town();
      await reported.register(point('WP-1'), point('WP-2'));
      for (const sample of inTime) {
        await reported.passTo(sample.ts);
        await reported.arrive(...hourOf('WP-2', sample.ts, 0.2).slice(0, 1), ...(isLate ? [] : [sample]));
      }
      await reported.passTo(START + 4 * HOUR);
      const before = await reported.figures();
      if (isLate) expect(before[`point WP-1 ${START}`]).toMatchObject({ valid: 0 });
      await reported.arrive(...(isLate ? inTime : []));
      await reported.passTo(START + 5 * HOUR);
      await reported.record.make();
      records.push(await reported.figures());
    }
    expect(records[1]).toEqual(records[0]);
    expect(records[0]?.[`point WP-1 ${START}`]).toMatchObject({ valid: 12, inBounds: 8 });
  });
});
