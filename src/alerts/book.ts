import type { Store, Table } from '../kernel/store.ts';
import type { Alert, AlertMove, AlertState, News, Severity } from '../model/alert.ts';
import { instant } from '../model/primitives.ts';
import { isGraver } from '../model/rung.ts';
import type { Transition } from '../model/transition.ts';
import { isOpen, isRunning, moved } from './lifecycle.ts';

/** An alert with its moves, oldest first. */
export interface AlertEntry {
  alert: Alert;
  history: AlertMove[];
}

/** Told of every move an alert makes, in the transaction that makes it. `to` is null when a pending one vanishes. */
export interface MoveSink {
  moved(alert: Alert, move: AlertMove): void;
}

/** Which alerts to list. */
export interface AlertFilter {
  states?: readonly AlertState[];
  organisation?: string;
  severity?: Severity;
  rule?: string;
  /** The subject's id. */
  subject?: string;
  limit: number;
  /** The last alert of the page before. */
  after?: { startedAt: string; id: string };
}

/** Who makes the moves that follow from readings. */
const RULES = 'rules';

/** Why nobody is told of one more turn of what comes and goes. */
const FLAPPING = 'flapping';

type Step<S extends Transition['step']> = Extract<Transition, { step: S }>;

/**
 * The ledger of alerts. What the rules found becomes a move of the table, with its reason, in the transaction of the rules'
 * own state. A transition that was taken before changes nothing.
 */
export class AlertBook {
  readonly #entries: Table<string, AlertEntry>;
  /** By [startedAt, id]. */
  readonly #order: Table<[number, string], true>;
  /** Those that are pending or open. */
  readonly #running: Table<string, true>;
  readonly #sink: MoveSink;

  constructor(store: Store, sink: MoveSink = { moved: () => {} }) {
    this.#sink = sink;
    this.#entries = store.table('alerts');
    this.#order = store.table('alerts.order');
    this.#running = store.table('alerts.running');
  }

  /** Takes what the rules found, and gives what is to be told. Call it in a transaction. */
  take(transitions: readonly Transition[]): News[] {
    return transitions.flatMap((transition) => {
      if (transition.step === 'begun') this.#begin(transition);
      else {
        const entry = this.#entries.get(transition.alert);
        if (entry !== undefined) return this.#move(entry, transition);
      }
      return [];
    });
  }

  get(id: string): AlertEntry | undefined {
    return this.#entries.get(id);
  }

  /** How many are open. */
  open(): number {
    return [...this.#running.keys()].filter((id) => isOpen(this.#entries.get(id)?.alert.state ?? 'closed')).length;
  }

  /** Those that fired, by the time at which they started: from `from` (inclusive) to `to` (exclusive), ms. */
  fired(from: number, to: number): AlertEntry[] {
    const range = { start: [from, ''] as [number, string], end: [to, ''] as [number, string] };
    return [...this.#order.keys(range)].flatMap(([, id]) => {
      const entry = this.#entries.get(id);
      return entry === undefined || entry.alert.firedAt === null ? [] : [entry];
    });
  }

  /** Newest first: descending by startedAt, then by id. */
  list(filter: AlertFilter): Alert[] {
    const found: Alert[] = [];
    for (const alert of this.#candidates(filter)) {
      if (!fits(alert, filter)) continue;
      found.push(alert);
      if (found.length >= filter.limit) break;
    }
    return found;
  }

  *#candidates({ states, after }: AlertFilter): Iterable<Alert> {
    if (states?.every(isRunning)) {
      const running = [...this.#running.keys()].flatMap((id) => this.#entries.get(id)?.alert ?? []);
      yield* running.sort(newestFirst).filter((alert) => after === undefined || newestFirst(alert, after) > 0);
      return;
    }
    const start = after === undefined ? undefined : ([Date.parse(after.startedAt), after.id] as [number, string]);
    for (const [ms, id] of this.#order.keys({ reverse: true, ...(start === undefined ? {} : { start }) })) {
      if (start !== undefined && ms === start[0] && id === start[1]) continue;
      const entry = this.#entries.get(id);
      if (entry !== undefined) yield entry.alert;
    }
  }

  #begin(begun: Step<'begun'>): void {
    const { alert: id, at, reason, step: _, startedAt, receivedAt, ...told } = begun;
    if (this.#entries.get(id) !== undefined) return;
    const alert: Alert = {
      ...{ id, ...told, state: 'pending', reason, children: [], inhibitedBy: null, repair: null },
      ...{ startedAt: instant(startedAt), receivedAt: instant(receivedAt), decidedAt: instant(at) },
      ...{ firedAt: null, resolvedAt: null, clearedValues: null, flapping: false },
    };
    const move = { at: instant(at), from: null, to: 'pending' as const, reason, by: RULES };
    this.#entries.put(id, { alert, history: [move] });
    this.#sink.moved(alert, move);
    this.#order.put([startedAt, id], true);
    this.#running.put(id, true);
  }

