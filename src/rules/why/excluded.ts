import { instant, type Name } from '../../model/primitives.ts';
import type { IntactRule } from '../../model/rule.ts';
import type { Engine } from '../engine.ts';
import { type Judgement, judge } from '../judgement.ts';
import type { LampState } from '../lamp-state.ts';
import type { GroupCount } from '../lighting.ts';
import { maintenanceAt } from '../maintenance.ts';
import { freshFor, type Member } from '../roster.ts';
import type { CompiledRule } from '../rulebook.ts';
import { reasonWords } from './words.ts';

/** Somebody who does not count, and since when. */
export interface Exclusion {
  device: string;
  reason: string;
  since: string | null;
  text: Name;
}

/** Exclusions of an account at most. */
const EXCLUSIONS = 100;

/** Which of these devices a rule does not count at `at` (ms), and why. */
export function excludedDevices(
  engine: Engine,
  rule: CompiledRule,
  members: readonly Member[],
  at: number,
): Exclusion[] {
  const found = members.flatMap((member): Exclusion[] => {
    const judged = rule.type === 'intact' ? facility(engine, rule, member, at) : judge(engine, rule, member, at);
    if (judged === null || judged.verdict === 'ok' || judged.verdict === 'breach') return [];
    const { verdict, reason } = judged;
    return [excluded(member.device.id, reason ?? verdict, sinceOf(rule, member, reason ?? verdict, at))];
  });
  return found.slice(0, EXCLUSIONS);
}

/** Whether it is known of a facility that it is intact or not. */
function facility(engine: Engine, rule: IntactRule, member: Member, at: number): Omit<Judgement, 'subject'> {
  const part = engine.facilities.partOf(rule, member, at);
  if (part === 'unknown') return { verdict: 'unknown', reason: member.heard.at === null ? 'no-report' : 'silent' };
  if (part === 'maintained') return { verdict: 'idle', reason: 'maintenance' };
  return part === null ? { verdict: 'idle', reason: 'out-of-service' } : { verdict: 'ok', reason: null };
}

function sinceOf({ id }: CompiledRule, member: Member, reason: string, at: number): number | null {
  const { heard, windows } = member;
  const known = heard.judged[id] ?? 0;
  if (reason === 'silent') return heard.at;
  if (reason === 'no-sample') return known > 0 ? known + freshFor(member) : null;
  if (reason === 'maintenance') return maintenanceAt(windows, at)?.from ?? null;
  return null;
}

/** Which devices of a group have lamps that are not counted at `at` (ms), and why. */
export function excludedLamps({ devices }: GroupCount, at: number): Exclusion[] {
  const found = [...devices].flatMap(([id, state]): Exclusion[] => {
    const why = whyUncounted(state, at);
    return why === null ? [] : [excluded(id, why.reason, why.since)];
  });
  return found.slice(0, EXCLUSIONS);
}

function whyUncounted(state: LampState, at: number): { reason: string; since: number | null } | null {
  if (state.maintained > 0)
    return { reason: 'maintenance', since: maintenanceAt(state.member.windows, at)?.from ?? null };
  if (state.offSchedule > 0) return { reason: 'off-schedule', since: null };
  if (state.unknown === 0) return null;
  if (state.isMismatch) return { reason: 'mismatch', since: null };
  if (state.settling > 0) return { reason: 'transition', since: null };
  if (state.report === null) return { reason: 'no-report', since: null };
  return { reason: 'stale', since: state.report.ts + freshFor(state.member) };
}

function excluded(device: string, reason: string, since: number | null): Exclusion {
  return { device, reason, since: since === null ? null : instant(since), text: reasonWords(reason) };
}
