import type { Severity } from '../model/alert.ts';
import { isGraver } from '../model/rung.ts';
import type { Flapping } from '../model/transition.ts';

/** How often a rule's alerts on a subject came and went of late. */
export interface Flap {
  /** When an alert fired or was over, by the arrival of what decided it, oldest first; ms. */
  turns: readonly number[];
  /** The newest alert. */
  alert: string;
  /** It comes and goes, and of that somebody was told, of an alert as grave as that; null while it does not. */
  told: Severity | null;
}

/** Turns that are older say nothing any more, ms. */
const WINDOW = 2 * 3_600_000;
/** So many turns within that time are a score of 1; more are not remembered. */
const MOST_TURNS = 20;
/** What a turn weighs: the newest most. */
const NEWEST = 1.2;
const OLDEST = 0.8;
/** From such a score on it flaps, and below such a one no more: three alerts within an hour or so, and an hour or two of rest. */
const HIGH = 0.25;
const LOW = 0.15;

/** Whose alerts come and go: by the weighted share of turns of late, with a threshold to begin and a lower one to end. */
export class Flaps {
  /** Keys of those that changed since the last checkpoint. */
  readonly changed = new Set<string>();
  readonly #byKey = new Map<string, Flap>();

  get(key: string): Flap | undefined {
    return this.#byKey.get(key);
  }

  restore(key: string, flap: Flap): void {
    this.#byKey.set(key, flap);
  }

  /** An alert fires at `at` (ms): whether its subject flaps. */
  fired(key: string, alert: string, severity: Severity, at: number): Flapping | null {
    const { turns, told } = this.#turned(key, alert, at);
    if (told !== null && !isGraver(severity, told)) return 'goes-on';
    // Of a graver one it is told again.
    if (told === null && scoreOf(turns, at) < HIGH) return null;
    this.#put(key, { turns, alert, told: severity });
    return 'begins';
  }

  /** An alert that fired is over at `at` (ms). */
  over(key: string, alert: string, at: number): void {
    this.#turned(key, alert, at);
  }

  /** Nothing is remembered of a subject whose alert was ended otherwise. */
  forget(key: string): void {
    if (this.#byKey.delete(key)) this.changed.add(key);
  }

  /** Lets time pass to `at` (ms): the newest alerts of those that flap no more, in the order of the keys. */
  calmed(at: number): string[] {
    const calm: string[] = [];
    for (const [key, { turns, told }] of this.#byKey) {
      if (told !== null && scoreOf(turns, at) < LOW) calm.push(key);
      else if (told === null && at - (turns.at(-1) ?? 0) >= WINDOW) this.forget(key);
    }
    return calm.sort().map((key) => {
      const flap = this.#byKey.get(key) as Flap;
      this.#put(key, { ...flap, told: null });
      return flap.alert;
    });
  }

  #turned(key: string, alert: string, at: number): Flap {
    const { turns = [], told = null } = this.#byKey.get(key) ?? {};
    const flap = { turns: [...turns, at].slice(-MOST_TURNS), alert, told };
    this.#put(key, flap);
    return flap;
  }

  #put(key: string, flap: Flap): void {
    this.#byKey.set(key, flap);
    this.changed.add(key);
  }
}

/** The weighted share of turns within the window at `at` (ms): 0 for none. */
export function scoreOf(turns: readonly number[], at: number): number {
  const weights = turns.map((turn) => (at - turn < WINDOW ? NEWEST - ((NEWEST - OLDEST) * (at - turn)) / WINDOW : 0));
  return weights.reduce((sum, weight) => sum + weight, 0) / MOST_TURNS;
}
