import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalRecord, SampleRecord } from '../../src/model/record.ts';
import type { Transition } from '../../src/model/transition.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { judge } from '../../src/rules/judgement.ts';
import { readRulebook } from '../../src/rules/rulebook.ts';
import { temporaryStore } from '../support/temporary.ts';
import {
  linesOf,
  type Said,
  SIGNAL_RULES,
  series,
  signalJournal,
  signalRules,
  storyOf,
  together,
} from './support/signal-journal.ts';
import { local } from './support/timeline.ts';
import { KINDS, pressurePoint } from './support/town.ts';

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const pressures = (...values: number[]) => values.map((pressure) => ({ pressure }));
const HOUR = 3_600_000;
const INTERVAL = 300_000;

/** Something that each type finds, and its end. */
const FINDS: Record<string, { said: Said[]; story: string[] }> = {
  change: {
    said: series('WP-1', '2026-01-15T08:00', pressures(...times(8, 0.4), 0.3, ...times(3, 0.3), 0.36)),
    story: [
      '08:40:00 begun change WP-1 (condition)',
      '08:45:00 fired change WP-1 (held)',
      '09:00:00 resolved change WP-1 (cleared)',
    ],
  },
  stuck: {
    said: together(
      series('WP-1', '2026-01-15T08:00', pressures(...times(8, 0.3), 0.31)),
      series('WP-2', '2026-01-15T08:00', pressures(...[0.3, 0.31, 0.32, 0.31, 0.3, 0.29, 0.3, 0.31, 0.3])),
    ),
    story: [
      // At 08:25 the sixth sample of WP-2 is not there yet.
      '08:30:00 begun stuck WP-1 (condition)',
      '08:30:00 fired stuck WP-1 (at-once)',
      '08:40:00 resolved stuck WP-1 (cleared)',
    ],
  },
  deviation: {
    said: together(
      ...['WP-2', 'WP-3'].map((id) => series(id, '2026-01-15T08:00', pressures(...times(90, 0.3)))),
      series('WP-1', '2026-01-15T08:00', pressures(...times(80, 0.35), ...times(4, 0.5), ...times(6, 0.35))),
    ),
    story: [
      '14:40:00 begun deviation WP-1 (condition)',
      '14:50:00 fired deviation WP-1 (held)',
      '15:00:00 resolved deviation WP-1 (cleared)',
    ],
  },
  pattern: {
    said: [12, 13, 12, 20, 12].flatMap((flow, day) => series('WP-1', `2026-01-${15 + day}T02:00`, times(25, { flow }))),
    story: [
      '04:00:00 begun pattern WP-1 (condition)',
      '04:00:00 fired pattern WP-1 (at-once)',
      '04:00:00 resolved pattern WP-1 (cleared)',
    ],
  },
  counter: {
    said: series(
      'GM-1',
      '2026-01-15T08:00',
      [500, 501, 499, 499.5, 502].map((volume) => ({ volume })),
    ),
    story: [
      '08:10:00 begun counter GM-1 (condition)',
      '08:10:00 fired counter GM-1 (at-once)',
      '08:20:00 resolved counter GM-1 (cleared)',
    ],
  },
  average: {
    said: [21, 19].flatMap((temperature, night) =>
      series('WP-1', `2026-01-${15 + night}T22:00`, times(97, { temperature })),
    ),
    story: [
      '06:00:00 begun average WP-1 (condition)',
      '06:00:00 fired average WP-1 (at-once)',
      '06:00:00 resolved average WP-1 (cleared)',
    ],
  },
  drift: {
    said: series(
      'WP-1',
      '2026-01-15T08:00',
      [...times(13, 10), ...times(4, 14), 12.5, 12].map((temperature) => ({ temperature })),
    ),
    story: [
      '09:05:00 begun drift WP-1 (condition)',
      '09:15:00 fired drift WP-1 (held)',
      '09:30:00 resolved drift WP-1 (cleared)',
    ],
  },
};

function feed(records: readonly JournalRecord[], rules: string): Engine {
  const engine = new Engine(KINDS, () => {});
  for (const record of records) engine.feed(record);
  expect(engine.book.text).toBe(rules);
  return engine;
}

