import type { Alert } from '../model/alert.ts';
import type { Verdict } from '../model/verdict.ts';
import type { LightingRate } from './api.ts';

const STATE_ORDER = ['firing', 'acknowledged', 'repaired'];
// Not model/verdict.ts's list: only types are taken from the model, so that no schema is shipped to the browser.
const VERDICT_ORDER: readonly Verdict[] = ['breach', 'silent', 'unknown', 'ok', 'idle'];
const SEVERITY_ORDER = ['critical', 'major', 'minor', 'info'];

/** Open alerts as a duty officer needs them: firing before acknowledged, the severest first, the newest first. */
export function mostPressingFirst(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort(
    (a, b) =>
      STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) ||
      SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity) ||
      b.startedAt.localeCompare(a.startedAt),
  );
}

/** Resolved alerts, the last to resolve first. */
export function lastResolvedFirst(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((a, b) => (b.resolvedAt ?? '').localeCompare(a.resolvedAt ?? ''));
}

/** Whether it is day for all of these groups, so that last night's rates count; nothing is said of no groups at all. */
export function isByDay(rates: readonly LightingRate[]): boolean {
  return rates.length > 0 && !rates.some((rate) => rate.dark);
}

/** A group's rate as it counts now: tonight's while it is dark, else last night's; null where there is neither. */
export function rateInForce(rate: LightingRate): Pick<LightingRate, 'low' | 'high' | 'reported' | 'verdict'> | null {
  return rate.dark ? rate : (rate.lastNight ?? null);
}

/** Groups by verdict from the worst, then by reported rate from the lowest; groups without a rate come last. */
export function worstRateFirst(rates: readonly LightingRate[]): LightingRate[] {
  return [...rates].sort((a, b) => badness(a) - badness(b) || reportedOrOne(a) - reportedOrOne(b));
}

function badness(rate: LightingRate): number {
  const counted = rateInForce(rate);
  return counted === null ? VERDICT_ORDER.length : VERDICT_ORDER.indexOf(counted.verdict);
}

function reportedOrOne(rate: LightingRate): number {
  return rateInForce(rate)?.reported ?? 1;
}
