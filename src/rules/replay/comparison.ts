import type { FiredAlert } from './fired.ts';

/** What another rulebook does to an alert: `fired` where there was none, `missed` where there would have been none. */
export type Difference = 'fired' | 'missed' | 'earlier' | 'later';

/** Alerts of one severity, organisation or rule: as they were, as they would have been, and what differs. */
export interface Tally {
  was: number;
  would: number;
  fired: number;
  missed: number;
  earlier: number;
  later: number;
}

/** An alert that another rulebook makes a difference to; instants in ms, null where there was or would have been none. */
export interface DifferentAlert extends Omit<FiredAlert, 'startedAt' | 'firedAt' | 'endedAt'> {
  difference: Difference;
  was: number | null;
  would: number | null;
}

/** What another rulebook would have made of a period. */
export interface Comparison {
  total: Tally;
  bySeverity: Record<string, Tally>;
  byOrganisation: Record<string, Tally>;
  byRule: Record<string, Tally>;
  /** In the order of time, the first {@link MOST}. */
  alerts: DifferentAlert[];
  /** How many more there are. */
  more: number;
}

/** Which period is compared, ms. Before `exactFrom` two instants so near (`tolerance`) are one. */
export interface Period {
  from: number;
  to: number;
  exactFrom: number;
  tolerance: number;
}

const MOST = 1_000;

/**
 * Lays the alerts that were beside those that would have been. Two of one rule and subject are the same where their times
 * overlap; of the rest, one that was not is `fired`, one that would not have been is `missed`.
 */
export function compareAlerts(was: readonly FiredAlert[], would: readonly FiredAlert[], period: Period): Comparison {
  const comparison: Comparison = { total: none(), bySeverity: {}, byOrganisation: {}, byRule: {}, alerts: [], more: 0 };
  const different: DifferentAlert[] = [];
  for (const [one, other] of pairs(was, would)) {
    const isWithin = (alert: FiredAlert | null) =>
      alert !== null && alert.firedAt >= period.from && alert.firedAt < period.to;
    if (!isWithin(one) && !isWithin(other)) continue;
    const difference = differenceOf(one, other, period);
    // Each counts where it is: a rulebook may move an alert from one bureau to another.
    for (const [side, alert] of [
      ['was', one],
      ['would', other],
    ] as const) {
      if (alert === null) continue;
      for (const tally of talliesOf(comparison, alert)) {
        tally[side]++;
        if (difference !== null && (side === 'would') === (difference !== 'missed')) tally[difference]++;
      }
    }
    const { rule, subject, title, severity, organisation } = (other ?? one) as FiredAlert;
    if (difference !== null)
      different.push({
        ...{ difference, rule, subject, title, severity, organisation },
        ...{ was: one?.firedAt ?? null, would: other?.firedAt ?? null },
      });
  }
  different.sort((a, b) => timeOf(a) - timeOf(b));
  return { ...comparison, alerts: different.slice(0, MOST), more: Math.max(0, different.length - MOST) };
}

/** Each alert once: with the one of the other side that it is, or alone. */
function* pairs(
  was: readonly FiredAlert[],
  would: readonly FiredAlert[],
): Iterable<[FiredAlert | null, FiredAlert | null]> {
  const sides = [bySubject(was), bySubject(would)] as const;
  for (const key of new Set([...sides[0].keys(), ...sides[1].keys()])) {
    const [ones, others] = [sides[0].get(key) ?? [], sides[1].get(key) ?? []];
    let [i, j] = [0, 0];
    while (i < ones.length || j < others.length) {
      const [one, other] = [ones[i] ?? null, others[j] ?? null];
      if (one !== null && other !== null && overlap(one, other)) {
        yield [one, other];
        i++;
        j++;
      } else if (other === null || (one !== null && one.firedAt <= other.firedAt)) {
        yield [one, null];
        i++;
      } else {
        yield [null, other];
        j++;
      }
    }
  }
}

function bySubject(alerts: readonly FiredAlert[]): Map<string, FiredAlert[]> {
  const found = new Map<string, FiredAlert[]>();
  for (const alert of [...alerts].sort((a, b) => a.firedAt - b.firedAt)) {
    const key = `${alert.rule} ${alert.subject.type} ${alert.subject.id}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [alert]);
    else known.push(alert);
  }
  return found;
}

function overlap(one: FiredAlert, other: FiredAlert): boolean {
  const end = ({ endedAt }: FiredAlert) => endedAt ?? Number.POSITIVE_INFINITY;
  return one.startedAt <= end(other) && other.startedAt <= end(one);
}

function differenceOf(one: FiredAlert | null, other: FiredAlert | null, period: Period): Difference | null {
  if (one === null) return 'fired';
  if (other === null) return 'missed';
  const tolerance = Math.min(one.firedAt, other.firedAt) < period.exactFrom ? period.tolerance : 0;
  const by = other.firedAt - one.firedAt;
  if (Math.abs(by) <= tolerance) return null;
  return by < 0 ? 'earlier' : 'later';
}

function talliesOf(comparison: Comparison, { severity, organisation, rule }: FiredAlert): Tally[] {
  const of = (tallies: Record<string, Tally>, key: string) => {
    tallies[key] ??= none();
    return tallies[key];
  };
  return [
    comparison.total,
    of(comparison.bySeverity, severity),
    of(comparison.byOrganisation, organisation),
    of(comparison.byRule, rule),
  ];
}

function none(): Tally {
  return { was: 0, would: 0, fired: 0, missed: 0, earlier: 0, later: 0 };
}

function timeOf({ was, would }: DifferentAlert): number {
  return would ?? was ?? 0;
}
