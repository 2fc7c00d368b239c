/**
 * Makes devices.csv, the inventory of the sample town: about 3,000 lamps on 80 circuits, 30 pressure points, 300 gas meters
 * on 6 regulators, 40 smart poles. All of it is synthetic. The same code and town.yaml give the same file, byte for byte:
 *
 *     npx tsx seeds/lailong/generate.ts
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/kernel/package-root.ts';
import type { Location } from '../../src/model/primitives.ts';
import type { Area, NetworkNode, Town } from '../../src/model/town.ts';
import { loadTown } from '../../src/registry/town-folder.ts';

const FOLDER = join(packageRoot, 'seeds/lailong');

const COLUMNS = [
  ...['id', 'kind', 'name.zh', 'name.en', 'area', 'road', 'parent', 'gateway', 'organisation', 'owner', 'maintainer'],
  ...[
    'gridCell',
    'componentCode',
    'aliases',
    'lon',
    'lat',
    'power',
    'attributes.lamps',
    'attributes.plan',
    'attributes.sequence',
  ],
  ...['attributes.pole', 'attributes.role', 'attributes.minPressure', 'attributes.maxPressure', 'attributes.storeys'],
  ...['attributes.basis', 'attributes.size', 'attributes.class', 'attributes.minOutlet', 'attributes.maxOutlet'],
  ...['attributes.tiltBaseline', 'attributes.noiseClass'],
];
type Row = Record<string, string | number>;

const LAMPS = 3_000;
/** The first circuits have a controller on each lamp, this many. */
const SINGLE_LAMP_FEEDERS = 10;
const SINGLE_LAMPS = 40;
/** Lamps on a circuit, more or less, by the class of its road. */
const LAMPS_BY_CLASS = { main: 44, secondary: 38, branch: 32, residential: 30, alley: 22 };
/** Metres of road a lamp: poles stand 35 m apart on either side, staggered. */
const METRES_PER_LAMP = 17.5;

/** Stretches of road, in the order of the circuits of town.yaml; a stretch begins at `from` and runs to `bearing` (0° is north). */
const STRETCHES: readonly { road: string; feeders: number; from: Location; bearing: number }[] = [
  { road: 'lailong-avenue', feeders: 6, from: [118.378, 33.899], bearing: 90 },
  { road: 'shuzhi-road', feeders: 4, from: [118.406, 33.885], bearing: 0 },
  { road: 'lailong-avenue', feeders: 4, from: [118.378, 33.899], bearing: 200 },
  { road: 's268', feeders: 10, from: [118.44, 33.835], bearing: 335 },
  { road: 's268', feeders: 4, from: [118.405, 33.9], bearing: 355 },
  { road: 'industrial-avenue', feeders: 8, from: [118.405, 33.912], bearing: 80 },
  { road: 'chuangye-road', feeders: 4, from: [118.435, 33.903], bearing: 0 },
  { road: 'renmin-road', feeders: 5, from: [118.383, 33.8925], bearing: 90 },
  { road: 'renmin-road', feeders: 3, from: [118.383, 33.8925], bearing: 30 },
  { road: 'bailu-road', feeders: 5, from: [118.35, 33.895], bearing: 45 },
  { road: 'binhe-road', feeders: 6, from: [118.452, 33.866], bearing: 0 },
  { road: 'chengbei-road', feeders: 3, from: [118.395, 33.927], bearing: 90 },
  { road: 'liyuan-road', feeders: 3, from: [118.37, 33.915], bearing: 90 },
  { road: 'subei-road', feeders: 4, from: [118.335, 33.926], bearing: 60 },
  { road: 'xingfu-road', feeders: 4, from: [118.379, 33.886], bearing: 90 },
  { road: 'anju-road', feeders: 3, from: [118.385, 33.881], bearing: 0 },
  { road: 'laojie', feeders: 2, from: [118.398, 33.896], bearing: 0 },
  { road: 'gangkou-road', feeders: 2, from: [118.447, 33.88], bearing: 120 },
];

/** What a point of each role may have, MPa. 0.14 is the code's figure for the mains' end; the others are plausible. */
const PRESSURE_LIMITS = { outlet: [0.3, 0.6], trunk: [0.2, 0.5], end: [0.14, 0.45] } as const;
const ROLE_NAMES = {
  outlet: { zh: '出厂测压点', en: 'outlet' },
  trunk: { zh: '干管测压点', en: 'trunk main' },
  end: { zh: '管网末梢测压点', en: "mains' end" },
} as const;
type Role = keyof typeof PRESSURE_LIMITS;

