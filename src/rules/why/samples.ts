import type { ChangeRule, CounterRule, DeviationRule, DriftRule, StuckRule } from '../../model/signal-rule.ts';
import { type ChangeState, distanceAt } from '../change.ts';
import type { CounterState } from '../counter.ts';
import { type DeviationState, LEAST_HOURS, OVER as NEAR_AGAIN } from '../deviation.ts';
import { type DriftState, LEAST_SHARE, OVER as UPRIGHT_AGAIN } from '../drift.ts';
import { type StuckState, scatterOf } from '../stuck.ts';
import type { Explained } from './account.ts';
import { asked, clock, figure, looked, lookedAtOthers, next, num } from './figures.ts';
import type { SignalCase } from './signal-case.ts';
import { durationWords } from './words.ts';

/** A sudden change: the level it left, how far it went, and how far the point goes by itself. */
export function changeSays({ rule, memory, unit, parts }: SignalCase<ChangeRule, ChangeState>): Explained {
  const { of, direction, by, times, samples, settles } = rule;
  const { recent, left } = memory.state;
  const { from, change: moved, least, spread, [of]: value } = memory.values as Record<string, number>;
  const pairs: [number, number][] = [];
  for (let at = 0; at < recent.length; at += 2) pairs.push([recent[at] as number, recent[at + 1] as number]);
  const seen = looked({ zh: `最近 ${pairs.length} 个样本`, en: `the last ${pairs.length} samples` }, unit, pairs);
  const way = { down: `from - ${of}`, up: `${of} - from`, either: `abs(${of} - from)` }[direction];
  const filled = { down: `${num(from)} - ${num(value)}`, up: `${num(value)} - ${num(from)}` } as Record<string, string>;
  const size = filled[direction] ?? `abs(${num(value)} - ${num(from)})`;
  const known = [
    figure(of, value, unit, '最新样本', 'the newest sample'),
    figure('from', from, unit, ...(left === null ? fromWords(rule.within) : leftWords(clock(left.ts, parts)))),
  ];
  if (left !== null) {
    const distance = distanceAt(rule, left.level, recent);
    const back = direction === 'up' ? left.level + distance : left.level - distance;
    const until = clock(left.ts + settles, parts);
    const either = direction === 'either' ? ` 或 ${num(left.level + distance)}` : '';
    return {
      when: null,
      clear: asked(`${way} <= half`, `${size} <= ${num(distance)}`, memory.verdict === 'ok'),
      figures: [
        ...known,
        figure('change', (value ?? Number.NaN) - left.level, unit, '至今的变化', 'how far it has gone since'),
        figure(
          'half',
          distance,
          unit,
          '差距缩小到这么多（最远处的一半）即结束',
          'half of the furthest that it went: within that it is over',
        ),
      ],
      looked: [seen],
      next: next(
        `回到 ${num(back)}${either} ${unit ?? ''} 即结束；否则 ${until} 起视新水平为常态`,
        `it is over at ${num(back)}${either.replace('或', 'or')} ${unit ?? ''}; if not, from ${until} on the new level is the usual one`,
        left.ts + settles,
      ),
    };
  }
  const missing = Math.max(0, Math.ceil(samples / 2) - pairs.length);
  return {
    when: asked(
      `${way} >= max(${num(by)}, ${num(times)} * spread)`,
      `${size} >= max(${num(by)}, ${num(times)} * ${num(spread)})`,
      moved === undefined ? null : memory.verdict === 'breach',
    ),
    clear: null,
    figures: [
      ...known,
      figure('spread', spread, unit, '本点逐次变化的离散程度', "how far the point's own steps scatter"),
      figure('least', least, unit, '至少变化这么多才算', 'a change of this size counts'),
    ],
    looked: [seen],
    next:
      missing > 0
        ? next(`还差 ${missing} 个样本才能判断`, `it is judged once so many samples more are there: ${missing}`)
        : null,
  };
}

function fromWords(within: number): [string, string] {
  const { zh, en } = durationWords(within);
  return [`最近 ${zh}内差别最大的样本`, `the sample of the last ${en} that differs most`];
}

function leftWords(at: string): [string, string] {
  return [`${at} 之前的水平`, `the level that it left at ${at}`];
}