/** How WP-1, or another, stands by the only rule when all was said. */
function verdictAfter(said: readonly Said[], id: string, device = 'WP-1', at?: number) {
  const rules = signalRules([id]);
  const engine = feed(signalJournal(said, rules), rules);
  const [rule] = engine.book.rules;
  const member = engine.roster.members.get(device);
  if (rule === undefined || member === undefined) throw new Error('nothing to judge');
  const found = judge(engine, rule, member, at ?? said.at(-1)?.at ?? 0);
  return found?.reason === null ? found.verdict : `${found?.verdict}: ${found?.reason}`;
}

describe.each(Object.keys(SIGNAL_RULES))('a rule of type %s', (id) => {
  const { said, story } = FINDS[id] as (typeof FINDS)[string];
  const records = signalJournal(said, signalRules([id]));

  it('finds what it is for, and its end', () => {
    expect(storyOf(records)).toEqual(story);
  });

  it('a restart at any record makes the same transitions', async () => {
    const store = await temporaryStore();
    const found: Transition[] = [];
    let engine = new Engine(KINDS, (transition) => found.push(transition));
    for (const record of records) {
      engine.feed(record);
      const checkpoint = new Checkpoint(store);
      await store.transaction(() => checkpoint.save(engine, record.offset + 1));
      checkpoint.saved(engine);
      engine = new Engine(KINDS, (transition) => found.push(transition));
      expect(new Checkpoint(store).load(engine)).toBe(record.offset + 1);
    }
    expect(linesOf(found)).toEqual(story);
  });

  it('samples that come again, and older ones that come late, move nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 30 }), (extras) => {
        const disturbed: JournalRecord[] = [...records];
        for (const [place, which, isWild] of extras) {
          const at = place % disturbed.length;
          const earlier = disturbed.slice(0, at).filter((one): one is SampleRecord => one.type === 'sample');
          const again = earlier[which % Math.max(1, earlier.length)];
          if (again === undefined) continue;
          const { sample } = again;
          const values = Object.fromEntries(Object.keys(sample.values).map((name) => [name, 77]));
          // As it was, or of a time in between with other values.
          const twin = isWild ? { ...sample, ts: sample.ts - 1_000, values } : sample;
          const before = disturbed[at - 1] as JournalRecord;
          disturbed.splice(at, 0, { ...again, sample: twin, at: before.at });
        }
        const numbered = disturbed.map((record, index) => ({ ...record, offset: index + 1 }));
        expect(storyOf(numbered)).toEqual(story);
      }),
      { numRuns: 25 },
    );
  });

  it('knows nothing of a device that has said nothing, and tells silence from it', () => {
    const device = said[0]?.device;
    const other = { at: local('2026-01-15T08:00'), device: 'WP-3', values: { battery: 5 } };
    expect(verdictAfter([other], id, device)).toBe('unknown: learning');
    const last = said.at(-1)?.at ?? 0;
    expect(verdictAfter(said, id, device, last + HOUR)).toBe('silent');
  });

  it('a changed rule begins anew, and a retired device is forgotten', () => {
    const rules = signalRules([id]);
    const engine = feed(records, rules);
    const device = said[0]?.device ?? '';
    expect(engine.signals.memories.of(id, device)).toBeDefined();
    const at = said.at(-1)?.at ?? 0;
    const text = rules.replace('severity: minor', 'for: 59m, severity: minor').replace(/, for: (5|10)m/, '');
    engine.feed({ type: 'change', change: { what: 'rulebook', text, version: 'v' }, by: 'test', at, offset: 99_999 });
    expect(engine.book.rules).toHaveLength(1);
    expect(engine.signals.memories.of(id, device)).toBeUndefined();
    const other = feed(records, rules);
    const known = other.roster.members.get(device)?.device ?? pressurePoint(device);
    const change = { what: 'device' as const, device: { ...known, retiredAt: at } };
    other.feed({ type: 'change', change, by: 'test', at, offset: 99_999 });
    expect(other.signals.memories.of(id, device)).toBeUndefined();
  });
});

