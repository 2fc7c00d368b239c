import type { Alert, AlertState, Severity } from '../model/alert.ts';
import type { Name } from '../model/primitives.ts';
import type { Notice } from './channel.ts';

/** Of a group so many are named. */
export const FIRST = 5;

const SEVERITIES: Record<Severity, string> = { critical: '紧急', major: '重要', minor: '一般', info: '提示' };
const STATES: Record<AlertState, string> = {
  ...{ pending: '待确认', firing: '报警中', acknowledged: '已签收', repaired: '已处置待核查' },
  ...{ resolved: '已恢复', closed: '已结案' },
};

/** What a notice says, in English and (in brackets) in Chinese. */
export function sentenceOf({ alerts, event }: Notice): string {
  const first = alerts.slice(0, FIRST).map((alert) => (event === 'stands' ? standing(alert) : alert.title));
  const more = alerts.length - first.length;
  const rest = more === 0 ? ['', ''] : [`; and ${more} more`, `；另 ${more} 件`];
  const number = alerts.length === 1 ? ['', ''] : [`${alerts.length} alerts: `, `共 ${alerts.length} 件：`];
  const en = `${number[0]}${first.map((name) => name.en).join('; ')}${rest[0]}`;
  const zh = `${number[1]}${first.map((name) => name.zh).join('；')}${rest[1]}`;
  if (event === 'stands') return `calmed, and still open: ${en} (反复已止，仍未恢复：${zh})`;
  if (event === 'calmed') return `calmed, and over: ${en} (反复已止，已结束：${zh})`;
  return `${event}: ${en} (${zh})`;
}

/** An open alert with its state, severity and the figures that decided it: of what comes and goes nobody heard how it stands. */
function standing({ title, state, severity, firedAt, startedAt, values }: Alert): Name {
  const since = firedAt ?? startedAt;
  const figures = Object.entries(values).map(([name, value]) => `${name} ${value ?? '?'}`);
  return {
    zh: `${title.zh}〔${STATES[state]}，${SEVERITIES[severity]}，自 ${since} 起，判定依据 ${figures.join('、')}〕`,
    en: `${title.en} [${state}, ${severity}, since ${since}, decided by ${figures.join(', ')}]`,
  };
}
