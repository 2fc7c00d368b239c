import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDevices } from '../../seeds/lailong/generate.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import type { Location } from '../../src/model/primitives.ts';
import { applyDefaults } from '../../src/registry/check.ts';
import { readDevices } from '../../src/registry/import.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { loadTown } from '../../src/registry/town-folder.ts';

const folder = join(packageRoot, 'seeds/lailong');
const text = readFileSync(join(folder, 'devices.csv'), 'utf8');
const kinds = loadKinds(join(packageRoot, 'devices'));
const { town, plan } = loadTown(folder);
const { rows, problems } = readDevices(text, 'csv', 'wgs84', { kinds, town, isRegistered: () => false });
const devices = rows.map(({ device }) => applyDefaults(device, kinds));
const ofKind = (kind: string) => devices.filter((device) => device.kind === kind);
const lamps = ofKind('lighting-controller');
const singles = lamps.filter(({ gateway }) => gateway !== null);
const concentrators = lamps.filter(({ gateway }) => gateway === null);

function countBy<T>(list: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of list) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

function kilometres([lonA, latA]: Location, [lonB, latB]: Location): number {
  return Math.hypot((lonA - lonB) * Math.cos((latA * Math.PI) / 180), latA - latB) * 111.32;
}

describe('the sample town', () => {
  it('is Lailong, with the places, bureaus and figures of its plan', () => {
    expect(town).toMatchObject({ id: 'lailong', timeZone: 'Asia/Shanghai', location: [118.4, 33.9] });
    expect(countBy(town.areas, ({ level }) => level)).toEqual({ district: 1, town: 1, village: 11 });
    const places =
      '集镇区 工业园区 集中居住区 白鹿湖 268省道沿线 宿连航道沿线 城北河桥 梨园桥公园 宿北大战遗址公园 来龙数智广场 来龙中心医院';
    expect(new Set(town.areas.filter(({ level }) => level === 'village').map(({ name }) => name.zh))).toEqual(
      new Set(places.split(' ')),
    );
    const bureaus = ['urban-management', 'housing', 'water-resources', 'ecology', 'emergency', 'data', 'power'];
    expect(town.organisations.map(({ id }) => id)).toEqual(
      expect.arrayContaining([...bureaus, 'water-company', 'gas-company', 'town']),
    );
    const targets = plan.targets.filter(({ target }) => target !== undefined);
    expect(targets).toMatchObject([
      { id: 'task-8', lead: 'housing', metric: 'pressure-compliance', target: 0.97 },
      { id: 'task-18', lead: 'urban-management', metric: 'lighting-rate', target: 0.97 },
    ]);
    expect(new Set(plan.targets.map(({ task }) => task))).toEqual(new Set([8, 11, 18, 19, 20]));
  });

  it('has 80 circuits, 3 pressure zones, 6 regulators, and roads of every class', () => {
    expect(countBy(town.network, ({ type }) => type)).toEqual({ feeder: 80, 'pressure-zone': 3, regulator: 6 });
    expect(Object.keys(countBy(town.roads, (road) => road.class)).sort()).toEqual([
      'alley',
      'branch',
      'main',
      'residential',
      'secondary',
    ]);
    expect(town.roads.length).toBeGreaterThanOrEqual(12);
  });

  it('says in both languages that it is synthetic, in the town, the inventory and beside each owner', () => {
    expect(town.note?.zh).toContain('合成数据');
    expect(town.note?.en).toContain('synthetic');
    expect(text.split('\n').slice(0, 2).join()).toMatch(/Synthetic.*合成/s);
    expect(
      devices.filter(({ owner, maintainer }) => !`${owner}`.includes('合成') || !`${maintainer}`.includes('合成')),
    ).toEqual([]);
  });
});

