import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { WORDS } from '../src/console/words.ts';
import { AlertState, Severity } from '../src/model/alert.ts';
import { coverageId, coverageName } from '../src/model/rule.ts';
import { SERIES } from '../src/model/series.ts';
import { Board } from './board.ts';
import { wordsOf } from './columns.ts';
import { type Facts, SEVERITY_COLORS } from './facts.ts';
import { chart, figure, rate, table, valuesOf } from './panels.ts';
import type { Pen } from './pen.ts';
import { newest, newestOfKinds } from './query.ts';
import { boundColors, compliance, compliances, FIGURE_NAMES, INTERVAL, lightingRate, lightingRates } from './series.ts';

const HOUR = 3_600;
const SECOND_MS = 1_000;
/** Who is open for longer is no longer counted here; the console knows him. */
const OPEN_FOR = 30 * 24 * HOUR;

/** For the wall: what the town has promised and whether it holds now, what is wrong, and how fresh the figures are. */
export function town(pen: Pen): Dashboard {
  const { facts, words } = pen;
  const { areas, roads, network, organisations } = facts.town;
  const lit = facts.lightingTarget();
  const held = facts.target('pressure-compliance');
  const bucket = SERIES.lighting_rate.width / SECOND_MS;
  const severities = Severity.options.map((id) => ({
    id,
    name: { zh: WORDS.zh.severity[id], en: WORDS.en.severity[id] },
  }));
  const subjects = wordsOf(pen, [...areas, ...roads, ...network]);
  const states = {
    ...Object.fromEntries(AlertState.options.map((state) => [state, { text: words.state[state] }])),
    none: { text: '–' },
  };

  return new Board(pen, {
    id: 'town',
    title: { zh: '全镇', en: 'Town' },
    about: {
      zh: '全镇的承诺是否兑现、哪里有警、数据是否新鲜。',
      en: 'Whether the town’s promises hold, what is wrong, and how fresh the figures are.',
    },
    refresh: '30s',
  })
    .top(
      figure(pen, {
        title: { zh: '当前亮灯率', en: 'Lighting rate now' },
        about: INTERVAL,
        size: [12, 6],
        back: 3 * bucket,
        ...rate(null),
        names: FIGURE_NAMES,
        apart: { ...boundColors(lit) },
        queries: [lightingRate('town')],
        none: { zh: WORDS.zh.reason.daylight, en: WORDS.en.reason.daylight },
      }),
      figure(pen, {
        title: { zh: '所选时段管网压力合格率', en: 'Pressure compliance in the time chosen' },
        about: INTERVAL,
        size: [12, 6],
        ...rate(null),
        names: FIGURE_NAMES,
        apart: { ...boundColors(held) },
        queries: [compliance('town')],
      }),
      figure(pen, {
        title: { zh: '未结报警', en: 'Open alerts' },
        about: {
          zh: '近 30 天内发生、尚未恢复或结案的报警，按级别。',
          en: 'Alerts of the last 30 days that are neither resolved nor closed, by severity.',
        },
        size: [8, 5],
        back: OPEN_FOR,
        decimals: 0,
        queries: [
          {
            influxql:
              'SELECT sum("open") FROM (SELECT last("open") AS "open" FROM "alerts" WHERE $timeFilter GROUP BY "rule", "subject", "severity") WHERE $timeFilter GROUP BY "severity"',
            alias: '$tag_severity',
          },
        ],
        names: severities,
        apart: Object.fromEntries(
          Severity.options.map((id) => [
            id,
            {
              steps: [
                { from: Number.NEGATIVE_INFINITY, color: 'green' },
                { from: 1, color: SEVERITY_COLORS[id] },
              ],
            },
          ]),
        ),
        none: { zh: '无', en: 'none' },
      }),
      figure(pen, {
        title: { zh: '最新读数到达', en: 'Newest reading arrived' },
        size: [16, 5],
        unit: 'dateTimeFromNow',
        queries: newestOfKinds(pen),
      }),
    )
    .row(
      { zh: '承诺', en: 'Promises' },
      chart(pen, {
        title: { zh: '全镇亮灯率', en: 'Lighting rate of the town' },
        about: INTERVAL,
        size: [12, 9],
        every: bucket,
        ...rate(lit),
        names: FIGURE_NAMES,
        band: ['high', 'low'],
        queries: [lightingRates('town')],
      }),
      chart(pen, {
        title: { zh: '各供水分区压力合格率', en: 'Pressure compliance by zone' },
        size: [12, 9],
        every: HOUR,
        ...rate(held),
        queries: [compliances('zone')],
        names: network,
      }),
    )
    .row(
      { zh: '报警', en: 'Alerts' },
      table(pen, {
        title: { zh: '报警动态', en: 'What happened to alerts' },
        size: [16, 11],
        query:
          'SELECT "rule", "subject", "severity", "organisation", "from", "to", "reason" FROM "alerts" WHERE $timeFilter ORDER BY time DESC LIMIT 200',
        columns: {
          Time: { title: { zh: '时间', en: 'Time' }, unit: 'dateTimeAsSystem', width: 170 },
          severity: {
            title: { zh: '级别', en: 'Severity' },
            as: 'light',
            words: Object.fromEntries(
              Severity.options.map((id) => [id, { text: words.severity[id], color: SEVERITY_COLORS[id] }]),
            ),
            width: 90,
          },
          rule: { title: { zh: '规则', en: 'Rule' }, words: wordsOf(pen, namedRules(facts)) },
          subject: {
            title: { zh: '对象', en: 'Subject' },
            words: subjects,
            link: { title: { zh: '在控制台中查看', en: 'See it on the console' }, url: pen.page },
          },
          from: { title: { zh: '由', en: 'From' }, words: states },
          to: { title: { zh: '到', en: 'To' }, words: states },
          reason: { title: { zh: '原因', en: 'Reason' } },
          organisation: { title: { zh: '责任单位', en: 'Organisation' }, words: wordsOf(pen, organisations) },
        },
      }),
      chart(pen, {
        title: { zh: '每小时新报警', en: 'New alerts each hour' },
        size: [8, 11],
        every: HOUR,
        as: 'bars',
        decimals: 0,
        queries: [
          {
            influxql:
              'SELECT count("open") FROM "alerts" WHERE $timeFilter AND "to" = \'firing\' GROUP BY time($__interval), "severity" fill(0)',
            alias: '$tag_severity',
          },
        ],
        names: severities,
        colors: SEVERITY_COLORS,
      }),
    )
    .row(
      { zh: '安全', en: 'Safety' },
      figure(pen, {
        title: { zh: '最低水压', en: 'Lowest pressure' },
        size: [8, 5],
        back: 3 * facts.interval('water-pressure'),
        ...valuesOf(pen, 'water-pressure', 'pressure'),
        decimals: 3,
        queries: [newest('water-pressure', 'pressure', 'min', '$timeFilter')],
      }),
      figure(pen, {
        title: { zh: '调压箱最高浓度', en: 'Highest leak at a regulator' },
        size: [8, 5],
        back: 3 * facts.interval('gas-regulator'),
        ...valuesOf(pen, 'gas-regulator', 'leak'),
        decimals: 1,
        queries: [newest('gas-regulator', 'leak', 'max', '$timeFilter')],
      }),
      figure(pen, {
        title: { zh: '燃气表最高浓度', en: 'Highest leak at a meter' },
        size: [8, 5],
        back: 3 * facts.interval('gas-meter'),
        ...valuesOf(pen, 'gas-meter', 'leak'),
        decimals: 1,
        queries: [newest('gas-meter', 'leak', 'max', '$timeFilter')],
      }),
    )
    .build();
}

/** What rules are called, and the alerts that rates raise when too little was heard to judge them. */
function namedRules({ rules }: Facts) {
  const ratios = rules.filter(({ type }) => type === 'ratio');
  return [...rules, ...ratios.map((rule) => ({ id: coverageId(rule), name: coverageName(rule) }))];
}
