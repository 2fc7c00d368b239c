import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { convert } from '../../src/decode/units.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { loadKinds } from '../../src/registry/kinds.ts';

/** DESIGN.md §4, word for word: unit of each field; null for a count or ratio, 'bool' for a switch. */
const DESIGN: Record<string, { every: number; fields: Record<string, string | null> }> = {
  'lighting-controller': {
    every: 300,
    fields: {
      lampsLit: null,
      lampsTotal: null,
      dim: '%',
      voltage: 'V',
      current: 'A',
      power: 'W',
      powerFactor: null,
      energy: 'kWh',
      lampFault: 'bool',
      gearFault: 'bool',
      relayFault: 'bool',
      doorOpen: 'bool',
    },
  },
  'water-pressure': {
    every: 300,
    fields: { pressure: 'MPa', flow: 'm³/h', temperature: '°C', battery: '%', rssi: 'dBm' },
  },
  'gas-meter': {
    every: 3_600,
    fields: {
      volume: 'm³',
      flow: 'm³/h',
      temperature: '°C',
      valveOpen: 'bool',
      tamper: 'bool',
      magnetic: 'bool',
      leak: '%LEL',
      battery: '%',
      rssi: 'dBm',
    },
  },
  'gas-regulator': {
    every: 60,
    fields: {
      inletPressure: 'kPa',
      outletPressure: 'kPa',
      flow: 'm³/h',
      temperature: '°C',
      leak: '%LEL',
      slamShut: 'bool',
      doorOpen: 'bool',
    },
  },
  'smart-pole': {
    every: 60,
    fields: {
      pm25: 'µg/m³',
      pm10: 'µg/m³',
      noise: 'dB(A)',
      temperature: '°C',
      humidity: '%',
      windSpeed: 'm/s',
      windDirection: '°',
      illuminance: 'lx',
      tilt: '°',
      leakageCurrent: 'mA',
      mainsVoltage: 'V',
      doorOpen: 'bool',
      waterImmersion: 'bool',
    },
  },
};

/** A unit of RFC 8428 or RFC 8798 (or, where there is none, the kind's own) for each unit of the kinds. */
const SENML: Record<string, string> = {
  MPa: 'Pa',
  kPa: 'Pa',
  'm³/h': 'm3/s',
  'm³': 'm3',
  '°C': 'Cel',
  '%': '/',
  dBm: 'dBW',
  '%LEL': '%LEL',
  'µg/m³': 'ug/m3',
  'dB(A)': 'dB',
  'm/s': 'km/h',
  '°': 'deg',
  lx: 'lx',
  mA: 'A',
  V: 'mV',
  A: 'mA',
  W: 'kW',
  kWh: 'J',
};

const kinds = loadKinds(join(packageRoot, 'devices'));
const HAN = /\p{Script=Han}/u;

describe('the kinds shipped', () => {
  it('are the five of the design', () => {
    expect([...kinds.keys()].sort()).toEqual(Object.keys(DESIGN).sort());
  });

  it.each(Object.entries(DESIGN))('%s has each field with its unit, and the interval', (id, { every, fields }) => {
    const kind = kinds.get(id);
    const said = Object.entries(kind?.fields ?? {}).map(([name, { type, unit }]) => [
      name,
      type === 'boolean' ? 'bool' : (unit ?? null),
    ]);
    expect(Object.fromEntries(said)).toEqual(fields);
    expect(kind?.reportInterval).toBe(every);
  });

  const fields = [...kinds.values()].flatMap((kind) =>
    Object.entries(kind.fields).map(([name, field]) => ({ path: `${kind.id}.${name}`, field })),
  );

  it('every number has plausible bounds and says where they come from; no switch has any', () => {
    const without = fields.filter(({ field: { type, range, basis } }) =>
      type === 'number' ? range === undefined || basis === undefined : range !== undefined || basis !== undefined,
    );
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  it('every unit takes what SenML calls the same quantity', () => {
    for (const { path, field } of fields) {
      if (field.unit === undefined) continue;
      const senml = SENML[field.unit];
      expect(senml, `${path} in ${field.unit}`).toBeDefined();
      expect(convert(1, `${senml}`, field.unit), path).not.toBeNull();
    }
  });

  it('kinds, fields and attributes have a Chinese and an English name', () => {
    const named = [...kinds.values()].flatMap((kind) => [
      { path: kind.id, name: kind.name },
      ...Object.entries(kind.fields).map(([key, { name }]) => ({ path: `${kind.id}.${key}`, name })),
      ...Object.entries(kind.attributes).map(([key, { name }]) => ({ path: `${kind.id}.attributes.${key}`, name })),
    ]);
    const wrong = named.filter(({ name }) => !HAN.test(name.zh) || HAN.test(name.en) || !/[A-Za-z]/.test(name.en));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('an outage, a drained main and a lamp by day are values, not refusals', () => {
    const holds = (kind: string, field: string, value: number) => {
      const [low, high] = kinds.get(kind)?.fields[field]?.range ?? [Number.NaN, Number.NaN];
      return value >= low && value <= high;
    };
    expect(holds('lighting-controller', 'voltage', 0)).toBe(true);
    expect(holds('lighting-controller', 'lampsLit', 0)).toBe(true);
    expect(holds('water-pressure', 'pressure', -0.02)).toBe(true);
    // A point that sends kPa for MPa is found out.
    expect(holds('water-pressure', 'pressure', 312)).toBe(false);
  });
});
