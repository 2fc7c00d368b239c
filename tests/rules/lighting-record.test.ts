import { describe, expect, it } from 'vitest';
import { type LampCount, tallyOf } from '../../src/rules/lamp-state.ts';
import type { GroupCount } from '../../src/rules/lighting.ts';
import { LightingRecord } from '../../src/rules/lighting-record.ts';
import { local, Timeline } from './support/timeline.ts';
import { concentrator } from './support/town.ts';

const NIGHT = '2026-11-22';
const START = local('2026-11-22T20:00');

function seen(lit: number, out: number, unknown = 0): GroupCount[] {
  const recorded: LampCount = { expected: lit + out + unknown, lit, out, unknown };
  return [{ group: 'town', id: 'lailong', ...tallyOf(0, 0, 0), recorded, version: 0, devices: new Map() }];
}

describe('the record of the lighting rate', () => {
  it('sums lamps over the time they were looked at, in buckets of five minutes', () => {
    const record = new LightingRecord();
    record.take(seen(9, 1), START + 5_000, 5_000, NIGHT);
    record.take(seen(8, 1, 1), START + 10_000, 5_000, NIGHT);
    record.take(seen(10, 0), START + 300_000, 5_000, NIGHT);
    expect([...record.changed.values()]).toEqual([
      {
        ...{ group: 'town', id: 'lailong', start: START, watched: 10_000 },
        ...{ expected: 100_000, lit: 85_000, out: 10_000, unknown: 5_000 },
      },
      {
        ...{ group: 'town', id: 'lailong', start: START + 300_000, watched: 5_000 },
        ...{ expected: 50_000, lit: 50_000, out: 0, unknown: 0 },
      },
    ]);
  });

  it('answers for a minute at most by one look, whatever the service missed before it', () => {
    const record = new LightingRecord();
    record.take(seen(10, 0), START, 7_200_000, NIGHT);
    record.take(seen(10, 0), START, 0, NIGHT);
    expect([...record.changed.values()]).toMatchObject([{ watched: 60_000, expected: 600_000 }]);
  });

  it('closes a night when it is over, and keeps the last one through the day', () => {
    const record = new LightingRecord();
    record.take(seen(9, 1), START, 5_000, NIGHT);
    expect(record.nights.get('town lailong')).toMatchObject({ running: { date: NIGHT, lit: 45_000 }, last: null });
    record.take(seen(0, 0), START + 5_000, 5_000, null);
    record.take(seen(0, 0), START + 10_000, 5_000, null);
    const last = { date: NIGHT, expected: 50_000, lit: 45_000, out: 5_000, unknown: 0, watched: 5_000 };
    expect(record.nights.get('town lailong')).toEqual({ running: null, last });
    record.take(seen(10, 0), START + 86_400_000, 5_000, '2026-11-23');
    expect(record.nights.get('town lailong')).toMatchObject({ running: { date: '2026-11-23' }, last });
  });

  it('goes on in an open bucket that a checkpoint put back', () => {
    const record = new LightingRecord();
    record.take(seen(9, 1), START + 5_000, 5_000, NIGHT);
    const again = new LightingRecord();
    again.restore(record.nights, () => [...record.changed.values()][0]);
    again.take(seen(9, 1), START + 10_000, 5_000, NIGHT);
    expect([...again.changed.values()]).toMatchObject([{ watched: 10_000, lit: 90_000 }]);
    expect(again.nights.get('town lailong')?.running).toMatchObject({ watched: 10_000 });
  });
});

describe('a night', () => {
  const lamps = () =>
    new Timeline('2026-11-22T23:50', '[]', [concentrator('LC-1')]).keepsReporting('LC-1', { lampsLit: 9 });
  const nights = (town: Timeline) => town.engine.record.nights.get('town lailong');

  it('is called by the date of its dusk, also after midnight', () => {
    expect(nights(lamps().at('00:30'))?.running?.date).toBe('2026-11-22');
  });

  it('is another one when the service slept through the day between', () => {
    const town = lamps().at('02:00').serviceIsAway('18h').at('20:30');
    expect(nights(town)).toMatchObject({ running: { date: '2026-11-23' }, last: { date: '2026-11-22' } });
  });

  it('is the same one when the service slept through a part of it', () => {
    expect(nights(lamps().at('00:30').serviceIsAway('3h').at('04:00'))).toMatchObject({
      running: { date: '2026-11-22' },
      last: null,
    });
  });
});
