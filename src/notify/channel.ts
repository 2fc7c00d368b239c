import type { Alert } from '../model/alert.ts';

/** What became of an alert: it fired, was raised to a graver severity, comes and goes, does no more, is over, or was ended. */
export type AlertEvent = 'fired' | 'raised' | 'flapping' | 'calmed' | 'resolved' | 'closed';

/** Something to tell: what became of alerts of one rule, severity and organisation. */
export interface Notice {
  /** One, or all of a group, in the order of the decisions. */
  alerts: readonly [Alert, ...Alert[]];
  event: AlertEvent;
}

/** A way to people. */
export interface Channel {
  readonly name: string;
  /**
   * Resolves once `notice` is told. A second delivery of the same thing carries the same `key`.
   * @throws Error when it was not told and is to be tried again
   */
  deliver(notice: Notice, key: string): Promise<void>;
}
