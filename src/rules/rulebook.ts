import { createHash } from 'node:crypto';
import { z } from 'zod';
import { describeIssue, type Locator, readDocument } from '../kernel/document.ts';
import { type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import { type RatioRule, Rule, type SilenceRule, type ThresholdRule } from '../model/rule.ts';
import { type Condition, Conditions, isFlaw } from './condition.ts';

/** A threshold rule with its conditions compiled. */
export interface CompiledThreshold extends Omit<ThresholdRule, 'when' | 'clear'> {
  when: Condition;
  clear: Condition | null;
}

/** A rule that is ready to judge. */
export type CompiledRule = CompiledThreshold | SilenceRule | RatioRule;

/** The rules in force. */
export interface Rulebook {
  /** `sha256:…` of the text. */
  version: string;
  text: string;
  /** In the order of the text. */
  rules: readonly CompiledRule[];
}

/** What a rulebook may refer to; organisations and plan targets are only checked where they are given. */
export interface RulebookSurroundings {
  kinds: Kinds;
  organisations?: readonly string[] | undefined;
  /** Ids of the plan's targets, for `basis: plan.yaml#…`. */
  targets?: readonly string[] | undefined;
}

/** No rules at all: what is in force before the first rulebook. */
export const EMPTY_RULEBOOK: Rulebook = { version: '', text: '', rules: [] };

const RuleList = z.array(z.looseObject({}), 'a rulebook is a list of rules, each beginning with "- id: …"');

/**
 * Reads a rulebook whole: its rules, or every problem with `FILE:LINE:COLUMN` and, where one is near, the right name.
 * `file` is only used in the problems.
 */
export function readRulebook(
  text: string,
  file: string,
  around: RulebookSurroundings,
): { ok: true; book: Rulebook } | { ok: false; problems: Problem[] } {
  const document = readDocument(text, file, RuleList);
  if (!document.ok) return document;
  const reader = new RuleReader(
    document.value.map(({ id }) => String(id)),
    document.locate,
    around,
  );
  const rules = document.value.map((written, index) => reader.read(written, index));
  if (reader.problems.length > 0) return { ok: false, problems: reader.problems };
  return { ok: true, book: { version: versionOf(text), text, rules: rules.filter((rule) => rule !== null) } };
}

/** As {@link readRulebook}. @throws TownError `rulebook-invalid` with every problem */
export function loadRulebook(text: string, file: string, around: RulebookSurroundings): Rulebook {
  const read = readRulebook(text, file, around);
  if (read.ok) return read.book;
  const count = read.problems.length;
  throw new TownError('rulebook-invalid', `${file}: ${count} problem(s); the rulebook in force stays`, {
    problems: read.problems,
  });
}

/** `sha256:…` of a rulebook's text. */
export function versionOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

class RuleReader {
  readonly problems: Problem[] = [];
  readonly #ids: readonly string[];
  readonly #locate: Locator;
  readonly #around: RulebookSurroundings;
  readonly #conditions = new Map<string, Conditions>();

  constructor(ids: readonly string[], locate: Locator, around: RulebookSurroundings) {
    this.#ids = ids;
    this.#locate = locate;
    this.#around = around;
  }

  /** The compiled rule, or null when something is wrong with it. */
  read(written: unknown, index: number): CompiledRule | null {
    const parsed = Rule.safeParse(written, { reportInput: true });
    if (parsed.success) return this.#check(parsed.data, index);
    for (const issue of parsed.error.issues) {
      for (const { path, message } of describeIssue(issue)) {
        const named = path.length === 0 ? '' : `${path.map(String).join('.')}: `;
        this.#wrong([index, ...path], `${named}${message}`);
      }
    }
    return null;
  }

  #check(rule: Rule, index: number): CompiledRule | null {
    const { kinds, organisations, targets } = this.#around;
    const before = this.problems.length;
    if (this.#ids.indexOf(rule.id) < index) this.#wrong([index, 'id'], `there is a rule ${rule.id} already`);
    const kind = kinds.get(rule.kind);
    if (kind === undefined) this.#unknown([index, 'kind'], 'kind', rule.kind, [...kinds.keys()]);
    if (rule.organisation !== undefined && organisations?.includes(rule.organisation) === false)
      this.#unknown([index, 'organisation'], 'organisation', rule.organisation, organisations);
    const target = /^plan\.yaml#(.*)$/.exec(rule.basis ?? '')?.[1];
    if (target !== undefined && targets?.includes(target) === false)
      this.#unknown([index, 'basis'], 'target of the plan', target, targets);
    for (const [place, id] of rule.inhibitedBy.entries()) {
      if (id === rule.id) this.#wrong([index, 'inhibitedBy', place], 'a rule cannot hold itself back');
      else if (!this.#ids.includes(id)) this.#unknown([index, 'inhibitedBy', place], 'rule', id, this.#ids);
    }
    const compiled = this.#compile(rule, kind, index);
    return this.problems.length === before ? compiled : null;
  }

  #compile(rule: Rule, kind: Kind | undefined, index: number): CompiledRule | null {
    if (kind === undefined) return null;
    if (rule.type === 'ratio') {
      for (const field of ['lampsLit', 'lampsTotal'])
        if (kind.fields[field] === undefined)
          this.#wrong([index, 'part'], `lamps are counted by ${field}, which ${kind.id} does not have`);
      return rule;
    }
    if (rule.type === 'silence') return rule;
    const when = this.#condition(kind, rule.when, [index, 'when']);
    const clear = rule.clear === undefined ? null : this.#condition(kind, rule.clear, [index, 'clear']);
    return when === null ? null : { ...rule, when, clear };
  }

  #condition(kind: Kind, text: string, path: PropertyKey[]): Condition | null {
    const conditions = this.#conditions.get(kind.id) ?? new Conditions(kind);
    this.#conditions.set(kind.id, conditions);
    const compiled = conditions.compile(text);
    if (!isFlaw(compiled)) return compiled;
    this.problems.push({ path: shifted(this.#locate.at(path), compiled.offset), message: compiled.message });
    return null;
  }

  #unknown(path: PropertyKey[], what: string, name: string, known: readonly string[]): void {
    this.#wrong(path, `there is no ${what} ${name}${didYouMean(name, known)}`);
  }

  #wrong(path: PropertyKey[], message: string): void {
    this.problems.push({ path: this.#locate.at(path), message });
  }
}

/** `FILE:LINE:COLUMN` moved right, to the place inside a text that stands on one line. */
function shifted(place: string, offset: number): string {
  return place.replace(/\d+$/, (column) => String(Number(column) + offset));
}
