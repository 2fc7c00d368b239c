import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { Board } from './board.ts';
import { chart, figure, table } from './panels.ts';
import type { Pen } from './pen.ts';
import type { Query } from './query.ts';

const MINUTE = 60;
/** The history's own record of changes and outages, written beside the readings. */
const EVENTS = 'townpulse:events';

/** For the operator: whether readings come in, and whether all of them arrive. */
export function pipeline(pen: Pen): Dashboard {
  const kinds = [...pen.facts.kinds.values()];
  const ofEach = (select: string, rest = ''): Query[] =>
    kinds.map(({ id, name }) => ({
      influxql: `SELECT ${select} FROM "${id}" WHERE $timeFilter${rest}`,
      alias: pen.say(name),
    }));

  return new Board(pen, {
    id: 'pipeline',
    title: { zh: '数据链路', en: 'Pipeline health' },
    about: {
      zh: '读数是否到来、是否全部入库。',
      en: 'Whether readings come in, and whether all of them are stored.',
    },
    refresh: '30s',
  })
    .top(
      figure(pen, {
        title: { zh: '最新读数', en: 'Newest reading' },
        about: {
          zh: '各类设备最近一条读数到达的时间。久无更新即链路有故障。',
          en: 'When the last reading of each kind arrived. One that stays old is a fault on the way.',
        },
        size: [24, 5],
        unit: 'dateTimeFromNow',
        queries: ofEach('last("receivedAt")'),
      }),
    )
    .row(
      { zh: '入库', en: 'Stored' },
      chart(pen, {
        title: { zh: '每分钟入库读数', en: 'Readings stored per minute' },
        size: [12, 9],
        every: MINUTE,
        as: 'stack',
        queries: ofEach('count("receivedAt")', ' GROUP BY time($__interval) fill(0)'),
      }),
      chart(pen, {
        title: { zh: '在报设备', en: 'Devices that report' },
        about: {
          zh: '每小时内有读数的设备数，按设备类型。',
          en: 'Devices with a reading in the hour, by kind.',
        },
        size: [12, 9],
        every: 3_600,
        as: 'steps',
        queries: kinds.map(({ id, name }) => ({
          influxql: `SELECT count("readings") FROM (SELECT count("receivedAt") AS "readings" FROM "${id}" WHERE $timeFilter GROUP BY time($__interval), "device" fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(0)`,
          alias: pen.say(name),
        })),
      }),
    )
    .row(
      { zh: '变更与中断', en: 'Changes and outages' },
      table(pen, {
        title: { zh: '变更与服务中断', en: 'Changes, and outages of the service itself' },
        about: {
          zh: '台账、城镇与规则的变更，以及服务自身的中断（away）。',
          en: 'Changes of devices, town and rulebook, and `away`: the service itself did not run.',
        },
        size: [24, 9],
        query: `SELECT "what", "by", "detail" FROM "${EVENTS}" WHERE $timeFilter ORDER BY time DESC LIMIT 200`,
        columns: {
          Time: { title: { zh: '时间', en: 'Time' }, unit: 'dateTimeAsSystem', width: 190 },
          what: { title: { zh: '何事', en: 'What' }, width: 120 },
          by: { title: { zh: '何人', en: 'By' }, width: 160 },
          detail: { title: { zh: '详情', en: 'Detail' } },
        },
      }),
    )
    .build();
}
