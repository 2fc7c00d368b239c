import type { Subject } from '../../model/alert.ts';
import type { Name } from '../../model/primitives.ts';
import type { CountRule, LampFinding } from '../../model/rule.ts';
import type { Counted } from '../count.ts';
import type { Engine } from '../engine.ts';
import type { LampState } from '../lamp-state.ts';
import { type Explained, type Figure, UNEXPLAINED } from './account.ts';
import { asked, figure, lookedAtOthers, next, num } from './figures.ts';
import { powerless } from './supply.ts';
import { durationWords, timeWords } from './words.ts';

const HOUR = 3_600_000;

/** What is found by counting lamps: how many there are of it, and which they are. */
export function countSays(engine: Engine, rule: CountRule, { id }: Subject, at: number): Explained {
  const counted = engine.findings.judge(rule, id, at);
  if (counted === null) return UNEXPLAINED;
  const { timeZone = 'UTC' } = engine.roster.town ?? {};
  const says: Record<LampFinding, () => Explained> = {
    'dark block': () => darkSays(engine, rule, counted, { zh: '成片不亮', en: 'a block' }),
    'dark run': () => runSays(rule, counted),
    'dark lamp': () => darkSays(engine, rule, counted, { zh: '单灯不亮', en: 'a finding' }),
    'day burner': () => burnerSays(rule, counted, at, timeZone),
    'cycling lamp': () => cyclingSays(rule, counted, at, timeZone),
    'off schedule': () => scheduleSays(engine, id, counted, at, timeZone),
    'registry mismatch': () => mismatchSays(counted),
  };
  return says[rule.count]();
}

function darkSays(engine: Engine, { atLeast, share = 0 }: CountRule, counted: Counted, what: Name): Explained {
  const { out, expected, unknown } = figuresOf(counted);
  const [text, figures] =
    share === 0
      ? [`out >= ${atLeast}`, `${out} >= ${atLeast}`]
      : [`out >= ${atLeast} && out >= ${share} * expected`, `${out} >= ${atLeast} && ${out} >= ${share} * ${expected}`];
  const need = Math.max(atLeast, Math.ceil(share * (expected ?? 0)));
  return {
    ...UNEXPLAINED,
    when: asked(text, figures, told(counted)),
    figures: [
      figure('out', out, null, '灭', 'are out'),
      figure('expected', expected, null, '应亮', 'must burn'),
      figure('unknown', unknown, null, '未知（可能也灭）', 'are unknown, and may be out as well'),
      ...powerless(engine, counted.states()),
    ],
    next:
      expected === 0
        ? next('有应亮的灯后再判断', 'it is judged once lamps are expected')
        : counted.verdict === 'breach'
          ? next(`灭灯加未知少于 ${need} 盏即恢复`, `it is over with fewer than ${need} out or unknown`)
          : next(`灭灯达 ${need} 盏即为${what.zh}`, `${need} lamps out are ${what.en}`),
  };
}

function runSays({ atLeast }: CountRule, counted: Counted): Explained {
  const { out, expected } = figuresOf(counted);
  const lamps = counted.states().flatMap(({ member: { device }, report }) => {
    const place = device.attributes.sequence;
    return typeof place === 'number' && report !== null ? [{ device: device.id, at: report.ts, value: place }] : [];
  });
  return {
    ...UNEXPLAINED,
    when: asked(`run >= ${atLeast}`, `${out} >= ${atLeast}`, told(counted)),
    figures: [
      figure('run', out, null, '最长一串连续灭灯', 'lamps of the longest run that is out'),
      figure('expected', expected, null, '沿路应亮的单灯', 'lamps with a place along the road that must burn'),
    ],
    looked:
      lamps.length === 0
        ? []
        : [lookedAtOthers({ zh: '该串各灯的杆序', en: 'the places of its lamps along the road' }, null, lamps)],
    next:
      counted.verdict === 'breach'
        ? next(
            `其中有灯点亮，使连续不足 ${atLeast} 盏即恢复`,
            `it is over when one of them burns and fewer than ${atLeast} are left in a row`,
          )
        : next(`连续 ${atLeast} 盏灭即报警`, `${atLeast} out in a row are a finding`),
  };
}