const ZONES: readonly { zone: string; areas: string[]; roles: Record<Role, number> }[] = [
  {
    zone: 'Z-1',
    areas: ['town-centre', 'digital-plaza', 'central-hospital', 'residential', 'liyuan-park'],
    roles: { outlet: 1, trunk: 5, end: 6 },
  },
  {
    zone: 'Z-2',
    areas: ['industrial-park', 'sulian-waterway', 'chengbei-bridge'],
    roles: { outlet: 0, trunk: 4, end: 5 },
  },
  { zone: 'Z-3', areas: ['bailu-lake', 'battle-park', 's268-corridor'], roles: { outlet: 0, trunk: 4, end: 5 } },
];
/** The two points that the town's plan names. */
const NAMED_POINTS: Readonly<Record<string, { zh: string; en: string }>> = {
  'WP-0001': { zh: '来龙配水厂出口', en: 'Lailong water plant outlet' },
  'WP-0030': { zh: '侍岭供水专线末端', en: 'Shiling supply line end' },
};

const METERS_PER_REGULATOR = 50;
const GAS = {
  low: { minOutlet: 2, maxOutlet: 3, basis: 'working', sizes: ['G2.5', 'G2.5', 'G2.5', 'G4'] },
  'medium-b': { minOutlet: 80, maxOutlet: 120, basis: 'standard', sizes: ['G16', 'G25', 'G40', 'G65', 'G100'] },
} as const;

const SMART_POLES: readonly { area: string; road: string; poles: number; noiseClass: string }[] = [
  { area: 'digital-plaza', road: 'shuzhi-road', poles: 8, noiseClass: '2' },
  { area: 'town-centre', road: 'lailong-avenue', poles: 8, noiseClass: '4a' },
  { area: 'industrial-park', road: 'industrial-avenue', poles: 8, noiseClass: '3' },
  { area: 'bailu-lake', road: 'bailu-road', poles: 4, noiseClass: '1' },
  { area: 'liyuan-park', road: 'liyuan-road', poles: 4, noiseClass: '1' },
  { area: 'central-hospital', road: 'renmin-road', poles: 4, noiseClass: '1' },
  { area: 's268-corridor', road: 's268', poles: 4, noiseClass: '4a' },
];

const LIGHTING = care('urban-management', '来龙镇人民政府', '来龙路灯养护站');
const WATER = care('water-company', '水投集团', '来龙供水所');
const GAS_CARE = care('gas-company', '燃气公司', '来龙燃气巡检班');
const POLES = care('housing', '来龙镇人民政府', '智慧灯杆运维单位');

/** The text of devices.csv. */
export function makeDevices(): string {
  const { town } = loadTown(FOLDER);
  const random = seeded(20_240_301);
  const rows = [
    ...lamps(town, random),
    ...waterPoints(town, random),
    ...gas(town, random),
    ...smartPoles(town, random),
  ];
  const lines = rows.map((row) => COLUMNS.map((column) => row[column] ?? '').join(','));
  const notes = [
    '# Synthetic inventory of the sample town, made by generate.ts: change that, not this file. Places are WGS-84.',
    '# 样例城镇的合成设备清单，由 generate.ts 生成，请勿手工修改。坐标系 WGS-84。',
  ];
  return `${[...notes, COLUMNS.join(','), ...lines].join('\n')}\n`;
}

function* lamps(town: Town, random: () => number): Generator<Row> {
  let serial = 0;
  for (const { feeder, road, single, count, before, place } of layCircuits(town, random)) {
    const concentrator = `LC-${feeder.id.replace('-', '')}`;
    const common = { kind: 'lighting-controller', road, parent: feeder.id, ...LIGHTING, ...inArea(feeder.area, town) };
    yield {
      ...common,
      id: concentrator,
      ...named(`${feeder.name.zh}集中器`, `${feeder.name.en} concentrator`),
      ...at(place(count / 2, 6)),
      power: 'always',
      'attributes.lamps': single ? 0 : count,
      'attributes.plan': 'all-night',
    };
    if (!single) continue;
    for (let lamp = 1; lamp <= count; lamp++) {
      const number = String(lamp).padStart(3, '0');
      yield {
        ...common,
        id: `${concentrator}-${number}`,
        ...named(`${feeder.name.zh}${number}号灯`, `${feeder.name.en} lamp ${lamp}`),
        gateway: concentrator,
        componentCode: componentCode('18', ++serial),
        ...at(place(lamp - 1, lamp % 2 === 0 ? 8 : -8)),
        power: 'switched',
        'attributes.lamps': 1,
        'attributes.plan': 'all-night',
        'attributes.sequence': before + lamp,
        'attributes.pole': `${feeder.id}/${number}`,
      };
    }
  }
}

