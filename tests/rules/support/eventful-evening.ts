import type { Device } from '../../../src/model/device.ts';
import type { Change } from '../../../src/model/record.ts';
import type { Sample, Value } from '../../../src/model/sample.ts';
import { Town } from '../../../src/model/town.ts';
import { versionOf } from '../../../src/rules/rulebook.ts';
import { Dice } from '../../crash/dice.ts';
import { local } from './timeline.ts';
import { concentrator, gasMeter, lampController, pressurePoint, TOWN } from './town.ts';

/*
 * Three hours of an evening in which much goes wrong, minute by minute, and in which reports come late, twice, in parts and
 * corrected. Where a rule waits, what breaks it is over well before the wait is, or well after: a report more or less is not
 * to decide.
 */

export const BEGIN = local('2026-11-22T19:00');
export const FINISH = local('2026-11-22T22:00');
const MINUTE = 60_000;
/** From the measuring to the arrival, ms. */
const ON_ITS_WAY = 2_000;

const both = 'name: { zh: 名, en: name }, severity: major';
const BATTERY = `- { id: battery, type: threshold, kind: gas-meter, ${both}, when: battery < 20, clear: battery > 30 }\n`;
const RULES = `
- { id: feeder-supply, type: threshold, kind: lighting-controller, ${both}, power: always, when: voltage < 50, for: 3m, subject: parent }
- { id: low-pressure, type: threshold, kind: water-pressure, ${both}, when: pressure < attributes.minPressure, clear: pressure > attributes.minPressure + 0.01, for: 5m }
- { id: leak, type: threshold, kind: gas-meter, ${both}, when: leak >= 50, clear: leak < 40 }
- { id: odour, type: threshold, kind: gas-meter, ${both}, when: leak >= 25, clear: leak < 20, inhibitedBy: [leak] }
- { id: concentrator-silent, type: silence, kind: lighting-controller, ${both}, power: always, after: 3 intervals, inhibitedBy: [feeder-supply] }
- { id: lamp-silent, type: silence, kind: lighting-controller, ${both}, power: switched, after: 3 intervals, for: 2m, inhibitedBy: [feeder-supply, concentrator-silent] }
- { id: rate, type: ratio, kind: lighting-controller, ${both}, part: lamps lit, whole: lamps expected, groupBy: [feeder], target: 0.9, clear: 0.95, for: 5m }
`;

/** Those of the rules whose alerts hang on samples alone. */
export const THRESHOLDS: readonly string[] = ['feeder-supply', 'low-pressure', 'leak', 'odour', 'battery'];

const FEEDERS = Array.from({ length: 12 }, (_, index) => `F-${index}`);
const EVENING_TOWN: Town = Town.parse({
  ...TOWN,
  network: FEEDERS.map((id) => ({ id, type: 'feeder', name: { zh: id, en: id } })),
});
const often = { reportInterval: 60 };
const METERS = range(24).map((index) => gasMeter(`GM-${index}`, often));
/** They speak more often than they say: for a while after the service died they still count as fresh. */
const POINTS = range(24).map((index) => pressurePoint(`WP-${index}`, { reportInterval: 120 }));
const CONCENTRATORS = FEEDERS.map((parent, index) => concentrator(`LC-${index}`, { parent, ...often }));
const LAMPS = FEEDERS.flatMap((parent, index) =>
  range(3).map((lamp) => lampController(`L-${index}-${lamp}`, { parent, gateway: `LC-${index}`, ...often })),
);
const DEVICES: readonly Device[] = [...METERS, ...POINTS, ...CONCENTRATORS, ...LAMPS];

/** What comes to the service, and when (ms). A sample that it cannot take is sent again when it can. */
export type Arrival = { at: number; sample: Sample } | { at: number; change: Change };

/** Before the evening begins. */
export const OPENING: readonly Change[] = [
  { what: 'town', town: EVENING_TOWN },
  rulebook(RULES + BATTERY),
  ...DEVICES.map((device) => ({ what: 'device' as const, device })),
];

