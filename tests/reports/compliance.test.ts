import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryHistory } from '../history/memory.ts';
import { temporaryStore } from '../support/temporary.ts';
import { HOUR, MINUTE, point, pressure, ReportedTown } from './support/reported-town.ts';

const START = Date.UTC(2026, 10, 22, 0);
const DAY = 24 * HOUR;

async function town() {
  const history = new MemoryHistory();
  const reported = new ReportedTown(START, await temporaryStore(), history);
  await reported.start();
  onTestFinished(() => reported.stop());
  return { reported, history };
}

/** Samples of a point every five minutes, from inclusive, to exclusive, of which every `dip`th is too low. */
function every5(device: string, from: number, to: number, dip = Infinity) {
  return Array.from({ length: (to - from) / (5 * MINUTE) }, (_, index) =>
    pressure(device, from + index * 5 * MINUTE, (index + 1) % dip === 0 ? 0.1 : 0.3),
  );
}

describe('pressure compliance', () => {
  it('of the last day is that of CONTRACT.md §4, at any minute of the hour', async () => {
    const { reported } = await town();
    await reported.register(point('WP-1'), point('WP-2', { parent: 'Z-2' }), point('WP-3', { attributes: {} }));
    for (const minutes of [30 * 60 + 5, 30 * 60 + 10, 30 * 60 + 57, 31 * 60]) {
      const at = START + minutes * MINUTE;
      const until = Math.ceil(at / (5 * MINUTE)) * 5 * MINUTE;
      await reported.passTo(at);
      await reported.arrive(...every5('WP-1', START, until, 96));
      await reported.record.make();
      const [one, two, three] = await reported.compliance.now('point');
      expect(one).toMatchObject({ id: 'WP-1', valid: 288, inBounds: 285, expected: 288, coverage: 1, verdict: 'ok' });
      expect(one?.rate).toBeCloseTo(285 / 288, 12);
      expect([one?.from, one?.to]).toEqual([at - DAY, at].map((ts) => new Date(ts).toISOString()));
      expect(two).toMatchObject({
        id: 'WP-2',
        valid: 0,
        inBounds: 0,
        low: 0,
        rate: null,
        verdict: 'unknown',
        reason: 'coverage',
      });
      expect(three).toMatchObject({ id: 'WP-3', expected: 0, low: null, verdict: 'idle', reason: 'no-limit' });
      expect(await reported.compliance.now('zone')).toMatchObject([
        { id: 'Z-1', valid: 288, name: { zh: '名' } },
        { id: 'Z-2', valid: 0 },
      ]);
      expect(await reported.compliance.now('town')).toMatchObject([{ id: 'lailong', valid: 288, verdict: 'unknown' }]);
    }
  });

  it('of the last day is read once a minute, and not from single rows but at its ends', async () => {
    const { reported, history } = await town();
    await reported.register(point('WP-1'));
    await reported.arrive(...every5('WP-1', START - HOUR, START));
    await reported.passTo(START + 30 * HOUR + 30 * MINUTE);
    const [rows, read] = [history.rows.bind(history), [] as number[]];
    history.rows = (query) => {
      read.push(query.to - query.from);
      return rows(query);
    };
    const { compliance } = reported;
    await Promise.all((['point', 'town', 'zone', 'point'] as const).map((group) => compliance.now(group)));
    expect(read).toEqual([30 * MINUTE, 30 * MINUTE]);
    await reported.passTo(reported.clock.now() + MINUTE);
    await compliance.now('town');
    expect(read).toEqual([30, 30, 29, 31].map((minutes) => minutes * MINUTE));
  });

  it('of any period is what its samples say one by one', async () => {
    const { reported, history } = await town();
    await reported.register(point('WP-1'), point('WP-2', { sampleInterval: 600 }), point('WP-3', { parent: 'Z-2' }));
    const ids = ['WP-1', 'WP-2', 'WP-3'];
    const all = ids
      .flatMap((id, index) => every5(id, START, START + 12 * HOUR, 3 + index))
      .filter((_, at) => at % 7 !== 0);
    await reported.passTo(START + 12 * HOUR);
    await reported.arrive(...all);
    await reported.passTo(START + 13 * HOUR);
    expect(history.points.size).toBeGreaterThan(50);
    const minute = fc.integer({ min: 0, max: 13 * 60 });
    await fc.assert(
      fc.asyncProperty(minute, minute, async (one, other) => {
        if (one === other) return;
        const [from, to] = [Math.min(one, other), Math.max(one, other)].map((at) => START + at * MINUTE) as [
          number,
          number,
        ];
        const found = await reported.compliance.past('town', from, to);
        const within = all.filter(({ ts }) => ts >= from && ts < to);
        const inBounds = within.filter(({ values }) => Number(values.pressure) >= 0.2);
        let expected = 0;
        for (const id of ids) {
          const step = id === 'WP-2' ? 10 : 5;
          for (let hour = START; hour < to; hour += HOUR) {
            const [begin, end] = [Math.max(hour, from), Math.min(hour + HOUR, to, START + 13 * HOUR - 5 * MINUTE)];
            let due = 0;
            for (let ts = START; ts < end; ts += step * MINUTE) if (ts >= begin) due++;
            const came = within.filter(
              (sample) => sample.device === id && sample.ts >= hour && sample.ts < hour + HOUR,
            );
            expected += Math.max(due, came.length);
          }
        }
        expect(found).toMatchObject([{ valid: within.length, inBounds: inBounds.length, expected }]);
      }),
      { numRuns: 60 },
    );
  });

  it('cannot be told while the record is far behind, and says so', async () => {
    const { reported } = await town();
    await reported.register(point('WP-1'));
    reported.clock.advance(40 * HOUR);
    await expect(reported.compliance.now('town')).rejects.toMatchObject({ code: 'unavailable' });
    await reported.record.make();
    expect(await reported.compliance.now('town')).toMatchObject([{ expected: 287 }]);
  });
});