  #move({ alert, history }: AlertEntry, transition: Exclude<Transition, { step: 'begun' }>): News[] {
    const { at, reason } = transition;
    const to = (state: AlertState, changes: Partial<Alert>, more: Partial<AlertMove> = {}): Alert => {
      const move: AlertMove = { at: instant(at), from: alert.state, to: state, reason, by: RULES, ...more };
      const next = { ...alert, reason, decidedAt: instant(at), ...changes, state };
      this.#entries.put(alert.id, { alert: next, history: [...history, move] });
      if (!isRunning(state)) this.#running.remove(alert.id);
      this.#sink.moved(next, move);
      return next;
    };
    switch (transition.step) {
      case 'reworded': {
        if (alert.state !== 'pending') return [];
        const { title, severity, organisation = alert.organisation } = transition;
        const grade = severity === alert.severity ? {} : { severity: { from: alert.severity, to: severity } };
        to('pending', { title, severity, organisation }, grade);
        return [];
      }
      case 'held': {
        if (alert.state !== 'pending') return [];
        to('pending', { inhibitedBy: transition.by });
        return [];
      }
      case 'fired': {
        if (alert.state !== 'pending') return [];
        const { values, evidence, children, verdict, firedAt, flapping } = transition;
        const isFlapping = flapping !== undefined;
        const changes = { values, evidence, children, verdict, firedAt: instant(firedAt), inhibitedBy: null };
        const fired = to(moved(alert.state, 'fire'), { ...changes, flapping: isFlapping });
        if (reason === 'late') return [];
        if (flapping === 'goes-on') return [{ alert: fired, event: 'fired', suppressed: FLAPPING }];
        return [{ alert: fired, event: isFlapping ? 'flapping' : 'fired' }];
      }
      case 'graded': {
        if (!isRunning(alert.state)) return [];
        const { values, evidence, severity } = transition;
        const isUp = isGraver(severity, alert.severity);
        const grade = { severity: { from: alert.severity, to: severity } };
        const graded = to(alert.state, { severity, ...(isUp ? { values, evidence } : {}) }, grade);
        return isUp && isOpen(alert.state) ? [{ alert: graded, event: 'raised' }] : [];
      }
      case 'vanished': {
        if (alert.state !== 'pending') return [];
        this.#forget(alert);
        this.#sink.moved(alert, { at: instant(at), from: 'pending', to: null, reason, by: RULES });
        return [];
      }
      case 'resolved': {
        if (!isOpen(alert.state)) return [];
        const { values, evidence, verdict, resolvedAt, quiet } = transition;
        const changes = {
          clearedValues: values,
          evidence: [...alert.evidence, ...evidence.slice(-1)],
          verdict,
          resolvedAt: instant(resolvedAt),
        };
        const resolved = to(moved(alert.state, 'resolve'), changes);
        if (quiet) return [];
        return [{ alert: resolved, event: 'resolved', ...(alert.flapping && { suppressed: FLAPPING }) }];
      }
      case 'calmed': {
        // Of one that is over it stays true that it came and went.
        if (!isOpen(alert.state)) return [{ alert, event: 'calmed' }];
        const stands = { ...alert, flapping: false };
        this.#entries.put(alert.id, { alert: stands, history });
        return [{ alert: stands, event: 'stands' }];
      }
      case 'closed': {
        if (!isOpen(alert.state)) return [];
        return [{ alert: to(moved(alert.state, 'close'), {}), event: 'closed' }];
      }
    }
  }

  #forget({ id, startedAt }: Alert): void {
    this.#entries.remove(id);
    this.#order.remove([Date.parse(startedAt), id]);
    this.#running.remove(id);
  }
}

function fits(alert: Alert, { states, organisation, severity, rule, subject }: AlertFilter): boolean {
  return (
    (states === undefined || states.includes(alert.state)) &&
    (organisation === undefined || alert.organisation === organisation) &&
    (severity === undefined || alert.severity === severity) &&
    (rule === undefined || alert.rule === rule) &&
    (subject === undefined || alert.subject.id === subject)
  );
}

/** Below 0 when `a` comes first. */
function newestFirst(a: Pick<Alert, 'startedAt' | 'id'>, b: Pick<Alert, 'startedAt' | 'id'>): number {
  if (a.startedAt !== b.startedAt) return a.startedAt > b.startedAt ? -1 : 1;
  return a.id === b.id ? 0 : a.id > b.id ? -1 : 1;
}
