import fc from 'fast-check';
import type { Device } from '../../../src/model/device.ts';
import { concentrator, gasMeter, lampController, pressurePoint } from '../support/town.ts';
import { rulebooks } from './books.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Any of these, s. */
export const seconds = (...list: number[]) => fc.constantFrom(...list);
const feeder = fc.constantFrom('F-1', 'F-2', 'F-3', 'F-4', null);
const place = fc.constantFrom<Pick<Device, 'area' | 'road'>>(
  { area: 'centre', road: 'avenue' },
  { area: 'centre', road: 'lane' },
  { area: 'park', road: 'lane' },
  { area: 'park', road: null },
);
const inService = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Device['inService']>('always') },
  { weight: 2, arbitrary: fc.constant<Device['inService']>('auto') },
  { weight: 1, arbitrary: fc.constantFrom(30, 90).map((minutes) => ({ from: null, to: minutes })) },
  { weight: 1, arbitrary: fc.constantFrom(30, 90).map((minutes) => ({ from: minutes, to: null })) },
);
const lamps = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 4, 10, 40).map((count): Device['attributes'] => ({ lamps: count })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Device['attributes']>(
      { lamps: 10, plan: 'half-night', planUntil: '19:30' },
      { lamps: 10, plan: 'half-night', planUntil: '23:00', planLamps: 4 },
      { lamps: 9, plan: 'alternate' },
      { lamps: 6, observation: 'patrol' },
      { lamps: 0 },
    ),
  },
);
/** Makes a device of that id. */
export type Make = (id: string) => Device;
const common = { reportInterval: seconds(60, 60, 300, 900), inService };
/** Devices of every sort, in any place. */
export const make: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ ...common, parent: feeder, place, attributes: lamps }).map(
      ({ place: at, ...more }) =>
        (id: string) =>
          concentrator(id, { ...more, ...at }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        ...{ ...common, parent: feeder, place, gateway: fc.constantFrom('D-1', 'D-2', null) },
        attributes: fc.constantFrom(1, 2, 3, 4).map((sequence) => ({ lamps: 1, sequence })),
      })
      .map(
        ({ place: at, ...more }) =>
          (id: string) =>
            lampController(id, { ...more, ...at }),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        ...common,
        parent: fc.constantFrom('Z-1', 'Z-2'),
        attributes: fc.constantFrom({ minPressure: 0.14 }, { minPressure: 0.2 }, {}),
      })
      .map((more) => (id: string) => pressurePoint(id, more)),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ ...common, attributes: fc.constantFrom<Device['attributes']>({ meter: 'M-1', size: 'G4' }, {}) })
      .map((more) => (id: string) => gasMeter(id, more)),
  },
);

/** What may be changed in a device's entry. */
export const CHANGES: readonly Partial<Device>[] = [
  { parent: 'F-2' },
  { parent: null },
  { road: 'lane', area: 'park' },
  { power: 'switched' },
  { power: 'always' },
  { attributes: {} },
  { attributes: { minPressure: 0.2, lamps: 4 } },
  { reportInterval: 60 },
  { inService: 'always' },
  { inService: 'auto' },
  { attributes: { meter: 'another', size: 'G2.5', minPressure: 0.14, lamps: 10 } },
];

const which = fc.nat(29);
const act = <T extends string, P extends object>(name: T, parts: { [K in keyof P]: fc.Arbitrary<P[K]> }) =>
  fc.record({ act: fc.constant(name), ...parts }) as unknown as fc.Arbitrary<{ act: T } & P>;
/** What may befall a town or one of its devices. */
export const acts = fc.oneof(
  {
    weight: 6,
    arbitrary: act('says', {
      which,
      field: fc.constantFrom('lampsLit', 'pressure', 'leak'),
      level: fc.constantFrom(0, 0, 0.5, 0.9, 1),
    }),
  },
  { weight: 4, arbitrary: act('supply', { which, isThere: fc.boolean() }) },
  { weight: 5, arbitrary: act('feeder', { node: fc.constantFrom('F-1', 'F-2', 'F-3', 'F-4'), isThere: fc.boolean() }) },
  { weight: 4, arbitrary: act('lamps', { level: fc.constantFrom(0.5, 0.85, 0.925, 0.925, 1) }) },
  { weight: 3, arbitrary: act('cycle', { which, isCycling: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: act('network', { node: fc.constantFrom('F-1', 'F-2', 'F-3', 'F-4'), isMute: fc.boolean() }),
  },
  { weight: 5, arbitrary: act('mute', { which, isMute: fc.boolean() }) },
  { weight: 12, arbitrary: act('mend', { back: fc.nat(2) }) },
  {
    weight: 7,
    arbitrary: act('upload', {
      which,
      levels: fc.array(fc.constantFrom(0, 0, 0.5, 1), { minLength: 2, maxLength: 8 }),
      order: fc.constantFrom('sent', 'sent', 'reversed', 'mixed'),
      isTwice: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: act('clock', {
      which,
      ahead: fc.constantFrom(0, 0, -30_000, -90_000, -10 * MINUTE, -HOUR, -3 * HOUR, MINUTE, 4 * MINUTE, HOUR),
    }),
  },
  { weight: 3, arbitrary: act('again', { which, count: fc.constantFrom(1, 3) }) },
  {
    weight: 2,
    arbitrary: act('older', {
      which,
      by: fc.constantFrom(1_000, 7 * MINUTE, 40 * MINUTE),
      level: fc.constantFrom(0, 1),
    }),
  },
  { weight: 2, arbitrary: act('partial', { which, omits: fc.constantFrom('voltage', 'lampsLit', 'pressure', null) }) },
  { weight: 3, arbitrary: act('frozen', { which }) },
  { weight: 3, arbitrary: act('volume', { which, by: fc.constantFrom(-200, -1, 3, 500) }) },
  { weight: 2, arbitrary: act('total', { which, total: fc.constantFrom(0, 3, 10, null) }) },
  { weight: 2, arbitrary: act('burn', { which, isBurning: fc.boolean() }) },
  { weight: 2, arbitrary: act('amend', { which, change: fc.nat(CHANGES.length - 1) }) },
  { weight: 1, arbitrary: act('retire', { which }) },
  { weight: 1, arbitrary: act('register', { make }) },
  { weight: 2, arbitrary: act('reload', { text: fc.oneof(rulebooks, fc.constant(null)) }) },
  { weight: 1, arbitrary: act('town', { isLater: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: act('maintain', {
      what: fc.constantFrom('area', 'parent', 'device'),
      which,
      from: fc.constantFrom(-20, 0, 10),
      minutes: fc.constantFrom(0, 5, 30),
    }),
  },
  {
    weight: 1,
    arbitrary: act('patrol', {
      which,
      lit: fc.constantFrom(0, 3, 6),
      ago: fc.constantFrom(0, 30),
      hours: fc.constantFrom(1, 24),
    }),
  },
  { weight: 1, arbitrary: act('away', { minutes: fc.constantFrom(1, 10, 40) }) },
  { weight: 2, arbitrary: act('restart', {}) },
  { weight: 2, arbitrary: act('save', {}) },
);
export type Act = typeof acts extends fc.Arbitrary<infer A> ? A : never;