describe('too little is no verdict', () => {
  it('change: too few samples, and a gap', () => {
    expect(verdictAfter(series('WP-1', '2026-01-15T08:00', pressures(0.4, 0.1)), 'change')).toBe('unknown: learning');
    const gap = [...pressures(...times(8, 0.4)), ...times(5, null), ...pressures(0.1)];
    expect(verdictAfter(series('WP-1', '2026-01-15T08:00', gap), 'change')).toBe('unknown: gap');
  });

  it('stuck: without others there is nothing to tell it by, and still others do not either', () => {
    const still = pressures(...times(7, 0.3));
    expect(verdictAfter(series('WP-1', '2026-01-15T08:00', still), 'stuck')).toBe('idle: no-neighbours');
    const all = together(...['WP-1', 'WP-2'].map((id) => series(id, '2026-01-15T08:00', still)));
    expect(verdictAfter(all, 'stuck')).toBe('idle: neighbours-still');
  });

  it('deviation: too few others, and others that are old', () => {
    const own = series('WP-1', '2026-01-15T08:00', pressures(...times(90, 0.3)));
    expect(verdictAfter(own, 'deviation')).toBe('unknown: too-few-points');
    const others = ['WP-2', 'WP-3'].map((id) => series(id, '2026-01-15T08:00', pressures(...times(80, 0.3))));
    expect(verdictAfter(together(own, ...others), 'deviation')).toBe('unknown: too-few-points');
  });

  it('pattern: two days are no pattern', () => {
    const said = [12, 12, 30].flatMap((flow, day) => series('WP-1', `2026-01-${15 + day}T02:00`, times(25, { flow })));
    expect(storyOf(signalJournal(said, signalRules(['pattern'])))).toEqual([]);
    expect(verdictAfter(said, 'pattern')).toBe('unknown: learning');
  });

  it('drift: a few samples of the time of learning make no baseline', () => {
    const said = series('WP-1', '2026-01-15T08:00', times(4, { temperature: 10 }), 30 * 60_000);
    expect(verdictAfter(said, 'drift')).toBe('unknown: learning');
    expect(verdictAfter(FINDS.drift?.said.slice(0, 13) ?? [], 'drift')).toBe('ok');
  });

  it('average: hours that miss too many samples are none', () => {
    const thin = Array.from({ length: 97 }, (_, index) => (index % 2 === 0 ? { temperature: 30 } : null));
    const said = series('WP-1', '2026-01-15T22:00', thin);
    expect(storyOf(signalJournal(said, signalRules(['average'])))).toEqual([]);
    expect(verdictAfter(said, 'average')).toBe('unknown: coverage');
  });

  it('a time that the gate made up says nothing about the time of the day', () => {
    const said = series('WP-1', '2026-01-15T22:00', times(97, { temperature: 30 }));
    const replaced = said.map((one) => ({ ...one, deviceTs: 0 }));
    expect(storyOf(signalJournal(replaced, signalRules(['average'])))).toEqual([]);
  });
});

describe('change', () => {
  it('holds while the level stays away, and lets go when it has stood so long that it is the usual one', () => {
    const said = series('WP-1', '2026-01-15T08:00', pressures(...times(8, 0.4), ...times(40, 0.3)));
    expect(storyOf(signalJournal(said, signalRules(['change'])))).toEqual([
      '08:40:00 begun change WP-1 (condition)',
      '08:45:00 fired change WP-1 (held)',
      '11:40:00 resolved change WP-1 (cleared)',
    ]);
  });

  it.each([
    ['down', 0.5, false],
    ['up', 0.5, true],
    ['either', 0.5, true],
    ['down', 0.3, true],
    ['up', 0.3, false],
    ['either', 0.3, true],
  ])('%s to %d', (direction, to, isFound) => {
    const rules = signalRules(['change']).replace('within:', `direction: ${direction}, within:`);
    const said = series('WP-1', '2026-01-15T08:00', pressures(...times(8, 0.4), to));
    expect(storyOf(signalJournal(said, rules)).length > 0).toBe(isFound);
  });
});

