import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { Board } from './board.ts';
import { chart, figure, valuesOf } from './panels.ts';
import type { Pen } from './pen.ts';
import { lines, newest, sums } from './query.ts';

const ALL = '$timeFilter';

/** For the wall: what the town has promised, and whether it holds now. */
export function town(pen: Pen): Dashboard {
  const { facts } = pen;
  const { areas } = facts.town;
  const every = facts.interval('water-pressure');
  const minute = facts.interval('gas-regulator');

  return new Board(pen, {
    id: 'town',
    title: { zh: '全镇', en: 'Town' },
    about: {
      zh: '全镇承诺、台账与告警一览。',
      en: 'The town’s promises, its ledger and its alerts at a glance.',
    },
    refresh: '30s',
  })
    .top(
      figure(pen, {
        title: { zh: '最低水压', en: 'Lowest pressure' },
        size: [12, 6],
        back: 3 * every,
        ...valuesOf(pen, 'water-pressure', 'pressure'),
        decimals: 3,
        queries: [newest('water-pressure', 'pressure', 'min', ALL)],
      }),
      figure(pen, {
        title: { zh: '调压箱最高浓度', en: 'Highest leak at a regulator' },
        size: [12, 6],
        back: 3 * minute,
        ...valuesOf(pen, 'gas-regulator', 'leak'),
        decimals: 1,
        queries: [newest('gas-regulator', 'leak', 'max', ALL)],
      }),
    )
    .row(
      { zh: '今日', en: 'The day' },
      chart(pen, {
        title: { zh: '各区域上报亮灯盏数', en: 'Lamps that say they burn, by area' },
        size: [12, 9],
        every: facts.interval('lighting-controller'),
        as: 'stack',
        queries: [sums('lighting-controller', 'lampsLit', 'area', ALL)],
        names: areas,
      }),
      chart(pen, {
        title: { zh: '各区域最低水压', en: 'Lowest pressure by area' },
        size: [12, 9],
        every,
        ...valuesOf(pen, 'water-pressure', 'pressure'),
        queries: [lines('water-pressure', 'pressure', 'area', 'min', ALL)],
        names: areas,
      }),
    )
    .build();
}
