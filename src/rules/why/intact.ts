import type { Subject } from '../../model/alert.ts';
import type { IntactRule } from '../../model/rule.ts';
import type { Engine } from '../engine.ts';
import { type Explained, UNEXPLAINED } from './account.ts';
import { asked, figure, num } from './figures.ts';

/** Facilities intact: their interval against the target, and what is held against those that are not. */
export function intactSays(engine: Engine, rule: IntactRule, subject: Subject, at: number): Explained {
  const figures = engine.facilities.figures(rule, subject, at);
  const { low = null, high = null, inService = null, impaired = null, unknown = null, maintained = 0 } = figures;
  const clear = rule.clear ?? rule.target;
  const held = rule.impairedBy.flatMap((id) => {
    const name = engine.book.rules.find((one) => one.id === id)?.name ?? { zh: id, en: id };
    const count = figures[id] ?? 0;
    return count === 0 ? [] : [figure(id, count, null, `其中：${name.zh}`, `of them by “${name.en}”`)];
  });
  return {
    ...UNEXPLAINED,
    when: asked('high < target', `${num(high)} < ${num(rule.target)}`, high === null ? null : high < rule.target),
    clear: asked(`low >= ${num(clear)}`, `${num(low)} >= ${num(clear)}`, low === null ? null : low >= clear),
    figures: [
      figure('inService', inService, null, '在役设施', 'facilities are in service'),
      figure('impaired', impaired, null, '有未结报警、不完好', 'have an open alert and are not intact'),
      ...held,
      figure('unknown', unknown, null, '失联、未知', 'are silent and unknown'),
      ...(maintained === 0
        ? []
        : [figure('maintained', maintained, null, '维护中、不计', 'are worked on and do not count')]),
    ],
  };
}