it('a batch two hours late whose fall and recovery are over is one alert that nobody is woken for', () => {
  const late = local('2026-01-15T10:40');
  const said = series('WP-1', '2026-01-15T08:00', pressures(...times(8, 0.4), ...times(4, 0.3), 0.39)).map((one) => ({
    ...one,
    ts: one.at,
    at: late,
  }));
  expect(storyOf(signalJournal(said, signalRules(['change'])))).toEqual([
    '10:40:00 begun change WP-1 (condition)',
    '10:40:00 fired change WP-1 (late)',
    '10:40:00 resolved change WP-1 (late)',
  ]);
});

it('deviation: what is held against a point teaches nothing, however long it lasts', () => {
  const said = together(
    ...['WP-2', 'WP-3'].map((id) => series(id, '2026-01-15T00:00', pressures(...times(400, 0.3)))),
    series('WP-1', '2026-01-15T00:00', pressures(...times(90, 0.35), ...times(310, 0.5))),
  );
  expect(storyOf(signalJournal(said, signalRules(['deviation'])))).toEqual([
    '07:30:00 begun deviation WP-1 (condition)',
    '07:40:00 fired deviation WP-1 (held)',
  ]);
});

it('deviation: a point that moves to another zone has another place there', () => {
  const rules = signalRules(['deviation']);
  const said = FINDS.deviation?.said.filter(({ at }) => at < local('2026-01-15T14:40')) ?? [];
  const engine = feed(signalJournal(said, rules), rules);
  const known = engine.roster.members.get('WP-1')?.device ?? pressurePoint('WP-1');
  const at = local('2026-01-15T14:40');
  const change = { what: 'device' as const, device: { ...known, parent: 'Z-2' } };
  engine.feed({ type: 'change', change, by: 'test', at, offset: 90_000 });
  const sample = { device: 'WP-1', kind: 'water-pressure', ts: at + INTERVAL, values: { pressure: 0.9 } };
  engine.feed({ type: 'sample', sample, at: at + INTERVAL, offset: 90_001 });
  expect(engine.signals.memories.of('deviation', 'WP-1')).toMatchObject({
    verdict: 'unknown',
    state: { parent: 'Z-2', offsets: [] },
  });
});

describe('a rulebook with such rules', () => {
  const problems = (id: string, from: string | RegExp, to: string) => {
    const text = signalRules([id]).replace(from, to);
    expect(text).not.toBe(signalRules([id]));
    const read = readRulebook(text, 'rules.yaml', { kinds: KINDS });
    return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`);
  };

  it.each([
    ['change', 'of: pressure', 'of: presure', 'water-pressure has no field presure (did you mean pressure?)'],
    ['counter', 'of: volume', 'of: tamper', 'tamper is on or off: write a threshold'],
    ['counter', 'meter: meter', 'meter: metr', 'gas-meter has no attribute metr (did you mean meter?)'],
    ['counter', 'finds: backwards', 'finds: impossible', 'what is impossible hangs on the meter'],
    [
      'pattern',
      'minDays: 3',
      'minDays: 3, limit: maxNigthFlow',
      'has no attribute maxNigthFlow (did you mean maxNightFlow?)',
    ],
    ['average', 'limits: [{ above: 20 }]', 'limits: []', 'limits'],
    ['average', 'from: "22:00"', 'from: "24:00"', 'a time of the day is HH:MM'],
    ['drift', 'above: 3', 'above: -3', ''],
    ['change', 'kind: water-pressure', 'kind: service', 'the service itself is judged by thresholds alone'],
    [
      'change',
      /by: [\d.]+/,
      'by: 50',
      'pressure is in MPa from -0.1 to 2.5: it never moves by 50; for 50 kPa write 0.05',
    ],
    ['stuck', /resolution: [\d.]+/, 'resolution: 3', 'it never moves by 3; for 3 kPa write 0.003'],
    ['drift', /above: \d+/, 'above: 300', 'it never moves by 300'],
    ['pattern', /minDays: 3/, 'minDays: 9', 'no more days must be there than are remembered'],
  ])('%s: %s as %s is refused with its place', (id, from, to, message) => {
    const found = problems(id, from, to);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((problem) => /^rules\.yaml:1:\d+: /.test(problem))).toBe(true);
    expect(found.join('\n')).toContain(message);
  });
});
