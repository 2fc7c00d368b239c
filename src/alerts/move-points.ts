import type { Store, Table } from '../kernel/store.ts';
import type { Alert, AlertMove } from '../model/alert.ts';
import type { SeriesPoint } from '../model/series.ts';
import { isOpen } from './lifecycle.ts';

/** What stands for the state of an alert that is not there: before it began, and when it vanished while pending. */
const NONE = 'none';

/** Moves of alerts as points of the series `alerts`. */
export class MovePoints {
  /** Time of the newest point of a rule and subject, ms. */
  readonly #newest: Table<[string, string], number>;

  constructor(store: Store) {
    this.#newest = store.table('alerts.points');
  }

  /**
   * The points of a move, at the arrival of what decided it. One record may decide several moves: each further one of a rule
   * and subject stands a millisecond later, so that none takes another's place. Call it in the transaction of the move.
   */
  of(alert: Alert, move: AlertMove): SeriesPoint[] {
    if (move.severity === undefined) return [this.#point(alert, move)];
    // Points are told apart by their severity: it leaves the one and comes to the other.
    const left = this.#point({ ...alert, severity: move.severity.from }, { ...move, to: null });
    return [left, this.#point(alert, { ...move, from: null })];
  }

  #point({ id, rule, subject, severity, organisation }: Alert, { at, from, to, reason }: AlertMove): SeriesPoint {
    const decided = Date.parse(at);
    const newest = this.#newest.get([rule, subject.id]);
    const ts = newest === undefined ? decided : Math.max(decided, newest + 1);
    this.#newest.put([rule, subject.id], ts);
    return {
      series: 'alerts',
      tags: { rule, subject: subject.id, severity, organisation },
      ts,
      fields: { id, from: from ?? NONE, to: to ?? NONE, reason, open: to !== null && isOpen(to) ? 1 : 0 },
    };
  }
}
