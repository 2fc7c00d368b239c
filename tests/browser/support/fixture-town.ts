import type {
  Bucket,
  FaultKind,
  LeakReading,
  LightingRate,
  ListedDevice,
  Readiness,
  TownClock,
} from '../../../src/console/api.ts';
import type { Alert } from '../../../src/model/alert.ts';
import type { Kind } from '../../../src/model/kind.ts';
import type { Ledger } from '../../../src/model/ledger.ts';
import { instant } from '../../../src/model/primitives.ts';
import type { Area, Organisation } from '../../../src/model/town.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { openAlerts, resolvedAlerts } from './fixture-alerts.ts';

/**
 * The states of the town that the page is looked at in: a calm night, a calm day, a night with a feeder dark and pressure
 * low, a night with concentrators silent, a start whose history is
 * still being made, and a service of which nobody has registered anything yet.
 */
export type Scene = 'night' | 'day' | 'breach' | 'silent' | 'starting' | 'empty';

/** What the service would answer in a scene, by path (without `/api/v1`), as CONTRACT.md §4 shapes it. */
export interface Answers {
  ready: Readiness;
  clock: TownClock;
  ledger: Ledger;
  rates: Record<'town' | 'village' | 'feeder', LightingRate[]>;
  open: Alert[];
  resolved: Alert[];
  devices: ListedDevice[];
  pressures: Bucket[];
  /** Of regulators and of meters, which the service is asked for one by one. */
  leaks: Record<'gas-regulator' | 'gas-meter', LeakReading[]>;
  areas: Area[];
  organisations: Organisation[];
  kinds: Kind[];
  faultKinds: FaultKind[];
}

const VILLAGES: [id: string, zh: string, en: string][] = [
  ['jizhen', '集镇区', 'Town centre'],
  ['gongye', '工业园区', 'Industrial park'],
  ['juzhu', '集中居住区', 'Residential quarter'],
  ['bailuhu', '白鹿湖', 'Bailu Lake'],
  ['s268', '268省道沿线', 'Along provincial road 268'],
  ['hangdao', '宿连航道沿线', 'Along the Sulian waterway'],
  ['chengbei', '城北河桥', 'Chengbei River bridge'],
  ['liyuan', '梨园桥公园', 'Liyuan Bridge park'],
  ['yizhi', '宿北大战遗址公园', 'Subei battlefield memorial park'],
  ['shuzhi', '来龙数智广场', 'Lailong digital square'],
];
const FEEDERS = 80;
const LAMPS_PER_FEEDER = 38;
const FIVE_MINUTES = 300_000;

/** Builds a scene's answers; the same every time. */
export function answersFor(scene: Scene): Answers {
  const now = Date.parse(scene === 'day' ? '2026-11-23T10:20:31+08:00' : '2026-11-23T20:31:05+08:00');
  const dark = scene !== 'day';
  if (scene === 'empty') return withoutDevices(answersFor('night'));
  const feeders = Array.from({ length: FEEDERS }, (_, index) => feeder(scene, index, now));
  return {
    ready:
      scene === 'starting'
        ? { status: 'ready', checks: { journal: 'ok', history: 'ok', demo: 'making history 43 %' } }
        : { status: 'ready', checks: { journal: 'ok', history: 'ok', demo: 'ok' } },
    clock: { now: instant(now), trial: true, speed: 10, timeZone: 'Asia/Shanghai' },
    ledger: ledger(scene),
    rates: {
      town: [sum('town', 'lailong', { zh: '来龙镇', en: 'Lailong' }, feeders, dark, now)],
      village: VILLAGES.map(([id, zh, en], index) =>
        sum(
          'village',
          id,
          { zh, en },
          feeders.filter((_, at) => at % VILLAGES.length === index),
          dark,
          now,
        ),
      ),
      feeder: feeders,
    },
    open: openAlerts(scene, now),
    resolved: resolvedAlerts(now),
    devices: devices(scene),
    pressures: pressures(scene, now),
    leaks: leaks(scene, now),
    areas: [
      { id: 'suyu', name: { zh: '宿豫区', en: 'Suyu District' }, level: 'district', parent: null },
      { id: 'lailong', name: { zh: '来龙镇', en: 'Lailong' }, level: 'town', parent: 'suyu' },
      ...VILLAGES.map(([id, zh, en]): Area => ({ id, name: { zh, en }, level: 'village', parent: 'lailong' })),
    ],
    organisations: [
      { id: 'urban-management', name: { zh: '区城管局', en: 'Urban management bureau' } },
      { id: 'water-company', name: { zh: '水投集团', en: 'Water company' } },
      { id: 'gas-company', name: { zh: '燃气公司', en: 'Gas company' } },
    ],
    kinds: kinds(),
    faultKinds: [
      { fault: 'feeder-outage', targets: feeders.slice(0, 3).map(({ id, name }) => ({ id, name })) },
      { fault: 'pressure-drop', targets: [{ id: 'WP-0007', name: { zh: '测压点7', en: 'Pressure point 7' } }] },
    ],
  };
}