interface Circuit {
  feeder: NetworkNode;
  road: string;
  /** Whether each of its lamps has a controller of its own. */
  single: boolean;
  count: number;
  /** Lamps that stand before it along its stretch. */
  before: number;
  /** Where its `lamp`-th lamp stands, so many metres to the right of the road's middle. */
  place(lamp: number, aside: number): Location;
}

/** Lays the circuits of town.yaml along their stretches of road, one after the other. */
function layCircuits(town: Town, random: () => number): Circuit[] {
  const stretchOf = STRETCHES.flatMap((stretch) => Array.from({ length: stretch.feeders }, () => stretch));
  const classOf = new Map(town.roads.map((road) => [road.id, road.class]));
  const counts = shareLamps(
    stretchOf.map(({ road }) => classOf.get(road) ?? 'branch'),
    random,
  );
  const laidOn = new Map<(typeof STRETCHES)[number], number>();
  return stretchOf.map((stretch, index) => {
    const feeder = town.network.filter(({ type }) => type === 'feeder')[index];
    const count = counts[index];
    if (feeder === undefined || count === undefined) throw new Error('town.yaml has fewer feeders than STRETCHES');
    const before = laidOn.get(stretch) ?? 0;
    laidOn.set(stretch, before + count);
    const place = (lamp: number, aside: number) => {
      const along = (before + lamp) * METRES_PER_LAMP;
      return moved(moved(stretch.from, stretch.bearing, along), stretch.bearing + 90, aside);
    };
    return { feeder, road: stretch.road, single: index < SINGLE_LAMP_FEEDERS, count, before, place };
  });
}

/** How many lamps hang on each circuit; what the dice leave of {@link LAMPS} goes round, one a circuit. */
function shareLamps(classes: readonly (keyof typeof LAMPS_BY_CLASS)[], random: () => number): number[] {
  const counts = classes.map((roadClass, index) =>
    index < SINGLE_LAMP_FEEDERS ? SINGLE_LAMPS : LAMPS_BY_CLASS[roadClass] + Math.round(random() * 8 - 4),
  );
  const left = LAMPS - counts.reduce((sum, count) => sum + count, 0);
  for (let turn = 0; turn < Math.abs(left); turn++) {
    const index = SINGLE_LAMP_FEEDERS + (turn % (counts.length - SINGLE_LAMP_FEEDERS));
    counts[index] = (counts[index] ?? 0) + Math.sign(left);
  }
  return counts;
}

function* waterPoints(town: Town, random: () => number): Generator<Row> {
  let serial = 0;
  for (const { zone, areas, roles } of ZONES) {
    for (const role of ['outlet', 'trunk', 'end'] as const) {
      for (let number = 1; number <= roles[role]; number++) {
        const id = `WP-${String(++serial).padStart(4, '0')}`;
        const area = areaOf(town, areas[(serial - 1) % areas.length]);
        const name = NAMED_POINTS[id] ?? {
          zh: `${area.name.zh}${ROLE_NAMES[role].zh}${number}`,
          en: `${area.name.en} ${ROLE_NAMES[role].en} ${number}`,
        };
        const [minPressure, maxPressure] = PRESSURE_LIMITS[role];
        yield {
          id,
          kind: 'water-pressure',
          ...named(name.zh, name.en),
          ...inArea(area.id, town),
          parent: zone,
          ...WATER,
          ...at(near(area, 800, random)),
          'attributes.role': role,
          'attributes.minPressure': minPressure,
          'attributes.maxPressure': maxPressure,
          ...(role === 'end' ? { 'attributes.storeys': 2 } : {}),
        };
      }
    }
  }
}

