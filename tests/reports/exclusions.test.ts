import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Exclusion } from '../../src/model/exclusion.ts';
import type { Stretch } from '../../src/model/stretch.ts';
import { partedBy } from '../../src/reports/exclusions.ts';
import { MemoryHistory } from '../history/memory.ts';
import { temporaryStore } from '../support/temporary.ts';
import { HOUR, MINUTE, point, pressure, ReportedTown } from './support/reported-town.ts';

const START = Date.UTC(2026, 10, 22, 0);

async function town() {
  const store = await temporaryStore();
  const reported = new ReportedTown(START, store, new MemoryHistory());
  await reported.start();
  onTestFinished(() => reported.stop());
  return { reported, store };
}

/** Samples of a point every five minutes: too low in the hour from `low` on. */
function every5(device: string, hours: number, low: number) {
  return Array.from({ length: hours * 12 }, (_, index) => {
    const ts = START + index * 5 * MINUTE;
    return pressure(device, ts, ts >= low && ts < low + HOUR ? 0.1 : 0.3);
  });
}
const shutOff = (type: 'point' | 'zone', id: string, from: number, to: number) => ({
  ...{ subject: { type, id }, reason: 'planned-shut-off' as const, approver: 'Li', from, to },
});
const LOW = START + 2 * HOUR;

/** Two points of Z-1 and one of Z-2 whose pressure was low in the third of six hours, with the record made. */
async function lowHour() {
  const { reported, store } = await town();
  await reported.register(point('WP-1'), point('WP-2'), point('WP-3', { parent: 'Z-2' }));
  await reported.passTo(START + 6 * HOUR);
  for (const id of ['WP-1', 'WP-2', 'WP-3']) await reported.arrive(...every5(id, 6, LOW));
  await reported.passTo(START + 8 * HOUR);
  const past = (group: 'point' | 'zone' | 'town') => reported.compliance.past(group, START, START + 6 * HOUR);
  return { reported, store, past };
}