function withoutDevices(answers: Answers): Answers {
  return {
    ...answers,
    rates: { town: [], village: [], feeder: [] },
    devices: [],
    pressures: [],
    leaks: { 'gas-regulator': [], 'gas-meter': [] },
    resolved: [],
  };
}

function name(zh: string, en: string, index: number) {
  return { zh: `${zh}${index + 1}`, en: `${en} ${index + 1}` };
}

function feeder(scene: Scene, index: number, now: number): LightingRate {
  const [, zh, en] = VILLAGES[index % VILLAGES.length]!;
  const expected = scene === 'day' ? 0 : LAMPS_PER_FEEDER;
  const dead = scene === 'breach' && index % 23 === 4;
  const mute = scene === 'silent' && index % 11 === 2;
  const out = dead ? expected : Math.min(expected, index % 7 === 3 ? 1 : 0);
  const unknown = mute ? expected : 0;
  return rate('feeder', `F-${String(index + 1).padStart(3, '0')}`, name(`${zh}回路`, `${en} feeder`, index), {
    dark: scene !== 'day',
    expected,
    out: mute ? 0 : out,
    unknown,
    now,
  });
}

interface Counts {
  dark: boolean;
  expected: number;
  out: number;
  unknown: number;
  now: number;
}

function rate(group: LightingRate['group'], id: string, named: LightingRate['name'], counts: Counts): LightingRate {
  const { dark, expected, out, unknown, now } = counts;
  const lit = expected - out - unknown;
  const low = dark ? lit / expected : null;
  const high = dark ? (lit + unknown) / expected : null;
  const verdict: Verdict =
    low === null || high === null ? 'idle' : high < 0.97 ? 'breach' : low >= 0.97 ? 'ok' : 'unknown';
  return {
    group,
    id,
    name: named,
    dark,
    expected,
    lit,
    out,
    unknown,
    low,
    high,
    reported: dark && lit + out > 0 ? lit / (lit + out) : null,
    coverage: dark ? (lit + out) / expected : null,
    target: 0.97,
    verdict,
    reason: dark ? null : 'daylight',
    at: instant(now - 5_000),
    lastNight: { date: '2026-11-22', low: 0.9712, high: 0.983, reported: 0.9821, verdict: 'ok' },
  };
}

function sum(
  group: 'town' | 'village',
  id: string,
  named: LightingRate['name'],
  parts: LightingRate[],
  dark: boolean,
  now: number,
) {
  const total = (key: 'expected' | 'out' | 'unknown') => parts.reduce((all, part) => all + part[key], 0);
  return rate(group, id, named, {
    dark,
    expected: total('expected'),
    out: total('out'),
    unknown: total('unknown'),
    now,
  });
}

function ledger(scene: Scene): Ledger {
  const lost = scene === 'breach' ? 3 : 0;
  return {
    received: 120_045,
    stored: 119_980 - lost,
    imported: 0,
    merged: 12,
    duplicate: 40,
    rejected: 5,
    pending: 20,
    balanced: lost === 0,
    since: 'creation of the data directory',
    fields: { rejected: 3, unknown: 12 },
    deadLettersPurged: 0,
    byKind: {},
    history: {
      store: 'duckdb',
      state: 'up',
      lagSeconds: 0.4182,
      backlogBytes: 0,
      journalBytes: 73_400_320,
      journalMaxBytes: 8_589_934_592,
    },
  };
}

function device(
  kind: string,
  id: string,
  named: ListedDevice['name'],
  verdict: Verdict,
  attributes: ListedDevice['attributes'] = {},
): ListedDevice {
  return {
    id,
    kind,
    name: named,
    aliases: [],
    area: 'jizhen',
    road: null,
    parent: null,
    gateway: null,
    organisation: 'urban-management',
    owner: null,
    maintainer: null,
    gridCell: null,
    componentCode: null,
    location: [118.4, 33.9],
    attributes,
    reportInterval: 300,
    sampleInterval: 300,
    power: 'always',
    inService: 'always',
    retiredAt: null,
    verdict,
  };
}