function* gas(town: Town, random: () => number): Generator<Row> {
  let serial = 0;
  const regulators = town.network.filter(({ type }) => type === 'regulator');
  for (const [index, regulator] of regulators.entries()) {
    const area = areaOf(town, regulator.area);
    const pressureClass = area.id === 'industrial-park' ? 'medium-b' : 'low';
    const { minOutlet, maxOutlet, basis, sizes } = GAS[pressureClass];
    const common = { ...inArea(area.id, town), parent: regulator.id, ...GAS_CARE };
    yield {
      ...common,
      id: `GR-${String(index + 1).padStart(2, '0')}`,
      kind: 'gas-regulator',
      ...named(regulator.name.zh, regulator.name.en),
      componentCode: componentCode('35', index + 1),
      ...at(near(area, 200, random)),
      'attributes.class': pressureClass,
      'attributes.minOutlet': minOutlet,
      'attributes.maxOutlet': maxOutlet,
    };
    for (let number = 1; number <= METERS_PER_REGULATOR; number++) {
      yield {
        ...common,
        id: `GM-${String(++serial).padStart(4, '0')}`,
        kind: 'gas-meter',
        ...named(`${area.name.zh}燃气表${number}`, `${area.name.en} gas meter ${number}`),
        ...at(near(area, 700, random)),
        'attributes.basis': basis,
        'attributes.size': sizes[Math.floor(random() * sizes.length)] ?? sizes[0],
      };
    }
  }
}

function* smartPoles(town: Town, random: () => number): Generator<Row> {
  let serial = 0;
  for (const { area: areaId, road, poles, noiseClass } of SMART_POLES) {
    const area = areaOf(town, areaId);
    const roadName = town.roads.find(({ id }) => id === road)?.name;
    for (let number = 1; number <= poles; number++) {
      const id = `SP-${String(++serial).padStart(3, '0')}`;
      yield {
        id,
        kind: 'smart-pole',
        ...named(`${roadName?.zh}智慧灯杆${number}`, `${roadName?.en} smart pole ${number}`),
        ...inArea(area.id, town),
        road,
        ...POLES,
        componentCode: componentCode('17', serial),
        aliases: `LL-ZHDG-${String(serial).padStart(3, '0')}`,
        ...at(near(area, 600, random)),
        'attributes.tiltBaseline': (random() * 1.5).toFixed(1),
        'attributes.noiseClass': noiseClass,
      };
    }
  }
}

function care(organisation: string, owner: string, maintainer: string): Row {
  return { organisation, owner: `${owner}（合成数据）`, maintainer: `${maintainer}（合成数据）` };
}

function named(zh: string, en: string): Row {
  return { 'name.zh': zh, 'name.en': en };
}

function at([lon, lat]: Location): Row {
  return { lon: lon.toFixed(6), lat: lat.toFixed(6) };
}

/** The area, and the grid cell 单元网格 that stands for it. */
function inArea(id: string | undefined, town: Town): Row {
  const area = areaOf(town, id);
  return { area: area.id, gridCell: `LL-${String(town.areas.indexOf(area)).padStart(2, '0')}` };
}

function areaOf(town: Town, id: string | undefined): Area {
  const area = town.areas.find((candidate) => candidate.id === id);
  if (area === undefined) throw new Error(`town.yaml has no area ${id}`);
  return area;
}

/** In the manner of CJ/T 214: the district's code, class 01 (public utilities), subclass, number. To be verified with the bureau. */
function componentCode(subclass: string, serial: number): string {
  return `32131101${subclass}${String(serial).padStart(6, '0')}`;
}

/** A place within `metres` of the middle of the area. */
function near(area: Area, metres: number, random: () => number): Location {
  return moved(area.location ?? [118.4, 33.9], random() * 360, Math.sqrt(random()) * metres);
}

/** The place `metres` away towards `bearing` (degrees clockwise from north). */
function moved([lon, lat]: Location, bearing: number, metres: number): Location {
  const angle = (bearing * Math.PI) / 180;
  const degree = 111_320;
  const shrink = Math.cos((lat * Math.PI) / 180);
  return [lon + (Math.sin(angle) * metres) / (degree * shrink), lat + (Math.cos(angle) * metres) / degree];
}

/** Numbers in 0..1 that are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(FOLDER, 'devices.csv'), makeDevices());
