import type { Alert, AlertMove, Severity, Subject } from '../../model/alert.ts';
import type { Name } from '../../model/primitives.ts';
import { isGraver } from '../../model/rung.ts';
import type { Transition } from '../../model/transition.ts';

/** An alert that fired, as it was or as it would have been; instants in ms. */
export interface FiredAlert {
  rule: string;
  subject: Subject;
  title: Name;
  severity: Severity;
  organisation: string;
  startedAt: number;
  firedAt: number;
  /** When it was over; null while it is not. */
  endedAt: number | null;
}

/** An alert of the ledger, with its moves, oldest first. */
export interface RecordedAlert {
  alert: Alert;
  history: readonly AlertMove[];
}

/** An alert as it was. One that a person closed was over then. */
export function asItWas({ alert, history }: RecordedAlert): FiredAlert {
  const { rule, subject, title, severity, organisation, startedAt, firedAt, resolvedAt, state } = alert;
  const closedAt = state === 'closed' ? (history.at(-1)?.at ?? alert.decidedAt) : null;
  const endedAt = resolvedAt ?? closedAt;
  return {
    ...{ rule, subject, title, severity, organisation },
    ...{ startedAt: Date.parse(startedAt), firedAt: Date.parse(firedAt ?? startedAt) },
    endedAt: endedAt === null ? null : Date.parse(endedAt),
  };
}

/** Gathers the alerts that fire from what an engine tells. */
export class FiredAlerts {
  readonly #begun = new Map<string, FiredAlert>();
  readonly #fired = new Map<string, FiredAlert>();

  take(transition: Transition): void {
    const { alert: id } = transition;
    if (transition.step === 'begun') {
      const { rule, subject, title, severity, organisation, startedAt } = transition;
      this.#begun.set(id, { rule, subject, title, severity, organisation, startedAt, firedAt: 0, endedAt: null });
      return;
    }
    const alert = this.#begun.get(id);
    if (alert === undefined) return;
    if (transition.step === 'reworded') {
      const { title, severity, organisation = alert.organisation } = transition;
      Object.assign(alert, { title, severity, organisation });
    }
    if (transition.step === 'graded' && isGraver(transition.severity, alert.severity))
      alert.severity = transition.severity;
    if (transition.step === 'fired') {
      alert.firedAt = transition.firedAt;
      this.#fired.set(id, alert);
    } else if (transition.step === 'resolved') this.#end(id, alert, transition.resolvedAt);
    else if (transition.step === 'closed') this.#end(id, alert, transition.at);
    else if (transition.step === 'vanished') this.#begun.delete(id);
  }

  /** In the order in which they fired. */
  all(): FiredAlert[] {
    return [...this.#fired.values()];
  }

  #end(id: string, alert: FiredAlert, at: number): void {
    alert.endedAt = at;
    this.#begun.delete(id);
  }
}