describe("the sample town's inventory", () => {
  it('is what its generator makes (else run: npx tsx seeds/lailong/generate.ts)', () => {
    expect(makeDevices() === text).toBe(true);
  });

  it('fits the town and the kinds without a problem', () => {
    expect(problems).toEqual([]);
  });

  it('has as many devices of each kind as the town should', () => {
    expect(countBy(devices, ({ kind }) => kind)).toEqual({
      'lighting-controller': 480,
      'water-pressure': 30,
      'gas-meter': 300,
      'gas-regulator': 6,
      'smart-pole': 40,
    });
  });

  it('has 3,000 lamps, each belonging to one device; 400 have a controller of their own', () => {
    expect(lamps.reduce((sum, { attributes }) => sum + Number(attributes.lamps), 0)).toBe(3_000);
    expect([concentrators.length, singles.length]).toEqual([80, 400]);
    const withSingles = new Set(singles.map(({ parent }) => parent));
    expect(withSingles.size).toBe(10);
    for (const { parent, attributes } of concentrators) {
      if (withSingles.has(parent)) expect(attributes.lamps).toBe(0);
      else expect(attributes.lamps).toBeGreaterThan(10);
    }
  });

  it('each circuit has one concentrator of the same number, always powered, on one road of one area', () => {
    const feeders = town.network.filter(({ type }) => type === 'feeder');
    for (const feeder of feeders) {
      const on = lamps.filter(({ parent }) => parent === feeder.id);
      const [concentrator, ...others] = on.filter(({ gateway }) => gateway === null);
      expect([concentrator?.id, others]).toEqual([`LC-${feeder.id.replace('-', '')}`, []]);
      expect(concentrator?.power).toBe('always');
      expect([new Set(on.map(({ road }) => road)).size, new Set(on.map(({ area }) => area))]).toEqual([
        1,
        new Set([feeder.area]),
      ]);
      for (const lamp of on.filter(({ gateway }) => gateway !== null)) {
        expect(lamp).toMatchObject({ gateway: concentrator?.id, power: 'switched', attributes: { lamps: 1 } });
      }
    }
  });

  it('bigger roads have several circuits', () => {
    const circuits = countBy(concentrators, ({ road }) => `${road}`);
    for (const { id, class: roadClass } of town.roads) {
      expect(circuits[id]).toBeGreaterThanOrEqual(roadClass === 'main' ? 8 : 2);
    }
  });

  it('each device hangs from a node of its own utility and answers to its bureau', () => {
    const typeOf = new Map(town.network.map(({ id, type }) => [id, type]));
    const seen = countBy(devices, ({ kind, parent, organisation }) =>
      [kind, parent === null ? null : typeOf.get(parent), organisation].join(' '),
    );
    expect(seen).toEqual({
      'lighting-controller feeder urban-management': 480,
      'water-pressure pressure-zone water-company': 30,
      'gas-meter regulator gas-company': 300,
      'gas-regulator regulator gas-company': 6,
      'smart-pole  housing': 40,
    });
    expect(Object.values(countBy(ofKind('gas-meter'), ({ parent }) => `${parent}`))).toEqual([50, 50, 50, 50, 50, 50]);
  });

  it('every device lies in a leaf of the tree, within 10 km of the town, on its own spot', () => {
    const leaves = new Set(town.areas.filter(({ level }) => level === 'village').map(({ id }) => id));
    expect(devices.filter(({ area }) => !leaves.has(area))).toEqual([]);
    const places = devices.map(({ location }) => location ?? [0, 0]) satisfies Location[];
    expect(Math.max(...places.map((place) => kilometres(place, [118.4, 33.9])))).toBeLessThan(10);
    expect(new Set(places.map(String)).size).toBe(devices.length);
  });

  it('pressure points state their limits: 0.14 MPa for the mains end and for no other', () => {
    const points = ofKind('water-pressure');
    expect(countBy(points, ({ attributes }) => `${attributes.role}`)).toEqual({ outlet: 1, trunk: 13, end: 16 });
    for (const { attributes } of points) {
      if (attributes.role === 'end') expect(attributes.minPressure).toBe(0.14);
      else expect(attributes.minPressure).toBeGreaterThan(0.14);
      expect(attributes.maxPressure).toBeGreaterThan(Number(attributes.minPressure));
    }
    const named = (zh: string) => points.find(({ name }) => name.zh === zh);
    expect(named('来龙配水厂出口')?.attributes.role).toBe('outlet');
    expect(named('侍岭供水专线末端')?.attributes.role).toBe('end');
  });

  it('regulators state a band within their class, and meters their conditions', () => {
    const upTo: Record<string, number> = { low: 10, 'medium-b': 200 };
    for (const { attributes } of ofKind('gas-regulator')) {
      expect(attributes.minOutlet).toBeLessThan(Number(attributes.maxOutlet));
      expect(attributes.maxOutlet).toBeLessThan(upTo[`${attributes.class}`] ?? 0);
    }
    expect(countBy(ofKind('gas-meter'), ({ attributes }) => `${attributes.basis}`)).toEqual({
      working: 250,
      standard: 50,
    });
  });

  it('makes about 0.2 million samples a day, lamps on switched circuits speaking half of it', () => {
    const perDay = (reach: (power: string) => number) =>
      devices.reduce((sum, { sampleInterval, power }) => sum + (86_400 / sampleInterval) * reach(power), 0);
    expect(perDay(() => 1)).toBe(220_320);
    expect(perDay((power) => (power === 'switched' ? 0.5 : 1))).toBe(162_720);
  });
});
