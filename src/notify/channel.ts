import type { Alert, AlertEvent } from '../model/alert.ts';

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
