import type { DayParts } from '../model/day-part.ts';
import type { Device } from '../model/device.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';

/** A value of the field that a rule follows, newer than every one before, and what the rule may look at beside it. */
export interface Moment<S> {
  value: number;
  /** Sample time, ms. */
  ts: number;
  device: Device;
  /** What the device states, with the limits that follow from it. */
  attributes: Device['attributes'];
  /** What the rule remembers of the samples before; its own, to be changed in place. */
  state: S | undefined;
  /** Whether something is held against the device by this rule: what ends that may be more than what begins it. */
  isHeld: boolean;
  /** The town's days and hours. */
  parts: DayParts;
  /** What the rule remembers of the others of the same network node, as far as they were heard of around `ts`. */
  neighbours(): S[];
}

/** How the device stands after a sample. Only `breach` begins anything, and only `ok` ends it (P8). */
export interface Signal {
  verdict: Verdict;
  /** Why it cannot be told, or is not judged. `learning`: too little is remembered yet. */
  reason: string | null;
  values: Finding['values'];
}

/**
 * What a type of rule makes of a sample: what to remember (the state it was given, or a new one), and how the device stands;
 * null where that is as it was before.
 */
export interface Reading<S> {
  state: S;
  signal: Signal | null;
}
