import type { SampleRecord } from '../model/record.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { freshFor, type Member } from './roster.ts';
import type { CompiledThreshold } from './rulebook.ts';
import type { Sampled } from './sampled.ts';
import type { Speech } from './speech.ts';

/** Judges the samples of one device by a condition. */
export class ThresholdJudge {
  readonly #speech: Speech;
  readonly #sampled: Sampled;

  constructor(speech: Speech, sampled: Sampled) {
    this.#speech = speech;
    this.#sampled = sampled;
  }

  /** A sample that is not older than the device's newest. */
  sample(rule: CompiledThreshold, member: Member, record: SampleRecord): void {
    const { ts, values } = record.sample;
    // Of a device that rests nothing is expected: it neither breaks nor resolves anything (P8), when measured or when it comes.
    if (this.#speech.isResting(rule, member, record)) return;
    const before = member.heard.judged[rule.id];
    if (before !== undefined && ts <= before) return;
    const holds = rule.when.holds(values, member.attributes);
    const isClear = () => rule.clear !== null && rule.clear.holds(values, member.attributes) === true;
    // Where a field is missing the condition may say nothing, and what ends the alert all the same be seen.
    if (holds === null && (this.#sampled.held(rule, member) === undefined || !isClear())) return;
    this.#speech.roster.judge(member, rule.id, ts);
    if (holds === true) return this.#sampled.worse(rule, member, record, valuesOf(rule, member, record));
    const occurrence = this.#sampled.held(rule, member);
    if (occurrence === undefined) return;
    const hasHeld = occurrence.firedAt !== null || occurrence.lateSince !== null;
    if (hasHeld && rule.clear !== null && !isClear()) return this.#sampled.wavers(rule, member, record, occurrence);
    this.#sampled.better(rule, member, record, valuesOf(rule, member, record), occurrence);
  }

  /** How things stand for a device by this rule at `at`, and why where it is not judged. */
  verdict(rule: CompiledThreshold, member: Member, at: number): { verdict: Verdict; reason: string | null } {
    const rest = this.#speech.restOf(rule, member, at);
    if (rest !== null) return { verdict: 'idle', reason: rest };
    const { attributes } = member;
    if (rule.when.attributes.some((name) => attributes[name] === undefined))
      return { verdict: 'idle', reason: 'no-limit' };
    const silence = this.#speech.silence(member, at);
    if (silence !== null) return silence;
    const judged = member.heard.judged[rule.id];
    if (judged === undefined && member.heard.ts !== null && rule.when.isOptional)
      return { verdict: 'idle', reason: 'not-fitted' };
    if (judged === undefined || at - judged > freshFor(member)) return { verdict: 'unknown', reason: 'no-sample' };
    return this.#sampled.verdict(rule, member) ?? { verdict: 'ok', reason: null };
  }
}

/** What the rule asked of the sample, and the limits that it was held against. */
function valuesOf(rule: CompiledThreshold, { attributes }: Member, { sample }: SampleRecord): Finding['values'] {
  const values: Finding['values'] = {};
  for (const field of [...rule.when.fields, ...(rule.clear?.fields ?? [])])
    values[field] = sample.values[field] ?? null;
  for (const name of rule.when.attributes) {
    const limit = attributes[name];
    if (typeof limit === 'number' || typeof limit === 'boolean') values[name] = limit;
  }
  return values;
}
