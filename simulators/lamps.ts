import type { Device } from '../src/model/device.ts';
import type { Road, Town } from '../src/model/town.ts';
import { Dice } from './dice.ts';

/** Share of lamps that are broken for good: the reported rate of a normal night is about 0.985. */
const BROKEN = 0.015;
/**
 * No road, village or circuit has a larger share of broken lamps, so that no town is born in breach of its 97 % and each
 * comes back over the 97.5 % at which an alert clears.
 */
const BROKEN_AT_MOST = { road: 0.024, area: 0.024, parent: 0.03 } as const;

/** Watts of a lamp, LED, by the class of the road that it lights. */
const WATTS: Record<Road['class'], number> = { main: 150, secondary: 120, branch: 90, residential: 60, alley: 40 };
const WATTS_ELSEWHERE = 60;

/** The lamps that a controller answers for, or meters. */
export interface Lamps {
  /** Its own, by the registry. */
  count: number;
  broken: number;
  /** Watts of one of them. */
  watts: number;
}

/** No lamps at all. */
export const NO_LAMPS: Lamps = { count: 0, broken: 0, watts: 0 };

/** The lamps of every lighting controller, by its id; which of them are broken depends on the seed alone. */
export function lampsOf(devices: readonly Device[], town: Town, seed: number): ReadonlyMap<string, Lamps> {
  const roadClass = new Map(town.roads.map((road) => [road.id, road.class]));
  const controllers = devices.filter(({ kind }) => kind === 'lighting-controller');
  const lamps = new Map<string, Lamps>();
  for (const device of controllers) {
    const { lamps: count } = device.attributes;
    const onRoad = device.road === null ? undefined : roadClass.get(device.road);
    const watts = onRoad === undefined ? WATTS_ELSEWHERE : WATTS[onRoad];
    lamps.set(device.id, { count: typeof count === 'number' ? count : 0, broken: 0, watts });
  }
  breakSome(controllers, lamps, seed);
  return lamps;
}

/** Breaks lamps one after the other in an order of chance, where the shares allow it, until enough are broken. */
function breakSome(controllers: readonly Device[], lamps: ReadonlyMap<string, Lamps>, seed: number): void {
  const groups = Object.keys(BROKEN_AT_MOST) as (keyof typeof BROKEN_AT_MOST)[];
  const tallies = new Map<string, { count: number; broken: number; most: number }>();
  const talliesOf = (device: Device) =>
    groups.flatMap((group) => {
      const key = `${group} ${device[group]}`;
      const tally = tallies.get(key) ?? { count: 0, broken: 0, most: BROKEN_AT_MOST[group] };
      tallies.set(key, tally);
      return device[group] === null ? [] : [tally];
    });

  let total = 0;
  const candidates = controllers.flatMap((device) => {
    const own = lamps.get(device.id);
    if (own === undefined) return [];
    total += own.count;
    const dice = new Dice(seed, device.id);
    for (const tally of talliesOf(device)) tally.count += own.count;
    return Array.from({ length: own.count }, (_, lamp) => ({ device, own, order: dice.fixed(`lamp ${lamp}`) }));
  });
  let left = Math.round(total * BROKEN);
  for (const { device, own } of candidates.sort((a, b) => a.order - b.order)) {
    if (left === 0) return;
    const around = talliesOf(device);
    if (around.some(({ count, broken, most }) => broken + 1 > count * most)) continue;
    for (const tally of around) tally.broken++;
    own.broken++;
    left--;
  }
}

/** The devices that speak through a gateway, by its id. */
export function childrenByGateway(devices: readonly Device[]): ReadonlyMap<string, Device[]> {
  const children = new Map<string, Device[]>();
  for (const device of devices) {
    if (device.gateway === null) continue;
    const list = children.get(device.gateway);
    if (list === undefined) children.set(device.gateway, [device]);
    else list.push(device);
  }
  return children;
}
