import type { Device } from '../../../src/model/device.ts';
import type { JournalRecord, NewRecord } from '../../../src/model/record.ts';
import type { Sample } from '../../../src/model/sample.ts';
import type { Transition } from '../../../src/model/transition.ts';
import { Engine } from '../../../src/rules/engine.ts';
import { versionOf } from '../../../src/rules/rulebook.ts';
import { clockTime, local } from './timeline.ts';
import { gasMeter, KINDS, pressurePoint, TOWN } from './town.ts';

const BOTH = 'name: { zh: 名, en: name }, severity: minor';

/** A rule of each type that follows a field, with small numbers. */
export const SIGNAL_RULES: Record<string, string> = {
  change: `type: change, kind: water-pressure, ${BOTH}, of: pressure, within: 15m, by: 0.05, times: 4, samples: 8, for: 5m, settles: 3h`,
  stuck: `type: stuck, kind: water-pressure, ${BOTH}, of: pressure, samples: 6, resolution: 0.001, neighbours: 1`,
  deviation: `type: deviation, kind: water-pressure, ${BOTH}, of: pressure, by: 0.1, points: 2, for: 10m`,
  pattern: `type: pattern, kind: water-pressure, ${BOTH}, of: flow, between: { from: "02:00", to: "04:00" }, take: min, direction: up, by: 2, days: 3, minDays: 3`,
  counter: `type: counter, kind: gas-meter, ${BOTH}, of: volume, finds: backwards, meter: meter`,
  average: `type: average, kind: water-pressure, ${BOTH}, of: temperature, between: { from: "22:00", to: "06:00" }, limits: [{ above: 20 }]`,
  drift: `type: drift, kind: water-pressure, ${BOTH}, of: temperature, above: 3, learn: 1h, for: 10m`,
};

/** The rulebook of all of them, or of these. */
export function signalRules(ids: readonly string[] = Object.keys(SIGNAL_RULES)): string {
  return ids.map((id) => `- { id: ${id}, ${SIGNAL_RULES[id]} }\n`).join('');
}

/** Three points of a zone and a meter. */
export const SIGNAL_DEVICES: readonly Device[] = [
  ...['WP-1', 'WP-2', 'WP-3'].map((id) => pressurePoint(id, { parent: 'Z-1' })),
  gasMeter('GM-1', { reportInterval: 300 }),
];

/** What devices say at a moment (`2026-01-15T08:00` of the town, or ms). */
export interface Said {
  at: number;
  device: string;
  ts?: number;
  values: Sample['values'];
  deviceTs?: number;
}

/** A journal of what was said, with a tick after each moment. */
export function signalJournal(
  said: readonly Said[],
  rules = signalRules(),
  devices: readonly Device[] = SIGNAL_DEVICES,
): JournalRecord[] {
  const records: JournalRecord[] = [];
  const put = (at: number, record: NewRecord) =>
    records.push({ ...record, at, offset: records.length + 1 } as JournalRecord);
  const start = said[0]?.at ?? local('2026-01-15T00:00');
  put(start, { type: 'change', change: { what: 'town', town: TOWN }, by: 'test' });
  put(start, { type: 'change', change: { what: 'rulebook', text: rules, version: versionOf(rules) }, by: 'test' });
  for (const device of devices) put(start, { type: 'change', change: { what: 'device', device }, by: 'test' });
  for (const [index, { at, device, ts = at, values, deviceTs }] of said.entries()) {
    const kind = devices.find(({ id }) => id === device)?.kind ?? '';
    const sample = { device, kind, ts, values, ...(deviceTs === undefined ? {} : { deviceTs }) };
    put(at, { type: 'sample', sample });
    if (said[index + 1]?.at !== at) put(at, { type: 'tick', away: 0 });
  }
  return records;
}

/** What a fresh engine makes of a journal, a line a step: `08:05:00 fired change WP-1 (held)`. */
export function storyOf(records: readonly JournalRecord[]): string[] {
  const found: Transition[] = [];
  const engine = new Engine(KINDS, (transition) => found.push(transition));
  for (const record of records) engine.feed(record);
  return linesOf(found);
}

/** Transitions as lines. */
export function linesOf(found: readonly Transition[]): string[] {
  const names = new Map<string, string>();
  return found.map((one) => {
    if (one.step === 'begun') names.set(one.alert, `${one.rule} ${one.subject.id}`);
    return `${clockTime(one.at)} ${one.step} ${names.get(one.alert)} (${one.reason})`;
  });
}

/** Values of a device, one each `every` ms from `from` (of the town) on. */
export function series(
  device: string,
  from: string,
  values: readonly (Sample['values'] | null)[],
  every = 300_000,
): Said[] {
  return values.flatMap((one, index) =>
    one === null ? [] : [{ at: local(from) + index * every, device, values: one }],
  );
}

/** Several series in the order of time. */
export function together(...all: Said[][]): Said[] {
  return all.flat().sort((a, b) => a.at - b.at || (a.device < b.device ? -1 : 1));
}
