import { createHash } from 'node:crypto';
import { z } from 'zod';
import { explain, type Locator, readDocument } from '../kernel/document.ts';
import { type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import {
  type CountRule,
  coverageId,
  type IntactRule,
  type RatioRule,
  Rule,
  type SilenceRule,
  type ThresholdRule,
} from '../model/rule.ts';
import { isGraver, type Rung } from '../model/rung.ts';
import { SERVICE } from '../model/service.ts';
import { isSignal, type SignalRule } from '../model/signal-rule.ts';
import { type Condition, Conditions, isFlaw } from './condition.ts';
import { implausibleDistance } from './plausible.ts';

/** A step of a ladder with its condition compiled. */
export type CompiledRung = Rung<Condition>;

/** A threshold rule with its conditions compiled. */
export interface CompiledThreshold extends Omit<ThresholdRule, 'when' | 'clear' | 'ladder'> {
  when: Condition;
  clear: Condition | null;
  ladder: readonly CompiledRung[];
}

/** A rule that is ready to judge. */
export type CompiledRule = CompiledThreshold | SilenceRule | RatioRule | CountRule | IntactRule | SignalRule;

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

/** What of a rule names an attribute, by its type. */
const ATTRIBUTE_KEYS: Readonly<Record<string, readonly string[]>> = {
  ...{ pattern: ['limit'], counter: ['most', 'meter'], average: ['by'], drift: ['baseline'] },
};
/** What of a rule is a distance in the unit of the field that it follows, by its type. */
const DISTANCE_KEYS: Readonly<Record<string, readonly string[]>> = {
  ...{ change: ['by'], stuck: ['resolution'], deviation: ['by'], pattern: ['by'], drift: ['above'] },
};

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
  const reader = new RuleReader(document.value, document.locate, around);
  const rules = document.value.map((written, index) => reader.read(written, index));
  if (reader.problems.length > 0) return { ok: false, problems: inOrder(reader.problems) };
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

/**
 * What a rule judges by: two of the same content find the same. How it is called, how grave it is, whose it is and who holds
 * it back is no part of it.
 */
export function contentOf(rule: CompiledRule): string {
  const {
    name: _name,
    severity: _severity,
    basis: _basis,
    organisation: _organisation,
    inhibitedBy: _by,
    ...content
  } = rule;
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** The ids that a rule's alerts go by. */
export function idsOf(rule: CompiledRule): string[] {
  return rule.type === 'ratio' ? [rule.id, coverageId(rule)] : [rule.id];
}

/** A rule as it is written: whatever of it can be checked is, also where another part of it is wrong. */
type Written = z.infer<typeof RuleList>[number];

class RuleReader {
  readonly problems: Problem[] = [];
  readonly #written: readonly Written[];
  readonly #ids: readonly string[];
  /** What rules call their own alerts about too few reports: by that id, the rule's. */
  readonly #coverage: ReadonlyMap<string, string>;
  readonly #locate: Locator;
  readonly #around: RulebookSurroundings;
  readonly #conditions = new Map<string, Conditions>();

  constructor(written: readonly Written[], locate: Locator, around: RulebookSurroundings) {
    this.#written = written;
    this.#ids = written.map(({ id }) => String(id));
    const ratios = written.filter(({ type }) => type === 'ratio').map(({ id }) => String(id));
    this.#coverage = new Map(ratios.map((id) => [coverageId({ id }), id]));
    this.#locate = locate;
    this.#around = around;
  }

  /** The compiled rule, or null when something is wrong with it. */
  read(written: Written, index: number): CompiledRule | null {
    const before = this.problems.length;
    const parsed = Rule.safeParse(written, { reportInput: true });
    const about = { schema: Rule, locate: this.#locate, base: [index] };
    for (const issue of parsed.error?.issues ?? []) this.problems.push(...explain(issue, about));
    this.#checkNames(written, index);
    const conditions = this.#compile(written, index, parsed.data);
    if (!parsed.success || this.problems.length > before) return null;
    const rule = parsed.data;
    if (rule.type !== 'threshold') return rule;
    return conditions.when === null ? null : { ...rule, ...conditions, when: conditions.when };
  }

  #checkNames(written: Written, index: number): void {
    const { id, type, kind, subject, lamps, organisation, basis, inhibitedBy } = written;
    const { organisations, targets } = this.#around;
    const own = String(id);
    const ratio = this.#coverage.get(own);
    if (this.#ids.indexOf(own) < index && id !== undefined)
      this.#wrong([index, 'id'], `there is a rule ${own} already`);
    if (ratio !== undefined)
      this.#wrong([index, 'id'], `${own} is what ${ratio} calls its alert about too few reports`);
    if (typeof organisation === 'string' && organisations?.includes(organisation) === false)
      this.#unknown([index, 'organisation'], 'organisation', organisation, organisations);
    const target = typeof basis === 'string' ? /^plan\.yaml#(.*)$/.exec(basis)?.[1] : undefined;
    if (target !== undefined && targets?.includes(target) === false)
      this.#unknown([index, 'basis'], 'target of the plan', target, targets);
    if (lamps !== undefined && subject !== 'parent')
      this.#wrong([index, 'lamps'], 'lamps hang from a node: this goes with "subject: parent"');
    if (type === 'intact') this.#checkImpairing(written, index);
    if ((type === 'ratio' || type === 'intact') && inhibitedBy !== undefined)
      this.#wrong([index, 'inhibitedBy'], 'a rate over many devices is held back by no other alert');
    if (kind === SERVICE.id) this.#checkService(written, index);
    for (const [place, other] of Array.isArray(inhibitedBy) ? inhibitedBy.entries() : []) {
      if (other === id) this.#wrong([index, 'inhibitedBy', place], 'a rule cannot hold itself back');
      else if (typeof other === 'string' && !this.#ids.includes(other))
        this.#unknown([index, 'inhibitedBy', place], 'rule', other, this.#ids);
    }
  }

  /** A facility is impaired by what rules hold against devices of its kind. */
  #checkImpairing({ kind, impairedBy }: Written, index: number): void {
    for (const [place, other] of Array.isArray(impairedBy) ? impairedBy.entries() : []) {
      if (typeof other !== 'string') continue;
      const rule = this.#written.find(({ id }) => id === other);
      if (rule === undefined) this.#unknown([index, 'impairedBy', place], 'rule', other, this.#ids);
      else if (rule.kind !== kind || rule.type === 'ratio' || rule.type === 'intact')
        this.#wrong([index, 'impairedBy', place], `${other} is no rule over devices of the kind ${String(kind)}`);
    }
  }

  /** The service is no device: it belongs to nobody by itself, hangs from nothing and does not fall silent. */
  #checkService({ type, subject, organisation }: Written, index: number): void {
    if (type !== 'threshold') this.#wrong([index, 'type'], 'the service itself is judged by thresholds alone');
    if (subject === 'parent') this.#wrong([index, 'subject'], 'the service itself hangs from no node');
    if (organisation === undefined)
      this.#wrong([index], 'a rule about the service says whose alert it is: organisation: …');
  }

  #compile(
    written: Written,
    index: number,
    parsed: Rule | undefined,
  ): Pick<CompiledThreshold, 'clear' | 'ladder'> & { when: Condition | null } {
    const { kinds } = this.#around;
    const none = { when: null, clear: null, ladder: [] };
    if (typeof written.kind !== 'string') return none;
    const kind = written.kind === SERVICE.id ? SERVICE : kinds.get(written.kind);
    if (kind === undefined) {
      this.#unknown([index, 'kind'], 'kind', written.kind, [...kinds.keys(), SERVICE.id]);
      return none;
    }
    if (written.type === 'ratio' || written.type === 'count')
      for (const field of ['lampsLit', 'lampsTotal'])
        if (kind.fields[field] === undefined)
          this.#wrong(
            [index, written.type === 'ratio' ? 'part' : 'count'],
            `lamps are counted by ${field}, which ${kind.id} does not have`,
          );
    if (isSignal({ type: String(written.type) })) this.#checkSignal(written, index, kind);
    const { when, clear } = written;
    return {
      when: typeof when === 'string' ? this.#condition(kind, when, [index, 'when']) : null,
      clear: typeof clear === 'string' ? this.#condition(kind, clear, [index, 'clear']) : null,
      ladder: parsed === undefined ? [] : this.#ladder(kind, parsed, index),
    };
  }

  /** The steps of a ladder lead up, and those that ask more than the rule ask more of the same. */
  #ladder(kind: Kind, rule: Rule, index: number): CompiledRung[] {
    return rule.ladder.map((written, place) => {
      const { when, ...rung }: Rung<string> = written;
      const path = [index, 'ladder', place];
      if (!isGraver(rung.severity, rule.severity))
        this.#wrong(
          [...path, 'severity'],
          `a step of the ladder is graver than the rule itself, which is ${rule.severity}`,
        );
      if (rule.type === 'ratio' && rung.below !== undefined && rung.below >= rule.target)
        this.#wrong([...path, 'below'], `a worse rate lies below the target of ${rule.target}`);
      if (rule.type === 'count' && rung.atLeast !== undefined && rung.atLeast <= rule.atLeast)
        this.#wrong([...path, 'atLeast'], `worse is more than the ${rule.atLeast} of the rule`);
      const compiled = when === undefined ? null : this.#condition(kind, when, [...path, 'when']);
      return compiled === null ? rung : { ...rung, when: compiled };
    });
  }

  /** The field that a rule follows is a figure of its kind, and what it reads of the registry is an attribute of it. */
  #checkSignal(written: Written, index: number, kind: Kind): void {
    const { id, fields, attributes } = kind;
    const { of } = written;
    const figures = Object.keys(fields).filter((name) => fields[name]?.type === 'number');
    if (typeof of === 'string' && !figures.includes(of)) {
      const isSwitch = fields[of] !== undefined;
      const message = isSwitch ? `${of} is on or off: write a threshold` : `${id} has no field ${of}`;
      this.#wrong([index, 'of'], `${message}${isSwitch ? '' : didYouMean(of, figures)}`);
    }
    for (const key of DISTANCE_KEYS[String(written.type)] ?? []) {
      const [name, distance] = [String(of), written[key]];
      const doubt = typeof distance === 'number' ? implausibleDistance(name, distance, kind) : null;
      if (doubt !== null) this.#wrong([index, key], doubt);
    }
    for (const key of ATTRIBUTE_KEYS[String(written.type)] ?? []) {
      const name = written[key];
      if (typeof name === 'string' && attributes[name] === undefined)
        this.#wrong([index, key], `${id} has no attribute ${name}${didYouMean(name, Object.keys(attributes))}`);
    }
    if (written.type === 'counter' && written.finds === 'impossible' && written.most === undefined)
      this.#wrong([index], 'what is impossible hangs on the meter: most: names the attribute with its largest flow');
  }

  #condition(kind: Kind, text: string, path: PropertyKey[]): Condition | null {
    const conditions = this.#conditions.get(kind.id) ?? new Conditions(kind);
    this.#conditions.set(kind.id, conditions);
    const compiled = conditions.compile(text);
    if (!isFlaw(compiled)) return compiled;
    this.problems.push({ path: this.#locate.inside(path, compiled.offset), message: compiled.message });
    return null;
  }

  #unknown(path: PropertyKey[], what: string, name: string, known: readonly string[]): void {
    this.#wrong(path, `there is no ${what} ${name}${didYouMean(name, known)}`);
  }

  #wrong(path: PropertyKey[], message: string): void {
    this.problems.push({ path: this.#locate.at(path), message });
  }
}

/** Problems in the order of their places. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const place = ({ path }: Problem) => (/:(\d+):(\d+)$/.exec(path) ?? []).slice(1).map(Number);
  return [...problems].sort((a, b) => {
    const [[line = 0, column = 0], [otherLine = 0, otherColumn = 0]] = [place(a), place(b)];
    return line - otherLine || column - otherColumn;
  });
}