/** All that comes, in order. */
export function arrivals(): Arrival[] {
  const dice = new Dice(11);
  const found: Arrival[] = DEVICES.flatMap((device, index) => sendingsOf(device, index, dice));
  // The registry, and the rules: a limit, a feeder, a device that is taken away, a rule that is.
  const [point, lamp, meter] = [POINTS[3], LAMPS[5], METERS[7]] as [Device, Device, Device];
  const changes: [string, Change][] = [
    ['20:30', { what: 'device', device: { ...point, attributes: { minPressure: 0.12 } } }],
    ['20:31', { what: 'device', device: { ...lamp, parent: 'F-0', gateway: 'LC-0' } }],
    ['21:30', rulebook(RULES)],
    ['21:40', { what: 'device', device: { ...meter, retiredAt: local('2026-11-22T21:40') } }],
  ];
  found.push(...changes.map(([time, change]) => ({ at: local(`2026-11-22T${time}`), change })));
  return found.sort((a, b) => a.at - b.at);
}

/** What a device sends, as it comes where the service takes it at once. */
function sendingsOf(device: Device, index: number, dice: Dice): Arrival[] {
  const found: Arrival[] = [];
  let wasLate = false;
  for (let minute = 0; BEGIN + minute * MINUTE < FINISH; minute++) {
    const said = valuesOf(device, index, minute);
    if (said === null) continue;
    const ts = BEGIN + minute * MINUTE + (index % 50) * 1_000;
    const [at, cast] = [ts + ON_ITS_WAY, dice.cast()];
    const put = (delay: number, values: Record<string, Value>) =>
      found.push({ at: at + delay, sample: { device: device.id, kind: device.kind, ts, values } });
    // Later than the two that follow it; never two in a row.
    const isLate: boolean = cast < 0.04 && !wasLate;
    wasLate = isLate;
    const { third, ...rest } = said;
    const all = { ...rest, [THIRD[device.kind] as string]: third };
    if (isLate) put(2.5 * MINUTE, all);
    else if (cast < 0.1) {
      put(0, rest);
      put(4_000, { [THIRD[device.kind] as string]: third });
    } else put(0, all);
    if (cast > 0.95) put(3_000, all);
    else if (cast > 0.9) put(5_000, { ...all, [THIRD[device.kind] as string]: third - 1 });
  }
  return found;
}

/** A field of each kind that comes in a message of its own, or another time with another value. */
const THIRD: Record<string, string> = {
  'gas-meter': 'battery',
  'water-pressure': 'battery',
  'lighting-controller': 'dim',
};

/** What a device has to say at a minute of the evening; null where it says nothing. */
function valuesOf(
  { kind, power }: Device,
  index: number,
  minute: number,
): ({ third: number } & Record<string, number>) | null {
  if (kind === 'gas-meter') {
    const leak = [
      [12, 0],
      [3, 60],
      [6, 30],
      [3, 0],
    ] as const;
    return { leak: now(leak, minute + 5 * index), third: minute < 120 ? 90 : 10 };
  }
  if (kind === 'water-pressure') {
    const pressure = [
      [10, 0.3],
      [3, 0.1],
      [3, 0.3],
      [8, 0.1],
      [1, 0.3],
    ] as const;
    return { pressure: now(pressure, minute + 7 * index), third: 80 };
  }
  // Of 45 minutes a feeder is dead for eight, and its lamps with it; for a minute only; its concentrator is silent for six;
  // its lamps are dark for three; and each lamp of its own says nothing for a while.
  const feeder =
    power === 'always'
      ? index - METERS.length - POINTS.length
      : Math.floor((index - METERS.length - POINTS.length - CONCENTRATORS.length) / 3);
  const state = now(
    [
      [10, 'well'],
      [8, 'dead'],
      [7, 'well'],
      [1, 'dead'],
      [5, 'well'],
      [6, 'silent'],
      [5, 'well'],
      [3, 'dark'],
    ] as const,
    minute + 11 * feeder,
  );
  if (power === 'always') {
    if (state === 'silent') return null;
    const isLit = state === 'well';
    return { voltage: state === 'dead' ? 0 : 228, lampsLit: isLit ? 10 : 0, third: 100 };
  }
  if (
    state === 'dead' ||
    now(
      [
        [16, 'well'],
        [4, 'silent'],
      ] as const,
      minute + 3 * index,
    ) === 'silent'
  )
    return null;
  return { lampsLit: state === 'dark' ? 0 : 1, third: 100 };
}

/** Which of several states, of so many minutes each, in turn. */
function now<T>(states: readonly (readonly [minutes: number, state: T])[], minute: number): T {
  let left = minute % states.reduce((sum, [minutes]) => sum + minutes, 0);
  for (const [minutes, state] of states) {
    if (left < minutes) return state;
    left -= minutes;
  }
  throw new Error('a minute lies in one of them');
}

function rulebook(text: string): Change {
  return { what: 'rulebook', text, version: versionOf(text) };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