/** A sensor that does not move: how far its values scatter, and whether the others' do. */
export function stuckSays(one: SignalCase<StuckRule, StuckState>): Explained {
  const { rule, memory, unit, neighbours } = one;
  const { of, samples, resolution, neighbours: enough } = rule;
  const { recent } = memory.state;
  const { scatter } = memory.values as Record<string, number>;
  const others = neighbours().filter((other) => other.memory.state.recent.length >= samples);
  const scatters = others.map(({ device, memory: { ts, state } }) => {
    return { device, at: ts, value: Number(scatterOf(state.recent).toFixed(6)) };
  });
  const moving = scatters.filter(({ value }) => value >= resolution).length;
  const values = recent.map((value, index): [number | null, number] => {
    return [index === recent.length - 1 ? memory.ts : null, value];
  });
  const missing = samples - recent.length;
  return {
    when: asked(
      `scatter < ${num(resolution)} && moving >= ${enough}`,
      `${num(scatter)} < ${num(resolution)} && ${moving} >= ${enough}`,
      missing > 0 ? null : memory.verdict === 'breach',
    ),
    clear: asked(
      `scatter >= ${num(resolution)}`,
      `${num(scatter)} >= ${num(resolution)}`,
      missing > 0 ? null : memory.verdict === 'ok',
    ),
    figures: [
      figure(of, recent.at(-1), unit, '最新样本', 'the newest sample'),
      figure(
        'scatter',
        scatter,
        unit,
        `最近 ${recent.length} 个样本的标准差`,
        `the standard deviation of the last ${recent.length} samples`,
      ),
      figure('resolution', resolution, unit, '传感器分辨率', "the sensor's resolution"),
      figure(
        'moving',
        moving,
        null,
        `同区在变的点（可比 ${others.length} 个）`,
        `others of its zone that move, of ${others.length} to compare`,
      ),
    ],
    looked: [
      looked({ zh: `最近 ${recent.length} 个样本`, en: `the last ${recent.length} samples` }, unit, values),
      lookedAtOthers({ zh: '同区各点的标准差', en: 'the standard deviations of the others' }, unit, scatters),
    ],
    next:
      missing > 0
        ? next(`还差 ${missing} 个样本才能判断`, `it is judged once so many samples more are there: ${missing}`)
        : memory.verdict === 'breach'
          ? next('读数变化即恢复', 'it is over when its values move')
          : memory.verdict === 'idle'
            ? next(
                `同区至少 ${enough} 点在变时才能判断`,
                `it is judged while so many others of its zone move: ${enough}`,
              )
            : null,
  };
}

/** A point beside the others of its zone: their median, and where the point usually lies beside it. */
export function deviationSays(one: SignalCase<DeviationRule, DeviationState>): Explained {
  const { rule, memory, isHeld, unit, neighbours } = one;
  const { of, by, points } = rule;
  const { offsets, parent } = memory.state;
  const { median, usually, off, [of]: value } = memory.values as Record<string, number>;
  const others = neighbours().filter(({ memory: { state } }) => state.parent === parent);
  const values = others.map(({ device, memory: { ts, state } }) => ({ device, at: ts, value: state.value }));
  const distance = `abs((${of} - median) - usually)`;
  const filled = `abs((${num(value)} - ${num(median)}) - ${(usually ?? 0) < 0 ? `(${num(usually)})` : num(usually)})`;
  const isKnown = off !== undefined;
  const missing = LEAST_HOURS - offsets.length;
  const over = NEAR_AGAIN * by;
  return {
    when: asked(`${distance} > ${num(by)}`, `${filled} > ${num(by)}`, isKnown ? off > by : null),
    clear: isHeld
      ? asked(`${distance} <= ${num(over)}`, `${filled} <= ${num(over)}`, isKnown ? off <= over : null)
      : null,
    figures: [
      figure(of, value, unit, '最新样本', 'the newest sample'),
      figure(
        'median',
        median,
        unit,
        `同区其他点的中位数（${others.length} 点，至少 ${points} 点）`,
        `the median of the others of its zone: ${others.length} of them, ${points} at least`,
      ),
      figure(
        'usually',
        usually,
        unit,
        `平时与中位数之差（已学 ${offsets.length} 小时）`,
        `where it usually lies beside it, learned from ${offsets.length} hours`,
      ),
      figure('off', off, unit, '偏离平时位置', 'how far it lies from there'),
    ],
    looked: [
      lookedAtOthers({ zh: '同区其他点', en: 'the others of its zone' }, unit, values),
      looked(
        { zh: '逐小时与中位数之差', en: 'where it lay beside the median, hour by hour' },
        unit,
        offsets.map((offset) => [null, Number(offset.toPrecision(6))]),
      ),
    ],
    next: isHeld
      ? next(`偏离不超过 ${num(over)} 即恢复`, `it is over within ${num(over)} of its usual place`)
      : missing > 0
        ? next(`还需学习 ${missing} 小时才能判断`, `it is judged once so many hours more are learned: ${missing}`)
        : null,
  };
}

