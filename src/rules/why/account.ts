import type { Alert, AlertMove, Evidence, Subject } from '../../model/alert.ts';
import type { Name } from '../../model/primitives.ts';
import type { Value } from '../../model/sample.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { Exclusion } from './excluded.ts';

/** What an account rests on besides the engine; instants in ms. */
export interface WhySources {
  /** A device's newest sample. */
  newest(device: string): { ts: number; receivedAt: number; values: Readonly<Record<string, Value>> } | undefined;
  alerts: {
    /** Newest first. */
    list(filter: { rule: string; subject: string; limit: number }): readonly Alert[];
    get(id: string): { history: readonly AlertMove[] } | undefined;
  };
}

/** A condition with its figures: `pressure < attributes.minPressure`, `0.12 < 0.14`. */
export interface AskedCondition {
  text: string;
  figures: string;
  /** Null: the sample says too little. */
  holds: boolean | null;
}

/** A figure that decides: by the name that it has in the condition, and in words. */
export interface Figure {
  name: string;
  value: number | string | null;
  unit: string | null;
  text: Name;
}

/** Values that were looked at, in the order in which they are read. */
export interface Looked {
  text: Name;
  unit: string | null;
  /** `device` where it is another than the subject, `at` where it is known. */
  values: { device: string | null; at: string | null; value: number }[];
}

/** The next thing that would change a verdict, and when, where that is known. */
export interface Next {
  at: string | null;
  text: Name;
}

/** What a type of rule says of a subject; `next` is null where it is as with any other type. */
export interface Explained {
  when: AskedCondition | null;
  clear: AskedCondition | null;
  figures: Figure[];
  looked: Looked[];
  next: Next | null;
}

/** Why a subject stands by a rule as it does. */
export interface Account extends Omit<Explained, 'next'> {
  rule: string;
  version: string;
  subject: Subject;
  /** The newest tick, at which it was judged. */
  at: string;
  verdict: Verdict;
  reason: string | null;
  /** Since when the verdict holds, where that is known. */
  since: string | null;
  samples: (Evidence & { receivedAt: string | null })[];
  /** Who is judged, and the figures of it. */
  expected: Record<string, number | null>;
  exclusions: Exclusion[];
  alert: { id: string; startedAt: string; due: string; firedAt: string | null; heldBy: string | null } | null;
  timeline: { at: string; alert: string; to: string | null; reason: string; by: string; text: Name; because: Name }[];
  next: Next;
  /** The town's, IANA's name: in which the sentences tell the time. */
  timeZone: string;
  sentences: { zh: string[]; en: string[] };
}

/** Nothing to say. */
export const UNEXPLAINED: Explained = { when: null, clear: null, figures: [], looked: [], next: null };
