import fc from 'fast-check';

const about = 'name: { zh: 名, en: name }, severity: major';

/** Rules by id, each as it is at first and as it may be changed to. */
const RULES: Record<string, readonly [string, ...string[]]> = {
  'feeder-supply': [
    `type: threshold, kind: lighting-controller, ${about}, power: always, when: voltage < 50, for: 60s, subject: parent, lamps: out`,
    `type: threshold, kind: lighting-controller, ${about}, power: always, when: voltage < 50, for: 5m, subject: parent`,
  ],
  'low-pressure': [
    `type: threshold, kind: water-pressure, ${about}, when: pressure < attributes.minPressure, clear: pressure > attributes.minPressure + 0.01, for: 10m`,
    `type: threshold, kind: water-pressure, ${about}, when: pressure < attributes.minPressure, clear: pressure > attributes.minPressure + 0.01, for: 2m`,
    `type: threshold, kind: water-pressure, name: { zh: 低, en: low }, severity: minor, when: pressure < attributes.minPressure, clear: pressure > attributes.minPressure + 0.01, for: 10m`,
  ],
  'no-pressure': [
    `type: threshold, kind: water-pressure, ${about}, when: pressure < 0.14, for: 5m, schedule: 'daily 08:00-17:05', inhibitedBy: [point-silent]`,
  ],
  leak: [
    `type: threshold, kind: gas-meter, ${about}, when: leak >= 25, clear: leak < 20`,
    `type: threshold, kind: gas-meter, ${about}, when: leak >= 25, for: 60s`,
  ],
  dark: [
    `type: threshold, kind: lighting-controller, ${about}, when: lampsLit < 1, for: 0s, inhibitedBy: [feeder-supply, concentrator-silent]`,
    `type: threshold, kind: lighting-controller, ${about}, when: lampsLit < 1, clear: lampsLit > 3, for: 2m, inhibitedBy: [feeder-supply]`,
  ],
  'concentrator-silent': [
    `type: silence, kind: lighting-controller, ${about}, power: always, after: 3 intervals, inhibitedBy: [feeder-supply]`,
  ],
  'lamp-silent': [
    `type: silence, kind: lighting-controller, ${about}, power: switched, after: 10m, for: 5m, inhibitedBy: [feeder-supply, concentrator-silent]`,
    `type: silence, kind: lighting-controller, ${about}, power: switched, after: 3 intervals`,
  ],
  'point-silent': [
    `type: silence, kind: water-pressure, ${about}, after: 3 intervals`,
    `type: silence, kind: water-pressure, ${about}, after: 20m, schedule: 'daily 16:00-05:30'`,
  ],
  rate: [
    `type: ratio, kind: lighting-controller, ${about}, part: lamps lit, whole: lamps expected, groupBy: [town, village, road, feeder], target: 0.9, clear: 0.95, for: 10m`,
    `type: ratio, kind: lighting-controller, ${about}, part: lamps lit, whole: lamps expected, groupBy: [town, village], target: 0.8, for: 2m`,
  ],
  burst: [
    `type: change, kind: water-pressure, ${about}, of: pressure, direction: either, within: 30m, by: 0.1, times: 2, samples: 4, for: 2m, settles: 1h`,
    `type: change, kind: water-pressure, ${about}, of: pressure, direction: down, within: 10m, by: 0.1, samples: 8, for: 0s, settles: 20m`,
  ],
  stuck: [
    `type: stuck, kind: water-pressure, ${about}, of: pressure, samples: 4, resolution: 0.001, neighbours: 1, inhibitedBy: [point-silent]`,
  ],
  tilted: [
    `type: drift, kind: water-pressure, ${about}, of: pressure, above: 0.05, learn: 5m, for: 2m`,
    `type: drift, kind: water-pressure, ${about}, of: pressure, above: 0.05, baseline: minPressure, subject: parent`,
  ],
  backwards: [`type: counter, kind: gas-meter, ${about}, of: volume, finds: backwards, tolerance: 0.01, meter: meter`],
  impossible: [
    `type: counter, kind: gas-meter, ${about}, of: volume, finds: impossible, most: maxFlow, meter: meter, tolerance: 0.5, for: 2m`,
  ],
  'dark-block': [
    `type: count, kind: lighting-controller, ${about}, count: dark block, atLeast: 3, share: 0.5, for: 2m, inhibitedBy: [feeder-supply]`,
    `type: count, kind: lighting-controller, ${about}, count: dark block, atLeast: 5, for: 5m`,
  ],
  'dark-run': [
    `type: count, kind: lighting-controller, ${about}, count: dark run, atLeast: 2, for: 0s, inhibitedBy: [feeder-supply, dark-block]`,
  ],
  'day-burner': [
    `type: count, kind: lighting-controller, ${about}, count: day burner, for: 5m`,
    `type: count, kind: lighting-controller, ${about}, count: day burner, atLeast: 3, for: 5m, schedule: 'daily 08:00-16:10'`,
  ],
  cycling: [
    `type: count, kind: lighting-controller, ${about}, count: cycling lamp, atLeast: 3, within: 1h`,
    `type: count, kind: lighting-controller, ${about}, count: cycling lamp, atLeast: 4, within: 20m, for: 2m`,
  ],
  mismatch: [`type: count, kind: lighting-controller, ${about}, count: registry mismatch, for: 5m`],
  'rate-class': [
    `type: ratio, kind: lighting-controller, ${about}, part: lamps lit, whole: lamps expected, groupBy: [class, road], target: 0.6, clear: 0.7, targets: { main: 0.98 }, smallRoads: [{ upTo: 8, dark: 1 }, { upTo: 14, dark: 2 }], for: 0s`,
  ],
};
const IDS = Object.keys(RULES);

function textOf(variants: Readonly<Record<string, number>>): string {
  const ids = IDS.filter((id) => (variants[id] ?? -1) >= 0);
  const lines = ids.map((id) => {
    const texts = RULES[id] as readonly string[];
    const text = texts[(variants[id] as number) % texts.length] as string;
    // Only rules that are there can hold one back.
    const holders = (/inhibitedBy: \[(.*)\]/.exec(text)?.[1] ?? '')
      .split(', ')
      .filter((holder) => ids.includes(holder));
    const held = holders.length === 0 ? '' : `, inhibitedBy: [${holders.join(', ')}]`;
    return `- { id: ${id}, ${text.replace(/, inhibitedBy: \[.*\]/, '')}${held} }`;
  });
  return lines.length === 0 ? '[]' : `${lines.join('\n')}\n`;
}

/** Rulebooks: of each rule one of its texts or none. */
export const rulebooks: fc.Arbitrary<string> = fc
  .record(Object.fromEntries(IDS.map((id) => [id, fc.constantFrom(0, 0, 0, 1, 2, -1, -1, -1)])))
  .map(textOf);
