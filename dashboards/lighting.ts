import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { WORDS } from '../src/console/words.ts';
import type { Name } from '../src/model/primitives.ts';
import { SERIES } from '../src/model/series.ts';
import { Board } from './board.ts';
import { areaColumn, columnsOf, deviceColumn, saidColumn, wordsOf } from './columns.ts';
import { bars, chart, figure, rate, table, valuesOf, YEAR } from './panels.ts';
import type { Pen } from './pen.ts';
import { lines, newest, newestRows, sums } from './query.ts';
import { boundColors, FIGURE_NAMES, FIGURES, INTERVAL, lightingRate, nights } from './series.ts';

const KIND = 'lighting-controller';

/** For the lighting crew: how the lamps burn, and which circuit or controller to drive to. */
export function lighting(pen: Pen): Dashboard {
  const { areas, roads, network } = pen.facts.town;
  const target = pen.facts.lightingTarget();
  const bounds = boundColors(target);
  const bucket = SERIES.lighting_rate.width / 1_000;
  const every = pen.facts.interval(KIND);
  const line = (field: string, title: Name) =>
    chart(pen, { title, size: [8, 8], every, ...valuesOf(pen, KIND, field), queries: [lines(KIND, field, 'device')] });

  return new Board(pen, {
    id: 'lighting',
    title: { zh: '照明', en: 'Lighting' },
    about: {
      zh: '亮灯情况与控制器状态。失联不等于灭灯：未上报的灯为未知。',
      en: 'How the lamps burn, and the state of their controllers. Silence is not darkness: a lamp that is not heard of is unknown.',
    },
    refresh: '1m',
    choices: { of: [KIND], tags: ['area', 'road', 'device'] },
  })
    .top(
      figure(pen, {
        title: { zh: '全镇当前亮灯率', en: 'Lighting rate of the town now' },
        about: INTERVAL,
        size: [12, 5],
        back: 3 * bucket,
        ...rate(null),
        names: FIGURE_NAMES,
        apart: { ...bounds },
        queries: [lightingRate('town')],
        none: { zh: WORDS.zh.reason.daylight, en: WORDS.en.reason.daylight },
      }),
      figure(pen, {
        title: { zh: '上报亮灯', en: 'Lamps that say they burn' },
        about: {
          zh: '三个上报周期内各控制器最新上报的实亮盏数之和；不等于亮灯率。',
          en: 'The sum of the lamps lit by each controller’s newest word within three report intervals. It is no lighting rate.',
        },
        size: [4, 5],
        back: 3 * every,
        queries: [newest(KIND, 'lampsLit', 'sum')],
      }),
      figure(pen, {
        title: { zh: '在报控制器', en: 'Controllers that report' },
        about: {
          zh: '三个上报周期内有读数的控制器数。日间断电回路上的单灯控制器白天不上报。',
          en: 'Controllers with a reading within three report intervals. Those on a circuit that is switched off by day say nothing by day.',
        },
        size: [4, 5],
        back: 3 * every,
        queries: [newest(KIND, 'lampsTotal', 'count')],
      }),
      figure(pen, {
        title: { zh: '最低电压', en: 'Lowest voltage' },
        size: [4, 5],
        back: 3 * every,
        ...valuesOf(pen, KIND, 'voltage'),
        decimals: 0,
        queries: [newest(KIND, 'voltage', 'min')],
      }),
    )
    .row(
      { zh: '亮灯率', en: 'Lighting rates' },
      bars(pen, {
        title: { zh: '各区域当前亮灯率（上报口径）', en: 'Lighting rate by area now, as reported' },
        size: [8, 12],
        back: 3 * bucket,
        ...rate(target),
        min: 0.9,
        queries: [
          {
            influxql: `SELECT last("reported") FROM "lighting_rate" WHERE $timeFilter AND "group" = 'village' GROUP BY "id"`,
            alias: '$tag_id',
          },
        ],
        names: areas,
      }),
      table(pen, {
        title: { zh: '各回路当前亮灯情况', en: 'Circuits as they are now' },
        about: INTERVAL,
        size: [16, 12],
        back: 3 * bucket,
        query: `SELECT last("expected") AS "expected", "lit", "out", "unknown", "low", "high", "coverage" FROM "lighting_rate" WHERE $timeFilter AND "group" = 'feeder' GROUP BY "id"`,
        columns: {
          id: { title: { zh: '回路', en: 'Circuit' }, words: wordsOf(pen, network) },
          expected: { title: { zh: '应亮', en: 'Expected' }, decimals: 0 },
          lit: { title: { zh: '亮', en: 'Lit' }, decimals: 0 },
          out: { title: { zh: '灭', en: 'Out' }, decimals: 0 },
          unknown: { title: { zh: '未知', en: 'Unknown' }, decimals: 0 },
          low: { title: FIGURES.low, ...bounds.low, as: 'light' },
          high: { title: FIGURES.high, ...bounds.high, as: 'light' },
          coverage: { title: FIGURES.coverage, ...rate(null) },
        },
        sort: { by: 'low' },
      }),
    )
    .row(
      { zh: '灯', en: 'Lamps' },
      chart(pen, {
        title: { zh: '各区域上报亮灯盏数', en: 'Lamps that say they burn, by area' },
        size: [12, 9],
        every,
        as: 'stack',
        queries: [sums(KIND, 'lampsLit', 'area')],
        names: areas,
      }),
      chart(pen, {
        title: { zh: '各道路上报亮灯盏数', en: 'Lamps that say they burn, by road' },
        size: [12, 9],
        every,
        as: 'stack',
        queries: [sums(KIND, 'lampsLit', 'road')],
        names: roads,
      }),
    )
    .row(
      { zh: '供电与控制器', en: 'Supply and controllers' },
      chart(pen, {
        title: { zh: '各区域最低电压', en: 'Lowest voltage by area' },
        about: {
          zh: '虚线为回路停电的判定值。',
          en: 'Dashed: below it, a circuit counts as dead.',
        },
        size: [12, 8],
        every,
        ...valuesOf(pen, KIND, 'voltage'),
        queries: [lines(KIND, 'voltage', 'area', 'min')],
        names: areas,
      }),
      chart(pen, {
        title: { zh: '各区域功率因数', en: 'Power factor by area' },
        size: [12, 8],
        every,
        ...valuesOf(pen, KIND, 'powerFactor'),
        queries: [lines(KIND, 'powerFactor', 'area')],
        names: areas,
      }),
      table(pen, {
        title: { zh: '各控制器最新状态', en: 'Newest state of each controller' },
        size: [24, 11],
        query: newestRows(KIND, [
          ...['lampsLit', 'lampsTotal', 'road', 'voltage', 'current', 'power'],
          ...['lampFault', 'gearFault', 'relayFault', 'doorOpen'],
        ]),
        columns: {
          device: deviceColumn(pen, 'lighting'),
          area: areaColumn(pen),
          road: { title: { zh: '道路', en: 'Road' }, words: wordsOf(pen, roads) },
          ...columnsOf(pen, KIND, ['lampsLit', 'lampsTotal', 'voltage', 'current', 'power']),
          ...columnsOf(pen, KIND, ['lampFault', 'gearFault', 'relayFault', 'doorOpen']),
          Time: saidColumn(),
        },
        sort: { by: 'voltage' },
      }),
    )
    .closedRow(
      { zh: '近一年', en: 'A year' },
      chart(pen, {
        title: { zh: '全镇每夜亮灯率', en: 'Lighting rate of the town, night by night' },
        about: INTERVAL,
        size: [24, 9],
        ...YEAR,
        ...rate(target),
        names: FIGURE_NAMES,
        band: ['high', 'low'],
        queries: [nights(pen, 'town')],
      }),
    )
    .closedRow(
      { zh: '所选设备（请先选择设备）', en: 'Chosen devices (choose some first)' },
      line('power', { zh: '功率', en: 'Power' }),
      line('current', { zh: '电流', en: 'Current' }),
      line('energy', { zh: '累计电量', en: 'Cumulative energy' }),
    )
    .build();
}
