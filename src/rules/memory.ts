import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';

/** What a rule remembers of a device, and how it found it last. Small, for it is written at every commit. */
export interface Memory {
  /** Time of the newest sample that is in it, ms. */
  ts: number;
  verdict: Verdict;
  reason: string | null;
  values: Finding['values'];
  /** What the type of the rule needs for the next sample; whoever makes it alone reads it. */
  state: unknown;
}

/** What the rules remember of the devices' own samples. */
export class Memories {
  /** By rule: the devices of those that changed since the last checkpoint. */
  readonly changed = new Map<string, Set<string>>();
  readonly #byRule = new Map<string, Map<string, Memory>>();

  of(rule: string, device: string): Memory | undefined {
    return this.#byRule.get(rule)?.get(device);
  }

  put(rule: string, device: string, memory: Memory): void {
    const known = this.of(rule, device);
    // In place, for it is done with every sample.
    if (known === undefined) this.restore(rule, device, memory);
    else Object.assign(known, memory);
    this.#change(rule, device);
  }

  /** Puts back what a checkpoint holds. */
  restore(rule: string, device: string, memory: Memory): void {
    const known = this.#byRule.get(rule);
    if (known === undefined) this.#byRule.set(rule, new Map([[device, memory]]));
    else known.set(device, memory);
  }

  /** The rules that remember anything. */
  rules(): string[] {
    return [...this.#byRule.keys()];
  }

  /** Everything that a rule remembers goes: it judges otherwise from now on, or not at all. */
  forgetRule(rule: string): void {
    for (const device of this.#byRule.get(rule)?.keys() ?? []) this.#change(rule, device);
    this.#byRule.delete(rule);
  }

  /** What is remembered of a device goes. */
  forgetDevice(device: string): void {
    for (const [rule, devices] of this.#byRule) if (devices.delete(device)) this.#change(rule, device);
  }

  #change(rule: string, device: string): void {
    const known = this.changed.get(rule);
    if (known === undefined) this.changed.set(rule, new Set([device]));
    else known.add(device);
  }
}
