import { DayParts } from '../model/day-part.ts';
import type { SampleRecord } from '../model/record.ts';
import type { SignalRule } from '../model/signal-rule.ts';
import type { Verdict } from '../model/verdict.ts';
import { average } from './average.ts';
import { change } from './change.ts';
import { counter } from './counter.ts';
import { deviation } from './deviation.ts';
import { drift } from './drift.ts';
import { Memories, type Memory } from './memory.ts';
import { pattern } from './pattern.ts';
import { freshFor, isInService, type Member } from './roster.ts';
import type { Sampled } from './sampled.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';
import type { Speech } from './speech.ts';
import { stuck } from './stuck.ts';

/** Every such type, by its name in the rulebook. */
const TYPES: {
  [T in SignalRule['type']]: (rule: Extract<SignalRule, { type: T }>, moment: Moment<never>) => Reading<unknown>;
} = {
  average,
  change,
  counter,
  deviation,
  drift,
  pattern,
  stuck,
};
/** A time that the gate had to make up says nothing about the time of the day, or how fast something was. */
const NEEDS_TRUE_TIME: readonly string[] = ['average', 'change', 'counter', 'pattern'];

/** How a device stands before anything was told of it. */
const UNTOLD: Signal = { verdict: 'unknown', reason: 'learning', values: {} };

/** Judges one field of a device by what is remembered of it. */
export class SignalJudge {
  readonly memories = new Memories();
  readonly #speech: Speech;
  readonly #sampled: Sampled;
  #parts = new DayParts('UTC');

  constructor(speech: Speech, sampled: Sampled) {
    this.#speech = speech;
    this.#sampled = sampled;
  }

  /** A sample that is not older than the device's newest. */
  sample(rule: SignalRule, member: Member, record: SampleRecord): void {
    const { ts, values, deviceTs } = record.sample;
    const value = values[rule.of];
    // Of a device that rests nothing is expected, and nothing is learned.
    if (typeof value !== 'number' || this.#speech.isResting(rule, member, record)) return;
    if (deviceTs !== undefined && NEEDS_TRUE_TIME.includes(rule.type)) return;
    const { device, attributes } = member;
    const memory = this.memories.of(rule.id, device.id);
    if (memory !== undefined && ts <= memory.ts) return;
    const occurrence = this.#sampled.held(rule, member);
    const { state, signal } = this.#read(rule, {
      value,
      ts,
      device,
      attributes,
      state: memory?.state as never,
      isHeld: occurrence !== undefined,
      parts: this.dayParts(),
      neighbours: () => this.neighbours(rule, member, ts).map(({ memory: { state: theirs } }) => theirs) as never[],
    });
    const { verdict, reason, values: figures } = signal ?? memory ?? UNTOLD;
    this.memories.put(rule.id, device.id, { ts, verdict, reason, values: figures, state });
    this.#speech.roster.judge(member, rule.id, ts);
    if (signal?.verdict === 'breach') this.#sampled.worse(rule, member, record, figures);
    else if (occurrence !== undefined && (signal ?? (occurrence.calm && memory))?.verdict === 'ok')
      this.#sampled.better(rule, member, record, figures, occurrence);
  }

  /** How things stand for a device by this rule at `at`, and why where that cannot be told. */
  verdict(rule: SignalRule, member: Member, at: number): { verdict: Verdict; reason: string | null } {
    const rest = this.#speech.restOf(rule, member, at);
    if (rest !== null) return { verdict: 'idle', reason: rest };
    const silence = this.#speech.silence(member, at);
    if (silence !== null) return silence;
    const memory = this.memories.of(rule.id, member.device.id);
    if (memory === undefined) return { verdict: 'unknown', reason: 'learning' };
    if (at - memory.ts > freshFor(member)) return { verdict: 'unknown', reason: 'no-sample' };
    return this.#sampled.verdict(rule, member) ?? { verdict: memory.verdict, reason: memory.reason };
  }

  /** The town's days and hours. */
  dayParts(): DayParts {
    const timeZone = this.#speech.roster.town?.timeZone ?? 'UTC';
    if (this.#parts.timeZone !== timeZone) this.#parts = new DayParts(timeZone);
    return this.#parts;
  }

  #read(rule: SignalRule, moment: Moment<never>): Reading<unknown> {
    return (TYPES[rule.type] as (rule: SignalRule, moment: Moment<never>) => Reading<unknown>)(rule, moment);
  }

  /** The others of the same network node that were heard of around `ts` (ms), and what the rule remembers of them. */
  neighbours(rule: SignalRule, { device }: Member, ts: number): { device: string; memory: Memory }[] {
    const { roster } = this.#speech;
    if (device.parent === null) return [];
    const found: { device: string; memory: Memory }[] = [];
    for (const id of roster.childrenOf(device.parent)) {
      if (id === device.id) continue;
      const [other, memory] = [roster.members.get(id), this.memories.of(rule.id, id)];
      if (other === undefined || memory === undefined) continue;
      if (isAround(memory, other, ts) && isInService(other, ts)) found.push({ device: id, memory });
    }
    return found;
  }
}

/** Whether what is remembered of a device is of about `ts`: not older, and not newer, than it may be quiet. */
function isAround(memory: Memory, member: Member, ts: number): boolean {
  return Math.abs(memory.ts - ts) <= freshFor(member);
}
