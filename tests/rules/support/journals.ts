import fc from 'fast-check';
import type { Device } from '../../../src/model/device.ts';
import type { JournalRecord, NewRecord } from '../../../src/model/record.ts';
import type { Value } from '../../../src/model/sample.ts';
import { versionOf } from '../../../src/rules/rulebook.ts';
import { local } from './timeline.ts';
import { concentrator, gasMeter, lampController, pressurePoint, TOWN } from './town.ts';

const name = 'name: { zh: 名, en: name }, severity: major';

/** Every type of rule, each with a wait of its own; by id. */
const RULES: Record<string, string> = {
  'feeder-supply': `type: threshold, kind: lighting-controller, ${name}, power: always, when: voltage < 50, for: 60s, subject: parent, keepFiring: 10m`,
  'low-pressure': `type: threshold, kind: water-pressure, ${name}, when: pressure < attributes.minPressure, clear: pressure > attributes.minPressure + 0.01, for: 5m, ladder: [{ when: pressure < 0.12, after: 2m, back: 5m, severity: critical }]`,
  leak: `type: threshold, kind: gas-meter, ${name}, when: leak >= 25, clear: leak < 20, keepFiring: 5m, ladder: [{ after: 30m, severity: critical }]`,
  'concentrator-silent': `type: silence, kind: lighting-controller, ${name}, power: always, after: 3 intervals, inhibitedBy: [feeder-supply]`,
  'lamp-silent': `type: silence, kind: lighting-controller, ${name}, power: switched, after: 10m, for: 5m, inhibitedBy: [feeder-supply, concentrator-silent]`,
  'point-silent': `type: silence, kind: water-pressure, ${name}, after: 3 intervals, keepFiring: 20m, ladder: [{ after: 10m, severity: critical }]`,
  'low-by-day': `type: threshold, kind: water-pressure, ${name}, when: pressure < 0.14, for: 2m, schedule: 'daily 08:00-17:05'`,
  'by-day-silent': `type: silence, kind: gas-meter, ${name}, after: 5m, schedule: 'daily 08:00-17:05'`,
  burst: `type: change, kind: water-pressure, ${name}, of: pressure, direction: either, within: 30m, by: 0.1, samples: 4, for: 5m, settles: 1h`,
  stuck: `type: stuck, kind: water-pressure, ${name}, of: pressure, samples: 4, resolution: 0.001, neighbours: 1, inhibitedBy: [point-silent]`,
  tilted: `type: drift, kind: water-pressure, ${name}, of: pressure, above: 0.1, learn: 5m, for: 5m`,
  backwards: `type: counter, kind: gas-meter, ${name}, of: leak, finds: backwards`,
  rate: `type: ratio, kind: lighting-controller, ${name}, part: lamps lit, whole: lamps expected, groupBy: [town, village, road], target: 0.9, clear: 0.95, for: 5m, keepFiring: 2m, ladder: [{ below: 0.5, after: 1m, severity: critical }]`,
};

/** A rulebook with the rules of these ids. */
function rulebook(ids: readonly string[]): string {
  const lines = ids.map((id) => {
    const held = /, inhibitedBy: \[.*\]/;
    const text = RULES[id] ?? '';
    const others = (held.exec(text)?.[0].match(/[a-z]+-[a-z]+/g) ?? []).filter((other) => ids.includes(other));
    return `- { id: ${id}, ${text.replace(held, others.length === 0 ? '' : `, inhibitedBy: [${others.join(', ')}]`)} }`;
  });
  return lines.length === 0 ? '[]' : `${lines.join('\n')}\n`;
}
const ALL = Object.keys(RULES);
const BOOKS = [ALL, ALL.slice(1), ALL.filter((id) => id !== 'rate'), ['leak', 'point-silent'], []].map(rulebook);

const DEVICES: Device[] = [
  concentrator('LC-1', { attributes: { lamps: 0 } }),
  concentrator('LC-2'),
  concentrator('LC-3', { parent: 'F-2', area: 'park', road: 'lane', attributes: { lamps: 9, plan: 'half-night' } }),
  lampController('L-1'),
  lampController('L-2', { road: null }),
  pressurePoint('WP-1', { parent: 'F-1' }),
  pressurePoint('WP-2', { parent: 'F-1', attributes: {}, inService: 'auto' }),
  gasMeter('GM-1'),
  gasMeter('GM-2', { inService: { from: null, to: local('2026-11-22T17:10') } }),
  gasMeter('GM-3', { inService: { from: local('2026-11-22T17:10'), to: null } }),
];
/** The sun sets at 17:00. */
const STARTS = ['15:30', '16:50', '19:00'].map((time) => local(`2026-11-22T${time}`));

/** What may change in a device's entry. */
const CHANGES: Partial<Device>[] = [
  { parent: 'F-2' },
  { parent: null },
  { road: 'lane', area: 'park' },
  { power: 'switched' },
  { power: 'always' },
  { attributes: {} },
  { attributes: { minPressure: 0.2, lamps: 4 } },
  { inService: 'always' },
  { inService: { from: null, to: local('2026-11-22T17:30') } },
  { inService: { from: local('2026-11-22T18:00'), to: null } },
  { reportInterval: 60 },
  { retiredAt: local('2026-11-22T17:00') },
];