/** A counter: what it had reached, or what went through it since the sample before. */
export function counterSays({ rule, memory, unit, member }: SignalCase<CounterRule, CounterState>): Explained {
  const { of, finds, tolerance, most: mostOf } = rule;
  const { meter } = memory.state;
  const { [of]: value, reached, used, hours, most } = memory.values as Record<string, number>;
  const own =
    meter === null
      ? []
      : [figure('meter', meter, null, '表号（换表后重新起算）', 'the meter: another one begins anew')];
  const newest = figure(of, value, unit, '最新读数', 'the newest reading');
  const isJudged = memory.verdict === 'ok' || memory.verdict === 'breach';
  const [less, more] = tolerance === 0 ? ['', ''] : [` - ${num(tolerance)}`, ` + ${num(tolerance)}`];
  if (finds === 'backwards') {
    const known = reached !== undefined && Number.isFinite(reached) ? reached : undefined;
    return {
      when: asked(
        `${of} < reached${less}`,
        `${num(value)} < ${num(known)}${less}`,
        known === undefined ? null : memory.verdict === 'breach',
      ),
      clear: null,
      figures: [
        newest,
        figure('reached', known, unit, '连续两次已达到的读数', 'what two samples in a row had reached'),
        ...own,
      ],
      looked: [],
      next:
        memory.verdict === 'breach' && known !== undefined
          ? next(
              `读数回到 ${num(known - tolerance)} 以上，或在台账登记换表，即恢复`,
              `it is over from ${num(known - tolerance)} on, or when the registry states another meter`,
            )
          : null,
    };
  }
  const stated = member.attributes[mostOf ?? ''];
  return {
    when: asked(
      `used > ${mostOf ?? 'most'} * hours${more}`,
      `${num(used)} > ${num(most ?? (stated as number | undefined))} * ${num(hours)}${more}`,
      isJudged && used !== undefined ? memory.verdict === 'breach' : null,
    ),
    clear: null,
    figures: [
      newest,
      figure('used', used, unit, '自上一次读数以来', 'since the reading before'),
      figure('hours', hours, 'h', '相隔', 'between the two'),
      figure(
        mostOf ?? 'most',
        most ?? stated,
        unit === null ? null : `${unit}/h`,
        '该表的最大流量',
        'the most that the meter can pass',
      ),
      ...own,
    ],
    looked: [],
    next:
      memory.verdict === 'breach'
        ? next('下一次增量正常即恢复', 'the next reading with a possible step ends it')
        : null,
  };
}

/** A field that has moved from its baseline, stated or learned. */
export function driftSays({ rule, memory, member, isHeld, unit, parts }: SignalCase<DriftRule, DriftState>): Explained {
  const { of, above, baseline: name, learn } = rule;
  const { since, count, baseline: learned } = memory.state;
  const { baseline, off, [of]: value } = memory.values as Record<string, number>;
  const isStated = name !== undefined && typeof member.attributes[name] === 'number';
  const distance = `abs(${of} - baseline)`;
  const filled = `abs(${num(value)} - ${num(baseline)})`;
  const over = UPRIGHT_AGAIN * above;
  const least = Math.ceil((LEAST_SHARE * learn) / (member.device.sampleInterval * 1_000));
  const origin: [string, string] = isStated
    ? [`台账基线（${name}）`, `the baseline that the registry states (${name})`]
    : learned === null
      ? [
          `基线学习中：${count} 个样本，至少 ${least} 个`,
          `the baseline is being learned: ${count} samples, ${least} at least`,
        ]
      : [
          `自 ${clock(since, parts)} 起学得的基线（${count} 个样本的平均）`,
          `the baseline, learned from ${clock(since, parts)} on: the mean of the first samples`,
        ];
  return {
    when: asked(`${distance} > ${num(above)}`, `${filled} > ${num(above)}`, off === undefined ? null : off > above),
    clear: isHeld
      ? asked(`${distance} <= ${num(over)}`, `${filled} <= ${num(over)}`, off === undefined ? null : off <= over)
      : null,
    figures: [
      figure(of, value, unit, '最新样本', 'the newest sample'),
      figure('baseline', baseline, unit, ...origin),
      figure('off', off, unit, '偏离基线', 'how far it is from there'),
    ],
    looked: [],
    next: isHeld
      ? next(`偏离不超过 ${num(over)} 即恢复`, `it is over within ${num(over)} of its baseline`)
      : baseline === undefined
        ? next(
            `最早 ${clock(since + learn, parts)} 学得基线后开始判断`,
            `it is judged once its baseline is learned, at ${clock(since + learn, parts)} at the earliest`,
            since + learn,
          )
        : null,
  };
}
