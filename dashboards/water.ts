import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Name } from '../src/model/primitives.ts';
import { SERIES } from '../src/model/series.ts';
import { Board } from './board.ts';
import { areaColumn, deviceColumn, saidColumn } from './columns.ts';
import { chart, columnOf, figure, rate, table, valuesOf, YEAR } from './panels.ts';
import type { Pen } from './pen.ts';
import { chosen, days, lines, newest, newestRows } from './query.ts';
import { boundColors, compliance, compliances, FIGURE_NAMES, FIGURES, INTERVAL } from './series.ts';

const KIND = 'water-pressure';
/** Points of a water network lie along no road. */
const WITHIN = chosen(['area', 'device']);

/** For the engineer of the water network: who is low now, and how the day went. */
export function water(pen: Pen): Dashboard {
  const every = pen.facts.interval(KIND);
  const target = pen.facts.target('pressure-compliance');
  const bounds = boundColors(target);
  const pressure = columnOf(pen, KIND, 'pressure', { decimals: 3 });
  const line = (field: string, title: Name) =>
    chart(pen, {
      title,
      size: [12, 9],
      every,
      ...valuesOf(pen, KIND, field),
      queries: [lines(KIND, field, 'device', 'mean', WITHIN)],
    });

  return new Board(pen, {
    id: 'water',
    title: { zh: '供水', en: 'Water' },
    about: {
      zh: '管网各测压点的水压、流量与设备状况。上下限由各测压点自定，合格率据此判定。',
      en: 'Pressure, flow and the loggers’ own state at each point of the network. Limits are each point’s own; compliance is judged by them.',
    },
    refresh: '1m',
    choices: { of: [KIND], tags: ['area', 'device'] },
  })
    .top(
      figure(pen, {
        title: { zh: '所选时段全镇压力合格率', en: 'Pressure compliance of the town in the time chosen' },
        about: INTERVAL,
        size: [12, 5],
        ...rate(null),
        names: FIGURE_NAMES,
        apart: { ...bounds },
        queries: [compliance('town')],
      }),
      figure(pen, {
        title: { zh: '最低水压', en: 'Lowest pressure' },
        about: {
          zh: '三个上报周期内各点最新水压中的最低值。',
          en: 'The lowest of the points’ newest pressures, of three report intervals.',
        },
        size: [4, 5],
        back: 3 * every,
        ...valuesOf(pen, KIND, 'pressure'),
        decimals: 3,
        queries: [newest(KIND, 'pressure', 'min', WITHIN)],
      }),
      figure(pen, {
        title: { zh: '在报测压点', en: 'Points that report' },
        about: {
          zh: '三个上报周期内有读数的测压点数。两小时上报一次的低功耗记录仪，周期之间不在此数。',
          en: 'Points with a reading within three report intervals. A logger that uploads every two hours is not among them in between.',
        },
        size: [4, 5],
        back: 3 * every,
        queries: [newest(KIND, 'pressure', 'count', WITHIN)],
      }),
      figure(pen, {
        title: { zh: '最低电量', en: 'Lowest battery' },
        size: [4, 5],
        ...valuesOf(pen, KIND, 'battery'),
        decimals: 0,
        queries: [newest(KIND, 'battery', 'min', WITHIN)],
      }),
    )
    .row(
      { zh: '压力与流量', en: 'Pressure and flow' },
      line('pressure', { zh: '各点水压', en: 'Pressure by point' }),
      line('flow', { zh: '各点流量', en: 'Flow by point' }),
      table(pen, {
        title: { zh: '各点最新读数', en: 'Newest of each point' },
        size: [13, 11],
        query: newestRows(KIND, ['pressure', 'flow', 'temperature', 'battery', 'rssi'], WITHIN),
        columns: {
          device: deviceColumn(pen, 'water'),
          area: areaColumn(pen),
          pressure,
          flow: columnOf(pen, KIND, 'flow', { decimals: 2 }),
          temperature: columnOf(pen, KIND, 'temperature', { decimals: 1 }),
          battery: columnOf(pen, KIND, 'battery', { as: 'bar', decimals: 0 }),
          rssi: columnOf(pen, KIND, 'rssi', { decimals: 0 }),
          Time: saidColumn(),
        },
        sort: { by: 'pressure' },
      }),
      table(pen, {
        title: { zh: '所选时段内水压的范围', en: 'Range of the pressure in the time chosen' },
        size: [11, 11],
        query: `SELECT min("pressure") AS "lowest", mean("pressure") AS "mean", max("pressure") AS "highest", count("pressure") AS "readings" FROM "${KIND}" WHERE ${WITHIN} GROUP BY "device"`,
        columns: {
          device: deviceColumn(pen, 'water'),
          lowest: { ...pressure, title: { zh: '最低', en: 'Lowest' } },
          mean: { ...pressure, title: { zh: '平均', en: 'Mean' } },
          highest: { ...pressure, title: { zh: '最高', en: 'Highest' } },
          readings: { title: { zh: '读数', en: 'Readings' }, decimals: 0 },
        },
        sort: { by: 'lowest' },
      }),
    )
    .row(
      { zh: '合格率', en: 'Compliance' },
      chart(pen, {
        title: { zh: '各供水分区每小时合格率', en: 'Compliance each hour, by zone' },
        size: [11, 10],
        every: SERIES.pressure_compliance.width / 1_000,
        ...rate(target),
        queries: [compliances('zone')],
        names: pen.facts.town.network,
      }),
      table(pen, {
        title: { zh: '所选时段各点合格率', en: 'Compliance of each point in the time chosen' },
        about: INTERVAL,
        size: [13, 10],
        query: compliance('point', ' AND "id" =~ /^$device$/ GROUP BY "id"').influxql,
        columns: {
          id: { title: { zh: '测压点', en: 'Point' } },
          reported: { title: FIGURES.reported, ...rate(null) },
          low: { title: FIGURES.low, ...bounds.low, as: 'light' },
          high: { title: FIGURES.high, ...bounds.high, as: 'light' },
          coverage: { title: FIGURES.coverage, ...rate(null) },
        },
        sort: { by: 'low' },
      }),
    )
    .closedRow(
      { zh: '近一年', en: 'A year' },
      chart(pen, {
        title: { zh: '各点每日最低水压', en: 'Lowest pressure of each day, by point' },
        size: [12, 9],
        ...YEAR,
        ...valuesOf(pen, KIND, 'pressure'),
        queries: [days(pen, KIND, 'pressure', 'device', 'min', WITHIN)],
      }),
      chart(pen, {
        title: { zh: '各点每日平均水压', en: 'Mean pressure of each day, by point' },
        size: [12, 9],
        ...YEAR,
        ...valuesOf(pen, KIND, 'pressure'),
        queries: [days(pen, KIND, 'pressure', 'device', 'mean', WITHIN)],
      }),
    )
    .closedRow(
      { zh: '记录仪', en: 'Loggers' },
      line('temperature', { zh: '水温', en: 'Water temperature' }),
      line('battery', { zh: '电池电量', en: 'Battery' }),
    )
    .build();
}