describe('an exclusion', () => {
  it('makes samples neither valid nor expected, and shows how many; taken back, all is as it was', async () => {
    const { reported, past } = await lowHour();
    const before = [await past('point'), await past('zone'), await past('town')];
    expect(before[0]).toMatchObject([
      { id: 'WP-1', valid: 72, inBounds: 60, expected: 72, excluded: 0 },
      { id: 'WP-2' },
      { id: 'WP-3' },
    ]);
    const [one, other] = ['point WP-1', 'point WP-3'].map((key) => reported.revisions(key, LOW).length);
    const made = { one: one ?? 0, other: other ?? 0 };
    const { id } = await reported.exclusions.enter(shutOff('zone', 'Z-1', LOW, LOW + HOUR), 'wang');
    await reported.record.make();
    const whole = { valid: 60, inBounds: 60, expected: 60, excluded: 12, rate: 1, verdict: 'ok' };
    expect(await past('point')).toMatchObject([
      { id: 'WP-1', ...whole },
      { id: 'WP-2', ...whole },
      { id: 'WP-3', valid: 72, inBounds: 60, excluded: 0 },
    ]);
    expect(await past('zone')).toMatchObject([
      { id: 'Z-1', valid: 120, inBounds: 120, excluded: 24 },
      { id: 'Z-2', valid: 72, excluded: 0 },
    ]);
    expect(await past('town')).toMatchObject([{ valid: 192, inBounds: 180, expected: 192, excluded: 24 }]);
    await reported.exclusions.withdraw(id, 'zhao');
    await reported.record.make();
    expect([await past('point'), await past('zone'), await past('town')]).toEqual(before);
    // Each changed the figures once, and nobody else's.
    expect(reported.revisions('point WP-1', LOW)).toHaveLength(made.one + 2);
    expect(reported.revisions('point WP-3', LOW)).toHaveLength(made.other);
  });

  it('of a part of an hour leaves the rest of it, in the record as in what is read from single rows', async () => {
    const { reported, past } = await lowHour();
    await reported.exclusions.enter(shutOff('point', 'WP-1', LOW + 10 * MINUTE, LOW + 40 * MINUTE), 'wang');
    await reported.record.make();
    expect((await past('point'))[0]).toMatchObject({ valid: 66, inBounds: 60, expected: 66, excluded: 6 });
    const [part] = await reported.compliance.past('point', LOW + 5 * MINUTE, LOW + 50 * MINUTE);
    expect(part).toMatchObject({ valid: 3, inBounds: 0, expected: 3, excluded: 6 });
    const [nothing] = await reported.compliance.past('point', LOW + 15 * MINUTE, LOW + 30 * MINUTE);
    expect(nothing).toMatchObject({ expected: 0, excluded: 3, verdict: 'idle', reason: 'excluded' });
  });

  it('overlapping with another is counted once, and is still in force after a restart', async () => {
    const { reported, store, past } = await lowHour();
    await reported.exclusions.enter(shutOff('zone', 'Z-1', LOW, LOW + 40 * MINUTE), 'wang');
    await reported.exclusions.enter(shutOff('point', 'WP-1', LOW + 20 * MINUTE, LOW + HOUR), 'wang');
    await reported.record.make();
    expect((await past('point'))[0]).toMatchObject({ valid: 60, expected: 60, excluded: 12 });
    const again = new ReportedTown(START + 8 * HOUR, store, new MemoryHistory());
    expect(again.exclusions.inForce()).toEqual(reported.exclusions.inForce());
  });

  it('entered while the record is made reaches it all the same', async () => {
    const { reported, past } = await lowHour();
    const first = reported.exclusions.enter(shutOff('point', 'WP-1', LOW, LOW + HOUR), 'wang');
    await first;
    const making = reported.record.make();
    const second = await reported.exclusions.enter(shutOff('point', 'WP-2', LOW, LOW + HOUR), 'wang');
    await making;
    await reported.record.make();
    expect((await past('point')).map(({ excluded, valid }) => [excluded, valid])).toEqual([
      [12, 60],
      [12, 60],
      [0, 72],
    ]);
    // Taken back between the making of an hour and the clearing of its mark.
    const late = reported.record.make();
    await reported.exclusions.withdraw(second.id, 'wang');
    await late;
    await reported.record.make();
    expect((await past('point'))[1]).toMatchObject({ valid: 72, excluded: 0 });
  });

  it.each([
    ['no such point', shutOff('point', 'WP-9', LOW, LOW + HOUR), 'subject.id', 'no pressure point WP-9'],
    ['no such zone', shutOff('zone', 'Z-9', LOW, LOW + HOUR), 'subject.id', 'no zone Z-9'],
    ['an end before its beginning', shutOff('point', 'WP-1', LOW, LOW), 'to', 'ends after it begins'],
    ['a slip in the year', shutOff('point', 'WP-1', LOW, LOW + 365 * 24 * HOUR), 'to', '92 days'],
    ['long ago', shutOff('point', 'WP-1', LOW - 500 * 24 * HOUR, LOW - 450 * 24 * HOUR), 'to', '400 days'],
  ])('is refused with its place: %s', async (_what, notice, path, message) => {
    const { reported } = await lowHour();
    const problems = await reported.exclusions.enter(notice, 'wang').then(
      () => [],
      (error: { problems: unknown[] }) => error.problems,
    );
    expect(problems).toEqual([{ path, message: expect.stringContaining(message) }]);
    expect(reported.exclusions.list()).toEqual([]);
  });

  it('can be taken back once', async () => {
    const { reported } = await lowHour();
    const { id } = await reported.exclusions.enter(shutOff('point', 'WP-1', LOW, LOW + HOUR), 'wang');
    await reported.exclusions.withdraw(id, 'zhao');
    await expect(reported.exclusions.withdraw(id, 'zhao')).rejects.toMatchObject({ code: 'conflict' });
    await expect(reported.exclusions.withdraw('none', 'zhao')).rejects.toMatchObject({ code: 'not-found' });
    expect(reported.exclusions.list()).toMatchObject([{ id, by: 'wang', withdrawnBy: 'zhao' }]);
  });
});

it('parting loses no instant and doubles none', () => {
  const device = { id: 'WP-1', parent: 'Z-1' } as Stretch['device'];
  const spans = fc.array(fc.tuple(fc.nat(50), fc.nat(20), fc.boolean()), { maxLength: 6 });
  fc.assert(
    fc.property(spans, fc.nat(25), fc.integer({ min: 26, max: 60 }), (list, from, to) => {
      const exclusions = list.map(([begin, length, isZone]) => ({
        ...{ subject: isZone ? { type: 'zone', id: 'Z-1' } : { type: 'point', id: 'WP-1' } },
        ...{ from: begin, to: begin + length },
      })) as Exclusion[];
      const stretches = [
        { from, to: 26, device, isRegistered: true },
        { from: 26, to, device, isRegistered: true },
      ].filter((stretch) => stretch.to > stretch.from);
      const { counted, excluded } = partedBy(exclusions, stretches);
      const isIn = (parts: readonly Stretch[], at: number) =>
        parts.filter((one) => one.from <= at && at < one.to).length;
      for (let at = 0; at < 90; at++) {
        const isExcluded = exclusions.some((one) => one.from <= at && at < one.to);
        const isThere = at >= from && at < to;
        expect([isIn(counted, at), isIn(excluded, at)]).toEqual([
          Number(isThere && !isExcluded),
          Number(isThere && isExcluded),
        ]);
      }
    }),
  );
});