function burnerSays({ atLeast }: CountRule, counted: Counted, at: number, timeZone: string): Explained {
  const [state] = counted.states();
  const { burning } = figuresOf(counted);
  return {
    ...UNEXPLAINED,
    when: asked(`burning >= ${atLeast}`, `${num(burning)} >= ${atLeast}`, told(counted)),
    figures: [figure('burning', burning, null, '亮着的灯', 'lamps burn'), ...hoursOf(state, at, timeZone)],
    next:
      counted.verdict === 'breach' ? next('上报灯灭即恢复', 'a report of the day with its lamps off ends it') : null,
  };
}

function cyclingSays({ atLeast, within = HOUR }: CountRule, counted: Counted, at: number, timeZone: string): Explained {
  const [state] = counted.states();
  const { switchings } = figuresOf(counted);
  const turns = (state?.report?.turns ?? []).filter((ts) => ts > at - within);
  const times = turns.map((ts) => timeWords(ts, timeZone).slice(6)).join(' ');
  const span = durationWords(within);
  return {
    ...UNEXPLAINED,
    when: asked(`switchings >= ${atLeast}`, `${num(switchings)} >= ${atLeast}`, told(counted)),
    figures: [
      figure('switchings', switchings, null, `最近 ${span.zh}内亮灭次数`, `times on or off in the last ${span.en}`),
      ...(turns.length === 0 ? [] : [figure('turns', times, null, '变化时刻', 'when they turned')]),
      ...hoursOf(state, at, timeZone),
    ],
    next:
      counted.verdict === 'breach'
        ? next(`${span.zh}内少于 ${atLeast} 次即恢复`, `it is over with fewer than ${atLeast} within ${span.en}`)
        : null,
  };
}

function scheduleSays(engine: Engine, node: string, counted: Counted, at: number, timeZone: string): Explained {
  const [state] = counted.states();
  const circuit = engine.lighting.circuit(node);
  const { lit, burning } = figuresOf(counted);
  const isLit = state?.member.hours.at(at).isLit ?? false;
  const litAt = circuit?.litAt ?? null;
  return {
    ...UNEXPLAINED,
    when: isLit
      ? asked('lit == 0', `${num(lit)} == 0`, told(counted))
      : asked('burning >= 2', `${num(burning)} >= 2`, told(counted)),
    figures: [
      isLit
        ? figure('lit', lit, null, '亮着的灯', 'lamps burn')
        : figure('burning', burning, null, '白天亮着的灯', 'lamps burn by day'),
      figure(
        'litAt',
        litAt === null ? null : timeWords(litAt, timeZone),
        null,
        '该回路最近一次有灯亮',
        'when a lamp of it last burned',
      ),
      ...hoursOf(state, at, timeZone),
    ],
    next:
      counted.reason === 'on'
        ? next('该回路的灯熄灭即恢复', 'it is over when the circuit is off')
        : counted.reason === 'off'
          ? next('该回路有灯亮起即恢复', 'it is over when a lamp of it burns')
          : null,
  };
}

function mismatchSays(counted: Counted): Explained {
  const { lampsTotal, lamps } = figuresOf(counted);
  return {
    ...UNEXPLAINED,
    when: asked('lampsTotal != lamps', `${num(lampsTotal)} != ${num(lamps)}`, told(counted)),
    figures: [
      figure('lampsTotal', lampsTotal, null, '设备上报的灯数', 'lamps by its report'),
      figure('lamps', lamps, null, '台账灯数', 'lamps by the registry'),
    ],
    next:
      counted.verdict === 'breach'
        ? next('台账改正或设备改报后恢复', 'it is over when the registry or its report is put right')
        : null,
  };
}

/** When its lamps are switched: what is expected of them hangs on it. */
function hoursOf(state: LampState | undefined, at: number, timeZone: string): Figure[] {
  if (state === undefined) return [];
  const { isLit, since, until } = state.member.hours.at(at);
  const [from, to] = [since, until].map((ts) => (Number.isFinite(ts) ? timeWords(ts, timeZone) : '…'));
  return [
    figure(
      'hours',
      `${from} – ${to}`,
      null,
      isLit ? '应亮时段' : '不应亮时段',
      isLit ? 'the night in which they burn' : 'the day by which they are off',
    ),
  ];
}

function figuresOf({ values }: Counted): Record<string, number | undefined> {
  return values as Record<string, number | undefined>;
}

function told({ verdict }: Counted): boolean | null {
  return verdict === 'breach' ? true : verdict === 'ok' ? false : null;
}
