import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Name } from '../src/model/primitives.ts';
import { Board } from './board.ts';
import { areaColumn, columnsOf, deviceColumn, saidColumn } from './columns.ts';
import { chart, columnOf, figure, table, valuesOf } from './panels.ts';
import type { Pen } from './pen.ts';
import { chosen, lines, newest, newestRows } from './query.ts';

const METER = 'gas-meter';
const REGULATOR = 'gas-regulator';
const WITHIN = chosen(['area', 'device']);
const STATE = ['outletPressure', 'inletPressure', 'flow', 'temperature', 'leak', 'slamShut', 'doorOpen'];

/** For the gas company: leaks first, then the pressure behind each regulator, then what is used. */
export function gas(pen: Pen): Dashboard {
  const { facts } = pen;
  const { areas } = facts.town;
  const [hourly, minutely] = [facts.interval(METER), facts.interval(REGULATOR)];
  const regulators = (field: string, title: Name) =>
    chart(pen, {
      title,
      size: [12, 8],
      every: minutely,
      ...valuesOf(pen, REGULATOR, field),
      queries: [lines(REGULATOR, field, 'device', 'mean', WITHIN)],
    });
  const levels: Name = {
    zh: '虚线为规则中的报警值（%LEL）。',
    en: 'Dashed: the figures (%LEL) at which the rules speak.',
  };

  return new Board(pen, {
    id: 'gas',
    title: { zh: '燃气', en: 'Gas' },
    about: {
      zh: '可燃气体浓度、调压箱压力与用气量。压力均为表压。',
      en: 'Gas in the air, the regulators’ pressures, and what is used. All pressures are gauge.',
    },
    refresh: '30s',
    choices: { of: [METER, REGULATOR], tags: ['area', 'device'] },
  })
    .top(
      figure(pen, {
        title: { zh: '调压箱最高浓度', en: 'Highest leak at a regulator' },
        about: levels,
        size: [6, 5],
        back: 3 * minutely,
        ...valuesOf(pen, REGULATOR, 'leak'),
        decimals: 1,
        queries: [newest(REGULATOR, 'leak', 'max', WITHIN)],
      }),
      figure(pen, {
        title: { zh: '燃气表最高浓度', en: 'Highest leak at a meter' },
        about: {
          zh: '带探测器的燃气表，三个上报周期内最新值中的最高值；达到报警值时即时上报。',
          en: 'Of the meters with a detector: the highest of their newest values within three report intervals. They speak at once when a level is reached.',
        },
        size: [6, 5],
        back: 3 * hourly,
        ...valuesOf(pen, METER, 'leak'),
        decimals: 1,
        queries: [newest(METER, 'leak', 'max', WITHIN)],
      }),
      figure(pen, {
        title: { zh: '在报燃气表', en: 'Meters that report' },
        size: [4, 5],
        back: 3 * hourly,
        queries: [newest(METER, 'volume', 'count', WITHIN)],
      }),
      figure(pen, {
        title: { zh: '在报调压箱', en: 'Regulators that report' },
        size: [4, 5],
        back: 3 * minutely,
        queries: [newest(REGULATOR, 'outletPressure', 'count', WITHIN)],
      }),
      figure(pen, {
        title: { zh: '最低电量', en: 'Lowest battery' },
        size: [4, 5],
        ...valuesOf(pen, METER, 'battery'),
        decimals: 0,
        queries: [newest(METER, 'battery', 'min', WITHIN)],
      }),
    )
    .row(
      { zh: '泄漏', en: 'Leaks' },
      chart(pen, {
        title: { zh: '调压箱可燃气体浓度', en: 'Gas in the air at regulators' },
        about: levels,
        size: [12, 8],
        every: minutely,
        ...valuesOf(pen, REGULATOR, 'leak'),
        queries: [lines(REGULATOR, 'leak', 'device', 'max', WITHIN)],
      }),
      chart(pen, {
        title: { zh: '各区域燃气表最高浓度', en: 'Highest gas in the air at meters, by area' },
        about: levels,
        size: [12, 8],
        every: hourly,
        ...valuesOf(pen, METER, 'leak'),
        queries: [lines(METER, 'leak', 'area', 'max', WITHIN)],
        names: areas,
      }),
    )
    .row(
      { zh: '调压箱', en: 'Regulators' },
      regulators('outletPressure', { zh: '出口压力', en: 'Outlet pressure' }),
      regulators('inletPressure', { zh: '进口压力', en: 'Inlet pressure' }),
      table(pen, {
        title: { zh: '各调压箱最新状态', en: 'Newest state of each regulator' },
        size: [24, 8],
        query: newestRows(REGULATOR, STATE, WITHIN),
        columns: {
          device: deviceColumn(pen, 'gas'),
          area: areaColumn(pen),
          ...columnsOf(pen, REGULATOR, STATE),
          Time: saidColumn(),
        },
        sort: { by: 'leak', desc: true },
      }),
    )
    .row(
      { zh: '用气', en: 'Use' },
      chart(pen, {
        title: { zh: '各区域每小时用气量', en: 'Gas used each hour, by area' },
        about: {
          zh: '由累计气量的增量求得；表计基准（工况或标况）可能不一。',
          en: 'From the growth of the meters’ counters. Their conditions (working or standard) may differ.',
        },
        size: [12, 9],
        every: hourly,
        as: 'bars',
        unit: pen.unit(METER, 'volume'),
        queries: [
          {
            influxql: `SELECT sum("used") FROM (SELECT non_negative_difference(last("volume")) AS "used" FROM "${METER}" WHERE ${WITHIN} GROUP BY time($__interval), "device", "area") WHERE $timeFilter GROUP BY time($__interval), "area" fill(null)`,
            alias: '$tag_area',
          },
        ],
        names: areas,
      }),
      chart(pen, {
        title: { zh: '各调压箱流量', en: 'Flow through each regulator' },
        size: [12, 9],
        every: minutely,
        ...valuesOf(pen, REGULATOR, 'flow'),
        queries: [lines(REGULATOR, 'flow', 'device', 'mean', WITHIN)],
      }),
      table(pen, {
        title: { zh: '各燃气表最新状态', en: 'Newest state of each meter' },
        size: [24, 11],
        query: newestRows(
          METER,
          ['volume', 'flow', 'valveOpen', 'tamper', 'magnetic', 'leak', 'battery', 'rssi'],
          WITHIN,
        ),
        columns: {
          device: deviceColumn(pen, 'gas'),
          area: areaColumn(pen),
          ...columnsOf(pen, METER, ['volume', 'flow', 'tamper', 'magnetic', 'leak']),
          valveOpen: columnOf(pen, METER, 'valveOpen', {
            words: {
              true: { text: pen.say({ zh: '开', en: 'open' }) },
              false: { text: pen.say({ zh: '关', en: 'closed' }), color: 'orange' },
            },
          }),
          battery: columnOf(pen, METER, 'battery', { as: 'bar', decimals: 0 }),
          rssi: columnOf(pen, METER, 'rssi', { decimals: 0 }),
          Time: saidColumn(),
        },
        sort: { by: 'leak', desc: true },
      }),
    )
    .build();
}
