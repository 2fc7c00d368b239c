import { localTime } from '../../model/local-time.ts';
import type { Name } from '../../model/primitives.ts';
import type { Verdict } from '../../model/verdict.ts';

const VERDICTS: Record<Verdict, Name> = {
  ok: { zh: '达标', en: 'ok' },
  breach: { zh: '不达标', en: 'a breach' },
  silent: { zh: '失联', en: 'silent' },
  unknown: { zh: '无法判定', en: 'unknown' },
  idle: { zh: '不作判定', en: 'not judged' },
};

const REASONS: Record<string, Name> = {
  'no-limit': { zh: '台账未填限值', en: 'the registry states no limit for it' },
  'out-of-service': { zh: '不在服役期', en: 'it is not in service' },
  'not-fitted': { zh: '未装该测量项', en: 'it is not fitted with what is measured' },
  'no-sample': { zh: '近期无有效样本', en: 'there is no recent sample that tells' },
  'no-report': { zh: '从未上报', en: 'it has never reported' },
  'no-lamps': { zh: '没有灯', en: 'it has no lamps' },
  stale: { zh: '上报已过期', en: 'its report is too old' },
  mismatch: { zh: '上报灯数与台账不符', en: 'it reports other lamps than the registry has' },
  silent: { zh: '失联', en: 'nothing arrives from it' },
  boot: { zh: '刚送电，等待上线', en: 'its supply was switched on a moment ago' },
  daylight: { zh: '白天', en: 'it is day' },
  'lamp-plan': { zh: '按方案不亮灯', en: 'by their plan no lamps burn' },
  learning: { zh: '数据尚少，仍在学习', en: 'too little is known of it yet' },
  gap: { zh: '其间缺数', en: 'there were no samples to compare it with' },
  'no-neighbours': { zh: '同区可比的点不足', en: 'too few others are there to compare it with' },
  'neighbours-still': { zh: '同区各点均无变化', en: 'the others stand still as well' },
  'too-few-points': { zh: '同区有数的点不足', en: 'too few others of its zone have a fresh value' },
  coverage: { zh: '上报不足', en: 'too few reports' },
  transition: { zh: '刚开关灯，过渡期内', en: 'lamps are being switched' },
  maintenance: { zh: '维护中', en: 'it is being worked on' },
  schedule: { zh: '不在规则时段内', en: 'the rule does not judge at this hour' },
  resumed: { zh: '刚恢复判定，重新计时', en: 'it is judged again since a moment ago, and its clocks began anew' },
  'keeps-firing': { zh: '已恢复，尚在观察期内', en: 'it is over, but not yet for as long as the rule asks' },
  'small-road': { zh: '小路按灭灯盏数判定', en: 'so small a road is judged by how many lamps are out' },
  'not-expected': { zh: '没有应亮的灯', en: 'no lamp of it has to burn' },
  dark: { zh: '夜间', en: 'it is night' },
  on: { zh: '白天亮着', en: 'the circuit burns by day' },
  off: { zh: '该亮时全灭', en: 'the circuit is dark when it has to burn' },
  'off-schedule': { zh: '未按规定时间开关灯', en: 'its circuit is not switched as published' },
};

/** Why an alert moved, besides the reasons above. */
const MOVE_REASONS: Record<string, Name> = {
  condition: { zh: '条件成立', en: 'it is found' },
  held: { zh: '持续满规定时长', en: 'it has lasted' },
  'at-once': { zh: '不延时', en: 'at once' },
  silence: { zh: '久无上报', en: 'nothing arrived' },
  cleared: { zh: '恢复条件成立', en: 'it is gone' },
  heard: { zh: '恢复上报', en: 'it was heard again' },
  inhibited: { zh: '被另一报警抑制', en: 'held back by another' },
  released: { zh: '抑制解除', en: 'no longer held back' },
  late: { zh: '迟到数据', en: 'by samples that came late' },
  worse: { zh: '情况加重', en: 'it is worse' },
  lasting: { zh: '持续过久', en: 'it has lasted longer' },
  eased: { zh: '情况减轻', en: 'it is less bad' },
  calm: { zh: '反复已止', en: 'it comes and goes no more' },
  reworded: { zh: '规则名称或级别已改', en: 'the rule is worded otherwise' },
  'rule-removed': { zh: '规则已删除', en: 'the rule is removed' },
  'rule-changed': { zh: '规则已修改', en: 'the rule judges otherwise' },
  'not-judged': { zh: '不再由该规则判定', en: 'the rule is not about it any more' },
  retired: { zh: '设备已退役', en: 'the device is retired' },
};

const MOVES: Record<string, Name> = {
  pending: { zh: '待确认', en: 'pending' },
  firing: { zh: '报警中', en: 'firing' },
  acknowledged: { zh: '已签收', en: 'acknowledged' },
  repaired: { zh: '已处置待核查', en: 'repaired' },
  resolved: { zh: '已恢复', en: 'resolved' },
  closed: { zh: '已结案', en: 'closed' },
};

/** A verdict in words. */
export function verdictWords(verdict: Verdict): Name {
  return VERDICTS[verdict];
}

/** A reason in words; one without words of its own is its own word. */
export function reasonWords(reason: string): Name {
  return REASONS[reason] ?? { zh: reason, en: reason };
}

/** Why an alert moved, in words; a person's own words stay as they are. */
export function moveWords(reason: string): Name {
  return MOVE_REASONS[reason] ?? reasonWords(reason);
}

/** A state of an alert in words; null is gone without a word. */
export function stateWords(state: string | null): Name {
  return state === null ? { zh: '消失', en: 'over before it fired' } : (MOVES[state] ?? { zh: state, en: state });
}

/** An instant (ms) on the town's wall clock, with its day. */
export function timeWords(at: number, timeZone: string): string {
  return localTime(at, timeZone).slice(5, 16).replace('T', ' ');
}

const UNITS: readonly [ms: number, zh: string, en: string][] = [
  [86_400_000, '天', 'd'],
  [3_600_000, '小时', 'h'],
  [60_000, '分钟', 'min'],
  [1_000, '秒', 's'],
];

/** A length of time (ms) in the two largest units that it has: `2 h 5 min`. */
export function durationWords(ms: number): Name {
  const parts: Name[] = [];
  let rest = Math.round(ms / 1_000) * 1_000;
  for (const [unit, zh, en] of UNITS) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push({ zh: `${count} ${zh}`, en: `${count} ${en}` });
  }
  if (parts.length === 0) return { zh: '0 秒', en: '0 s' };
  const shown = parts.slice(0, 2);
  return { zh: shown.map(({ zh }) => zh).join(' '), en: shown.map(({ en }) => en).join(' ') };
}
