import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Name } from '../src/model/primitives.ts';
import { Board } from './board.ts';
import { areaColumn, columnsOf, deviceColumn, saidColumn } from './columns.ts';
import { chart, figure, table, valuesOf, YEAR } from './panels.ts';
import type { Pen } from './pen.ts';
import { chosen, days, lines, newestRows } from './query.ts';

const KIND = 'smart-pole';
/** Limits of air and noise hold for hourly means at the shortest: nothing shorter is shown of them. */
const HOUR = 3_600;
const REFERENCE: Name = {
  zh: '小时均值（噪声为分贝的算术平均，非等效声级）。微站参考值，不作为执法依据。',
  en: 'Hourly means (of noise the plain mean of decibels, which is no equivalent level). Reference values of a micro station, no ground for enforcement.',
};
const SAFETY = ['tilt', 'leakageCurrent', 'mainsVoltage', 'doorOpen', 'waterImmersion'];

/** Smart poles: the air and the weather around them, and whether they are safe themselves. */
export function poles(pen: Pen): Dashboard {
  const { facts } = pen;
  const { areas } = facts.town;
  const every = facts.interval(KIND);
  const lastHour = (field: string) =>
    figure(pen, {
      title: facts.field(KIND, field).name,
      about: REFERENCE,
      size: [4, 5],
      back: HOUR,
      ...valuesOf(pen, KIND, field),
      decimals: 0,
      queries: [`SELECT mean("${field}") FROM "${KIND}" WHERE ${chosen()}`],
    });
  const byArea = (field: string, width: number, about?: Name) =>
    chart(pen, {
      title: facts.field(KIND, field).name,
      ...(about === undefined ? {} : { about }),
      size: [width, 8],
      every: about === REFERENCE ? HOUR : every,
      ...valuesOf(pen, KIND, field),
      queries: [lines(KIND, field, 'area')],
      names: areas,
    });
  const byDevice = (field: string) =>
    chart(pen, {
      title: facts.field(KIND, field).name,
      size: [8, 8],
      every,
      ...valuesOf(pen, KIND, field),
      queries: [lines(KIND, field, 'device', 'max')],
    });

  return new Board(pen, {
    id: 'poles',
    title: { zh: '智慧灯杆与环境', en: 'Smart poles and environment' },
    about: {
      zh: '空气、噪声、气象（微站参考值，不作为执法依据）与灯杆自身安全。',
      en: 'Air, noise and weather (reference values of micro stations, no ground for enforcement), and the poles’ own safety.',
    },
    refresh: '1m',
    choices: { of: [KIND], tags: ['area', 'road', 'device'] },
  })
    .top(...['pm25', 'pm10', 'noise', 'temperature', 'humidity', 'windSpeed'].map(lastHour))
    .row(
      { zh: '空气与噪声', en: 'Air and noise' },
      byArea('pm25', 8, REFERENCE),
      byArea('pm10', 8, REFERENCE),
      byArea('noise', 8, REFERENCE),
    )
    .row(
      { zh: '气象', en: 'Weather' },
      byArea('temperature', 6),
      byArea('humidity', 6),
      byArea('windSpeed', 6),
      byArea('illuminance', 6),
    )
    .row(
      { zh: '灯杆安全', en: 'The poles’ safety' },
      byDevice('tilt'),
      byDevice('leakageCurrent'),
      byDevice('mainsVoltage'),
      table(pen, {
        title: { zh: '各灯杆最新状态', en: 'Newest state of each pole' },
        size: [24, 11],
        query: newestRows(KIND, SAFETY),
        columns: {
          device: deviceColumn(pen, 'poles'),
          area: areaColumn(pen),
          ...columnsOf(pen, KIND, SAFETY),
          Time: saidColumn(),
        },
        sort: { by: 'leakageCurrent', desc: true },
      }),
    )
    .closedRow(
      { zh: '近一年', en: 'A year' },
      ...['pm25', 'pm10', 'noise'].map((field) =>
        chart(pen, {
          title: facts.field(KIND, field).name,
          about: {
            zh: '各灯杆日均值的平均。微站参考值，不作为执法依据。',
            en: 'Mean of the poles’ daily means. Reference values of a micro station, no ground for enforcement.',
          },
          size: [8, 8],
          ...YEAR,
          ...valuesOf(pen, KIND, field),
          queries: [days(pen, KIND, field, 'area', 'mean')],
          names: areas,
        }),
      ),
    )
    .build();
}