/** What may be worked on. */
const SUBJECTS = [
  ...[{ type: 'area', id: 'park' } as const, { type: 'parent', id: 'F-1' } as const],
  ...DEVICES.map(({ id }) => ({ type: 'device', id }) as const),
];

type Act =
  | { act: 'tick'; after: number; away: number }
  | { act: 'sample'; after: number; device: number; values: Record<string, Value>; age: number; replaced: boolean }
  | { act: 'all'; values: Record<string, Value> }
  | { act: 'device'; device: number; change: number }
  | { act: 'maintain'; subject: number; minutes: number }
  | { act: 'rulebook'; book: number };

/** Mostly a tick and no more; now and then time enough to be silent, and the sun to go down. */
const pause = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(5_000, 20_000, 60_000) },
  { weight: 2, arbitrary: fc.constantFrom(120_000, 300_000) },
  { weight: 1, arbitrary: fc.constantFrom(900_000, 1_800_000) },
);
const age = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1_000) },
  { weight: 2, arbitrary: fc.constantFrom(30_000, 240_000, 600_000, 3_600_000) },
  { weight: 1, arbitrary: fc.constantFrom(-60_000) },
);
const BAD: Record<string, Value> = { voltage: 0, lampsLit: 0, pressure: 0.1, leak: 30 };
const GOOD: Record<string, Value> = { voltage: 230, lampsLit: 10, pressure: 0.3, leak: 0 };
const values = fc.oneof(
  fc.record({
    voltage: fc.constantFrom(0, 230),
    lampsLit: fc.constantFrom(0, 1, 9, 10),
    pressure: fc.constantFrom(0.1, 0.145, 0.3),
    leak: fc.constantFrom(0, 22, 30),
  }),
  fc.constantFrom<Record<string, Value>>(BAD, GOOD, { lampsLit: 10, lampsTotal: 3, battery: 5 }),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ act: fc.constant('tick' as const), after: pause, away: fc.constant(0) }) },
  {
    weight: 40,
    arbitrary: fc.record({
      act: fc.constant('sample' as const),
      after: fc.constantFrom(0, 0, 1_000),
      device: fc.nat(DEVICES.length - 1),
      ...{ values, age, replaced: fc.boolean() },
    }),
  },
  { weight: 8, arbitrary: fc.record({ act: fc.constant('all' as const), values: fc.constantFrom(BAD, GOOD, GOOD) }) },
  { weight: 1, arbitrary: fc.constant({ act: 'tick' as const, after: 1_800_000, away: 1_800_000 }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('device' as const),
      device: fc.nat(DEVICES.length - 1),
      change: fc.nat(CHANGES.length - 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('maintain' as const),
      subject: fc.nat(SUBJECTS.length - 1),
      minutes: fc.constantFrom(0, 1, 10, 60),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('rulebook' as const), book: fc.nat(BOOKS.length - 1) }) },
);

/** Random journals of a small town, by day, at dusk or by night: reports, silences, absences, changes of devices and rules. */
export const journals: fc.Arbitrary<JournalRecord[]> = fc
  .tuple(fc.constantFrom(...STARTS), fc.array(act, { minLength: 20, maxLength: 200 }))
  .map(([start, acts]) => recordsOf(start, acts));

function recordsOf(start: number, acts: readonly Act[]): JournalRecord[] {
  const records: JournalRecord[] = [];
  let at = start;
  const put = (record: NewRecord) => records.push({ ...record, at, offset: records.length + 1 } as JournalRecord);
  const rules = (text: string) =>
    put({ type: 'change', change: { what: 'rulebook', text, version: versionOf(text) }, by: 'test' });
  const devices = [...DEVICES];
  put({ type: 'change', change: { what: 'town', town: TOWN }, by: 'test' });
  rules(BOOKS[0] as string);
  for (const device of devices) put({ type: 'change', change: { what: 'device', device }, by: 'test' });
  for (const one of acts) {
    if (one.act === 'tick') {
      at += one.after;
      put({ type: 'tick', away: one.away });
    } else if (one.act === 'all') {
      for (const { id, kind } of devices)
        put({ type: 'sample', sample: { device: id, kind, ts: at, values: one.values } });
    } else if (one.act === 'rulebook') rules(BOOKS[one.book] as string);
    else if (one.act === 'maintain') {
      const subject = SUBJECTS[one.subject] as (typeof SUBJECTS)[number];
      const about = { id: `work on ${subject.id}`, subject, reason: 'repair', by: 'test', endedBy: null };
      const maintenance = { ...about, from: at, to: at + one.minutes * 60_000 };
      put({ type: 'change', change: { what: 'maintenance', maintenance }, by: 'test' });
    } else if (one.act === 'device') {
      const device = { ...(devices[one.device] as Device), ...CHANGES[one.change] };
      devices[one.device] = device;
      put({ type: 'change', change: { what: 'device', device }, by: 'test' });
    } else {
      at += one.after;
      const { id, kind } = devices[one.device] as Device;
      const sample = { device: id, kind, ts: at - one.age, values: one.values };
      put({ type: 'sample', sample: one.replaced && one.age === 0 ? { ...sample, deviceTs: 0 } : sample });
    }
  }
  return records;
}
