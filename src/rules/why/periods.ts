import type { AverageRule, PatternRule } from '../../model/signal-rule.ts';
import { type AverageState, limitAt, meanOf } from '../average.ts';
import type { PatternState } from '../pattern.ts';
import { rounded } from '../spread.ts';
import type { Explained, Figure, Next } from './account.ts';
import { asked, clock, figure, looked, next, num } from './figures.ts';
import type { SignalCase } from './signal-case.ts';

const TAKEN = {
  mean: { zh: '平均值', en: 'the mean' },
  min: { zh: '最小值', en: 'the least' },
  max: { zh: '最大值', en: 'the most' },
} as const;

/** A figure of a time of the day: against the days before, or against the limit that the device states. */
export function patternSays({ rule, memory, unit, parts }: SignalCase<PatternRule, PatternState>): Explained {
  const { of, take, direction, by, times, limit: limitName, minDays } = rule;
  const { running, past, until, count, sum } = memory.state;
  const { [of]: found, usually, spread, least, limit, days } = memory.values as Record<string, number>;
  const taken = TAKEN[take];
  // The figure that was judged is the newest of those of its time.
  const judged = until === null ? null : (past[rule.between === undefined ? parts.hour(until - 1).hour : 0] ?? []);
  const span = until === null ? '' : judgedSpan(rule, until, parts);
  const isLimit = limit !== undefined;
  const way = { down: `usually - ${of}`, up: `${of} - usually`, either: `abs(${of} - usually)` }[direction];
  const size =
    direction === 'down'
      ? `${num(usually)} - ${num(found)}`
      : direction === 'up'
        ? `${num(found)} - ${num(usually)}`
        : `abs(${num(found)} - ${num(usually)})`;
  const sign = direction === 'down' ? '<' : '>';
  const isKnown = memory.verdict === 'ok' || memory.verdict === 'breach';
  const sofar = count === 0 ? undefined : take === 'mean' ? rounded(sum / count) : memory.state[take];
  const figures: Figure[] =
    found === undefined ? [] : [figure(of, found, unit, `${span} 的${taken.zh}`, `${taken.en} of ${span}`)];
  if (isLimit)
    figures.push(
      figure('limit', limit, unit, `台账限值（${limitName}）`, `the limit that the registry states (${limitName})`),
    );
  else
    figures.push(
      figure(
        'days',
        days,
        null,
        `可比的往日（至少 ${minDays} 天）`,
        `days before to compare with, ${minDays} at least`,
      ),
      figure('usually', usually, unit, '往日同时段的中位数', 'the median of the same time of these days'),
      figure('spread', spread, unit, '往日之间的离散程度', 'how far these days scatter'),
      figure('least', least, unit, '相差超过这么多才算', 'a difference beyond this counts'),
    );
  if (running.isIn && sofar !== undefined)
    figures.push(
      figure(
        'running',
        sofar,
        unit,
        `${clock(running.from, parts)} 起本时段至今的${taken.zh}（${count} 个样本）`,
        `${taken.en} so far since ${clock(running.from, parts)}, of ${count} samples`,
      ),
    );
  return {
    when: isLimit
      ? asked(
          `${of} ${sign} ${limitName}`,
          `${num(found)} ${sign} ${num(limit)}`,
          isKnown ? memory.verdict === 'breach' : null,
        )
      : asked(
          `${way} > max(${num(by)}, ${num(times)} * spread)`,
          `${size} > max(${num(by)}, ${num(times)} * ${num(spread)})`,
          isKnown ? memory.verdict === 'breach' : null,
        ),
    clear: null,
    figures,
    looked:
      judged === null || isLimit
        ? []
        : [
            looked(
              { zh: '往日至今同时段', en: 'the same time of the days, the newest last' },
              unit,
              judged.map((one) => [null, one]),
            ),
          ],
    next: judgedAt(running.isIn, running.until, parts),
  };
}

function judgedSpan(
  { between }: PatternRule,
  until: number,
  parts: SignalCase<PatternRule, PatternState>['parts'],
): string {
  const { from } = between === undefined ? parts.hour(until - 1) : parts.part(until - 1, between);
  return `${clock(from, parts)}–${clock(until, parts).slice(6)}`;
}

/** The mean of a period against the limit of its class and date. */
export function averageSays({ rule, memory, member, unit, parts }: SignalCase<AverageRule, AverageState>): Explained {
  const { minCoverage, by } = rule;
  const { running } = memory.state;
  const { mean, limit, coverage } = memory.values as Record<string, number>;
  const isKnown = memory.verdict === 'ok' || memory.verdict === 'breach';
  const inForce = limitAt(rule, member.attributes, parts.dateAt(running.from));
  const { hours } = memory.state;
  const sofar = hours === 0 ? undefined : meanOf(rule, memory.state);
  const length = Math.round((running.until - running.from) / 3_600_000);
  const figures: Figure[] = [
    ...(mean === undefined
      ? []
      : [figure('mean', mean, unit, '上一次判定的时段的平均', 'the mean of the period that was judged last')]),
    ...(limit === undefined ? [] : [figure('limit', limit, unit, '该时段的限值', 'the limit of that period')]),
    ...(coverage === undefined
      ? []
      : [
          figure(
            'coverage',
            coverage,
            null,
            `有效小时占比（至少 ${minCoverage}）`,
            `of its hours had enough samples (${minCoverage} at least)`,
          ),
        ]),
  ];
  if (by !== undefined)
    figures.push(figure(by, member.attributes[by], null, '台账中的类别', 'its class by the registry'));
  if (inForce !== null) {
    const { above, validFrom = '…', validTo = '…' } = inForce;
    const valid = inForce.validFrom === undefined && inForce.validTo === undefined ? null : `${validFrom} – ${validTo}`;
    figures.push(
      figure(
        'limitNow',
        above,
        unit,
        valid === null ? '现行限值' : `现行限值（${valid} 有效）`,
        valid === null ? 'the limit in force' : `the limit in force (valid ${valid})`,
      ),
    );
  }
  if (running.isIn)
    figures.push(
      figure(
        'running',
        sofar,
        unit,
        `${clock(running.from, parts)} 起本时段至今（${length} 小时中已有 ${hours} 小时有效）`,
        `so far since ${clock(running.from, parts)}, of ${hours} full hours out of ${length}`,
      ),
    );
  return {
    when: asked(
      'mean > limit',
      `${num(mean)} > ${num(limit ?? inForce?.above)}`,
      isKnown ? memory.verdict === 'breach' : null,
    ),
    clear: null,
    figures,
    looked: [],
    next: judgedAt(running.isIn, running.until, parts),
  };
}

function judgedAt(isIn: boolean, until: number, parts: SignalCase<PatternRule, PatternState>['parts']): Next {
  const at = clock(until, parts);
  if (isIn) return next(`本时段 ${at} 结束后由第一个样本判定`, `it is judged by the first sample after ${at}`, until);
  return next(`下一时段 ${at} 开始`, `its next period begins at ${at}`, until);
}
