import type { RatioRule } from '../../model/rule.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { Engine } from '../engine.ts';
import { ratesOf } from '../lamp-rate.ts';
import type { LampCount } from '../lamp-state.ts';
import { clearOf, judgeRate, ladderOf, targetOf } from '../lamp-target.ts';
import type { GroupCount } from '../lighting.ts';
import type { Explained, Next } from './account.ts';
import { asked, figure, next, num } from './figures.ts';
import { powerless } from './supply.ts';

/** A lighting rate: its interval against the target, or the dark lamps of a small road against what it may have. */
export function rateSays(engine: Engine, rule: RatioRule, count: GroupCount, verdict: Verdict): Explained {
  const { town } = engine.roster;
  const { group, id, expected, lit, out, unknown, maintained } = count;
  const { low, high, coverage } = ratesOf(count);
  const target = targetOf(rule, group, id, town);
  const dark = ladderOf(rule, group, count);
  const about = { looked: [], next: lampsToChange(rule, count, engine, verdict) };
  const worked =
    maintained > 0
      ? [figure('maintained', maintained, null, '维护中、不计的灯', 'lamps that are worked on and do not count')]
      : [];
  const unsupplied = powerless(engine, count.devices.values());
  if (dark !== null)
    return {
      ...about,
      when: asked('out > dark', `${out} > ${dark}`, out > dark ? true : out + unknown <= dark ? false : null),
      // Lamps that are worked on may be dark: what ends a breach counts them as well.
      clear:
        maintained === 0
          ? asked('out + unknown <= dark', `${out} + ${unknown} <= ${dark}`, out + unknown <= dark)
          : asked(
              'out + unknown + maintained <= dark',
              `${out} + ${unknown} + ${maintained} <= ${dark}`,
              out + unknown + maintained <= dark,
            ),
      figures: [
        figure('dark', dark, null, '小路允许的灭灯数', 'lamps that may be out on so small a road'),
        ...worked,
        ...unsupplied,
      ],
    };
  const clear = clearOf(rule, target);
  const ofAll = lit / (expected + maintained);
  const enough =
    rule.minCoverage > 0
      ? [
          figure(
            'coverage',
            coverage,
            null,
            `已知亮灭的比例（至少 ${num(rule.minCoverage)}）`,
            `of them are known to be lit or out; ${num(rule.minCoverage)} at least must be`,
          ),
        ]
      : [];
  return {
    ...about,
    when: asked('high < target', `${num(high)} < ${num(target)}`, high === null ? null : high < target),
    clear:
      maintained === 0
        ? asked(`low >= ${num(clear)}`, `${num(low)} >= ${num(clear)}`, low === null ? null : low >= clear)
        : asked(
            `lit / (expected + maintained) >= ${num(clear)}`,
            `${lit} / (${expected} + ${maintained}) >= ${num(clear)}`,
            low === null ? null : ofAll >= clear,
          ),
    figures: [...enough, ...worked, ...unsupplied],
  };
}

/** How many lamps must change for another verdict, found by asking the rule itself. */
function lampsToChange(rule: RatioRule, count: GroupCount, { roster: { town } }: Engine, verdict: Verdict): Next {
  const { expected, lit, out, unknown } = count;
  if (expected === 0) return next('有应亮的灯后再判断', 'it is judged once lamps are expected');
  const judged = (changed: Partial<LampCount>) => judgeRate(rule, count, { ...count, ...changed }, town, true);
  const first = (most: number, isThere: (lamps: number) => boolean): number | null => {
    for (let lamps = 1; lamps <= most; lamps++) if (isThere(lamps)) return lamps;
    return null;
  };
  if (verdict === 'ok') {
    const lamps = first(lit, (more) => judged({ lit: lit - more, out: out + more }).verdict !== 'ok');
    return next(`再灭 ${lamps} 盏即不达标`, `${lamps} more lamps out would be too many`);
  }
  if (verdict === 'breach') {
    const lamps = first(out, (more) => judged({ lit: lit + more, out: out - more }).isClear);
    if (lamps === null)
      return next('灭灯全部点亮也不够，须先查明未知', 'all that are out would not do: the unknown must be found lit');
    return next(`再亮 ${lamps} 盏即恢复`, `${lamps} more lamps lit end it`);
  }
  const up = first(unknown, (more) => judged({ lit: lit + more, unknown: unknown - more }).verdict === 'ok');
  const down = first(unknown, (more) => judged({ out: out + more, unknown: unknown - more }).verdict === 'breach');
  return next(
    `${unknown} 盏未知中查明 ${up ?? '–'} 盏亮则达标，${down ?? '–'} 盏灭则不达标`,
    `of the ${unknown} unknown, ${up ?? '–'} found lit make it ok, ${down ?? '–'} found out break it`,
  );
}
