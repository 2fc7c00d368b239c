import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { WORDS } from '../src/console/words.ts';
import { Board } from './board.ts';
import { BAD, GOOD } from './facts.ts';
import { chart, figure, table } from './panels.ts';
import type { Pen } from './pen.ts';
import { newestOfKinds, type Query } from './query.ts';
import type { FieldOf } from './series.ts';

const MINUTE = 60;
const HOUR = 3_600;
const ACCOUNTS = [
  'received',
  'stored',
  'merged',
  'duplicate',
  'rejected',
  'pending',
] as const satisfies FieldOf<'ledger'>[];
/** The history's own record of changes and outages, written beside the readings. */
const EVENTS = 'townpulse:events';

/** For the operator: whether readings come in, and whether all of them arrive. */
export function pipeline(pen: Pen): Dashboard {
  const { ledger } = pen.words;
  const whole = `$timeFilter AND "kind" = 'all'`;
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
        size: [24, 4],
        unit: 'dateTimeFromNow',
        queries: newestOfKinds(pen),
      }),
    )
    .row(
      { zh: WORDS.zh.ledger.title, en: WORDS.en.ledger.title },
      figure(pen, {
        title: { zh: '台账（样本数）', en: 'The ledger, in samples' },
        about: { zh: WORDS.zh.ledger.equation, en: WORDS.en.ledger.equation },
        size: [16, 5],
        back: HOUR,
        names: ACCOUNTS.map((id) => ({ id, name: { zh: WORDS.zh.ledger[id], en: WORDS.en.ledger[id] } })),
        decimals: 0,
        apart: {
          rejected: {
            steps: [
              { from: Number.NEGATIVE_INFINITY, color: GOOD },
              { from: 1, color: 'orange' },
            ],
          },
        },
        queries: [
          {
            influxql: `SELECT ${ACCOUNTS.map((name) => `last("${name}") AS "${name}"`).join(', ')} FROM "ledger" WHERE ${whole}`,
            alias: '$col',
          },
        ],
      }),
      figure(pen, {
        title: { zh: '去向不明', en: 'Unaccounted for' },
        about: {
          zh: '收到 − 入库 − 重复 − 异常 − 待入库；不为零即台账不平。',
          en: 'Received − stored − duplicate − rejected − pending. Anything but zero: the ledger does not balance.',
        },
        size: [4, 5],
        back: HOUR,
        decimals: 0,
        steps: [
          { from: Number.NEGATIVE_INFINITY, color: BAD },
          { from: 0, color: GOOD },
          { from: 1, color: BAD },
        ],
        queries: [
          `SELECT last("received") - last("stored") - last("duplicate") - last("rejected") - last("pending") FROM "ledger" WHERE ${whole}`,
        ],
      }),
      figure(pen, {
        title: { zh: WORDS.zh.ledger.lag, en: WORDS.en.ledger.lag },
        about: {
          zh: '尚未入库的最早样本已等待的时间。',
          en: 'How long the oldest sample waits that is not yet in the history.',
        },
        size: [4, 5],
        back: HOUR,
        unit: 's',
        queries: [`SELECT last("lagSeconds") FROM "ledger" WHERE ${whole}`],
      }),
      chart(pen, {
        title: { zh: '每分钟收到与入库', en: 'Received and stored per minute' },
        size: [12, 8],
        every: MINUTE,
        queries: (['received', 'stored', 'duplicate', 'rejected'] as const).map((name) => ({
          influxql: `SELECT non_negative_derivative(last("${name}"), 1m) FROM "ledger" WHERE ${whole} GROUP BY time($__interval) fill(null)`,
          alias: ledger[name],
        })),
      }),
      chart(pen, {
        title: { zh: '积压与日志占用', en: 'Backlog and journal' },
        size: [12, 8],
        every: MINUTE,
        unit: 'bytes',
        queries: [
          {
            influxql: `SELECT last("backlogBytes") FROM "ledger" WHERE ${whole} GROUP BY time($__interval) fill(null)`,
            alias: pen.say({ zh: '待入库', en: 'Backlog' }),
          },
          {
            influxql: `SELECT last("journalBytes") FROM "ledger" WHERE ${whole} GROUP BY time($__interval) fill(null)`,
            alias: ledger.journal,
          },
        ],
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
          detail: { title: { zh: '详情', en: 'Detail' }, isLong: true },
        },
      }),
    )
    .build();
}
