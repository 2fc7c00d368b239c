import type { Evidence, Severity, Subject } from './alert.ts';
import type { Name } from './primitives.ts';
import type { Verdict } from './verdict.ts';

/** What a rule found at a moment: the figures and samples that decide. */
export interface Finding {
  verdict: Verdict;
  values: Record<string, number | boolean | null>;
  evidence: Evidence[];
}

/** What an alert is that fires: the one of which is told that they come and go, or one more of them. */
export type Flapping = 'begins' | 'goes-on';

/**
 * A step in the life of a finding, decided by one record of the journal. Replaying the journal gives the same steps (P7).
 * Instants are ms; `at` is the arrival of the record that decided.
 */
export type Transition = { alert: string; at: number; reason: string } & (
  | ({
      step: 'begun';
      rule: string;
      ruleVersion: string;
      subject: Subject;
      title: Name;
      severity: Severity;
      organisation: string;
      assignee: string | null;
      /** Sample time of the first bad sample, and its arrival. */
      startedAt: number;
      receivedAt: number;
    } & Finding)
  /** It is pending, and its rule has other words now; without `organisation` it stays with its bureau. */
  | { step: 'reworded'; title: Name; severity: Severity; organisation?: string }
  /** Held back by another alert, or (null) not any more. */
  | { step: 'held'; by: string | null }
  /**
   * `children`: the devices that it speaks for. `flapping`: the rule's alerts on this subject come and go.
   */
  | ({ step: 'fired'; firedAt: number; children: string[]; flapping?: Flapping } & Finding)
  /** The alerts of its rule and subject came and went, of which it is the newest: they do no more. */
  | { step: 'calmed' }
  /** It is graver from now on, or less grave. */
  | ({ step: 'graded'; severity: Severity } & Finding)
  /** It was pending and is over: there was no alert. */
  | { step: 'vanished' }
  /** `resolvedAt`: sample time of what ended it. `quiet`: it was over before it was known, nobody is told. */
  | ({ step: 'resolved'; resolvedAt: number; quiet: boolean } & Finding)
  /** Its rule or its device is no more. */
  | { step: 'closed' }
);
