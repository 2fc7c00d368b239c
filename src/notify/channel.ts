import type { Alert } from '../model/alert.ts';

/** Something to tell: an alert, and what became of it. */
export interface Notice {
  alert: Alert;
  event: 'fired' | 'raised' | 'resolved' | 'closed';
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
