import { join } from 'node:path';
import { packageRoot } from '../../src/kernel/package-root.ts';
import type { Device, DeviceInput } from '../../src/model/device.ts';
import type { Change } from '../../src/model/record.ts';
import type { Sample, Value } from '../../src/model/sample.ts';
import { Town } from '../../src/model/town.ts';
import { applyDefaults } from '../../src/registry/check.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { versionOf } from '../../src/rules/rulebook.ts';

/** The kinds as they are shipped. */
export const KINDS = loadKinds(join(packageRoot, 'devices'));

/** Devices of one road, one feeder and one pressure zone. */
const OF_A_ROAD = 100;
const OF_A_FEEDER = 50;
const OF_A_ZONE = 60;
const VILLAGES = 20;
/** One device in so many has something wrong half of the time; not a multiple of what the kinds are dealt by. */
const FAULTY = 97;
/** Different values of a kind: few enough to be made once, so that making them is no part of what is measured. */
const VARIANTS = 61;
const CLASSES = ['main', 'secondary', 'branch', 'residential', 'alley'];

type Values = Readonly<Record<string, Value>>;

/** A town of any size, and what its devices say. */
export interface BigTown {
  town: Town;
  devices: readonly Device[];
  /** The `n`th report of the device at `index`. */
  sample(index: number, n: number, ts: number): Sample;
}

/** How a town is made. */
export interface TownSize {
  devices: number;
  /** s. */
  reportInterval: number;
  /** How long what is wrong with a device lasts, ms. */
  faultLasts: number;
}

/** Of twenty devices eleven are lamps, one a concentrator, four pressure points, three gas meters, one a pole. */
export function mixedTown(size: TownSize): BigTown {
  const { devices: count, reportInterval } = size;
  const devices = Array.from({ length: count }, (_, index) => {
    const place = index % 20;
    if (place < 12) return made(index, lampOf(index, place < 11), reportInterval);
    const zone = `Z-${Math.floor(index / OF_A_ZONE)}`;
    if (place < 16)
      return made(
        index,
        { kind: 'water-pressure', parent: zone, attributes: { role: 'end', minPressure: 0.14 } },
        reportInterval,
      );
    if (place < 19) return made(index, { kind: 'gas-meter', attributes: { size: 'G2.5' } }, reportInterval);
    return made(index, { kind: 'smart-pole', attributes: { leakageWarn: 30, leakageCritical: 100 } }, reportInterval);
  });
  return townOf(devices, size);
}

/** Concentrators with ten lamps each. */
export function concentratorTown(size: TownSize): BigTown {
  const lamps = { ...lampOf(0, false), attributes: { lamps: 10 } };
  const devices = Array.from({ length: size.devices }, (_, index) =>
    made(index, { ...lamps, ...placesOf(index) }, size.reportInterval),
  );
  return townOf(devices, size);
}

/** What brings a town into the journal, under this rulebook. */
export function changesOf({ town, devices }: BigTown, rulebook: string): Change[] {
  return [
    { what: 'town', town },
    { what: 'rulebook', text: rulebook, version: versionOf(rulebook) },
    ...devices.map((device) => ({ what: 'device' as const, device })),
  ];
}

type Given = Omit<DeviceInput, 'id' | 'area' | 'organisation'>;

function lampOf(index: number, isLamp: boolean): Given {
  const how = isLamp ? { power: 'switched' as const, attributes: { lamps: 1 } } : { attributes: { lamps: 0 } };
  return { kind: 'lighting-controller', ...placesOf(index), ...how };
}

function placesOf(index: number) {
  return { road: `R-${Math.floor(index / OF_A_ROAD)}`, parent: `F-${Math.floor(index / OF_A_FEEDER)}` };
}

function made(index: number, given: Given, reportInterval: number): Device {
  const area = `V-${Math.floor(index / OF_A_ROAD) % VILLAGES}`;
  const where = { id: `D-${String(index).padStart(6, '0')}`, area, organisation: 'bureau', maintainer: 'works' };
  return applyDefaults({ ...where, ...given, reportInterval }, KINDS);
}

function townOf(devices: readonly Device[], { faultLasts }: TownSize): BigTown {
  const nodes = (letter: string, of: number) =>
    Array.from({ length: Math.ceil(devices.length / of) }, (_, n) => `${letter}-${n}`);
  const named = (id: string) => ({ id, name: { zh: id, en: id } });
  const town = Town.parse({
    ...named('big'),
    timeZone: 'Asia/Shanghai',
    location: [118.4, 33.9],
    organisations: [named('bureau')],
    areas: Array.from({ length: VILLAGES }, (_, n) => ({ ...named(`V-${n}`), level: 'village', parent: null })),
    roads: nodes('R', OF_A_ROAD).map((id, n) => ({ ...named(id), class: CLASSES[n % CLASSES.length] })),
    network: [
      ...nodes('F', OF_A_FEEDER).map((id) => ({ ...named(id), type: 'feeder' })),
      ...nodes('Z', OF_A_ZONE).map((id) => ({ ...named(id), type: 'pressure-zone' })),
    ],
  });
  const kinds = [...KINDS.keys()].map((kind) => [kind, [variantsOf(kind, false), variantsOf(kind, true)]] as const);
  const variants = new Map<string, readonly (readonly Values[])[]>(kinds);
  return {
    town,
    devices,
    sample(index, n, ts) {
      const { id, kind, attributes } = devices[index] as Device;
      const isBad = index % FAULTY === 0 && Math.floor(ts / faultLasts) % 2 === 1;
      const values = variants.get(kind)?.[isBad ? 1 : 0]?.[(n + index) % VARIANTS] ?? {};
      const lamps = Number(attributes.lamps ?? 0);
      if (lamps <= 1) return { device: id, kind, ts, values };
      return { device: id, kind, ts, values: { ...values, lampsLit: isBad ? 0 : lamps } };
    },
  };
}

function variantsOf(kind: string, isBad: boolean): Values[] {
  return Array.from({ length: VARIANTS }, (_, n): Values => {
    if (kind === 'lighting-controller')
      return { lampsLit: isBad ? 0 : 1, dim: 100, voltage: isBad ? 190 : 225 + (n % 7), current: 0.5, power: 100 + n };
    if (kind === 'water-pressure')
      return { pressure: isBad ? 0.1 : 0.3 + (n % 7) / 1_000, flow: 12 + (n % 9) / 10, temperature: 15, battery: 88 };
    if (kind === 'gas-meter')
      return {
        volume: 100,
        flow: 0.1,
        valveOpen: true,
        tamper: false,
        magnetic: false,
        leak: isBad ? 60 : n % 3,
        battery: 90,
      };
    return {
      pm25: 30 + n,
      pm10: 50 + n,
      noise: 45 + (n % 9),
      tilt: (n % 5) / 10,
      leakageCurrent: isBad ? 150 : n % 4,
      doorOpen: false,
    };
  });
}