function devices(scene: Scene): ListedDevice[] {
  const many = (kind: string, prefix: string, n: number, zh: string, en: string, verdict: (index: number) => Verdict) =>
    Array.from({ length: n }, (_, index) =>
      device(kind, `${prefix}-${String(index + 1).padStart(4, '0')}`, name(zh, en, index), verdict(index)),
    );
  const lamp = (index: number): Verdict =>
    scene === 'day'
      ? 'idle'
      : scene === 'silent' && index % 11 === 2
        ? 'silent'
        : scene === 'breach' && index % 23 === 4
          ? 'breach'
          : 'ok';
  return [
    ...many('lighting-controller', 'LC', 480, '集中器', 'Concentrator', lamp),
    ...Array.from({ length: 30 }, (_, index) =>
      device(
        'water-pressure',
        `WP-${String(index + 1).padStart(4, '0')}`,
        index === 0
          ? { zh: '来龙配水厂出水口', en: 'Lailong water plant, outlet' }
          : name('测压点', 'Pressure point ', index),
        scene === 'breach' && index === 6 ? 'breach' : 'ok',
        { role: index < 2 ? 'outlet' : 'end', minPressure: index < 2 ? 0.28 : 0.14 },
      ),
    ),
    ...many('gas-meter', 'GM', 300, '燃气表', 'Gas meter', () => 'ok'),
    ...many('gas-regulator', 'GR', 6, '调压箱', 'Regulator', (index) =>
      scene === 'breach' && index === 1 ? 'breach' : 'ok',
    ),
    ...many('smart-pole', 'SP', 40, '智慧杆', 'Smart pole', (index) => (index === 8 ? 'silent' : 'ok')),
  ];
}

function lastHour(now: number): number[] {
  const newest = Math.floor(now / FIVE_MINUTES) * FIVE_MINUTES;
  return Array.from({ length: 12 }, (_, index) => newest - (11 - index) * FIVE_MINUTES);
}

function pressures(scene: Scene, now: number): Bucket[] {
  return lastHour(now).flatMap((ts) =>
    Array.from({ length: 29 }, (_, index) => ({
      ts: instant(ts),
      device: `WP-${String(index + 1).padStart(4, '0')}`,
      mean: scene === 'breach' && index === 6 ? 0.118 : index < 2 ? 0.362 : 0.178 + ((index * 7) % 23) / 250,
    })),
  );
}

/** Every regulator has a detector and speaks all the time; of the meters three have one and speak once an hour. */
function leaks(scene: Scene, now: number): Answers['leaks'] {
  const breach = scene === 'breach';
  return {
    'gas-regulator': lastHour(now).flatMap((ts, at) =>
      Array.from({ length: 6 }, (_, index) => ({
        ts: instant(ts),
        device: `GR-000${index + 1}`,
        leak: breach && index === 1 && at === 11 ? 61.4 : 0.8 + index / 10,
      })),
    ),
    'gas-meter': [7, 8, 9].map((index) => ({
      ts: instant(now - index * 60_000),
      device: `GM-000${index}`,
      leak: breach && index === 8 ? 72.5 : 0.1,
    })),
  };
}

function kinds(): Kind[] {
  const kind = (id: string, zh: string, en: string, fields: Kind['fields']): Kind => ({
    id,
    name: { zh, en },
    reportInterval: 300,
    power: 'always',
    fields,
    attributes: {},
    groupSums: [],
  });
  return [
    kind('lighting-controller', '照明控制器', 'Lighting controller', {
      voltage: { type: 'number', name: { zh: '电压', en: 'Voltage' }, unit: 'V' },
    }),
    kind('water-pressure', '测压点', 'Pressure point', {
      pressure: { type: 'number', name: { zh: '压力', en: 'Pressure' }, unit: 'MPa' },
    }),
    kind('gas-meter', '燃气表', 'Gas meter', {}),
    kind('gas-regulator', '调压箱', 'Gas regulator', {
      leak: { type: 'number', name: { zh: '燃气浓度', en: 'Gas concentration' }, unit: '%LEL' },
    }),
    kind('smart-pole', '智慧灯杆', 'Smart pole', {}),
  ];
}
