import type { Device } from '../model/device.ts';
import type { Sample, Value } from '../model/sample.ts';
import { calmSince } from './calm.ts';
import { RuleHours } from './hours.ts';
import type { LampLine } from './lamp-line.ts';
import { type Occurrence, Occurrences } from './occurrences.ts';
import { appliesTo, type Member, Roster } from './roster.ts';
import type { CompiledRule, CompiledThreshold } from './rulebook.ts';
import { Sampled, subjectOf } from './sampled.ts';
import { Speech } from './speech.ts';
import { ThresholdJudge } from './threshold.ts';

/** What is held against nodes at an instant because they have no supply, and what goes on from there. Instants in ms. */
export interface Outages {
  held: readonly Occurrence[];
  /** Of the devices that hold it: when they last said so, by rule. */
  judged: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Devices behind such a node that said since that lamps burn: when they last said so. */
  lit: Readonly<Record<string, number>>;
}

/** Since when a node has no supply (null: it has), from the instant `at` on; ms. */
export interface SupplyTurn {
  at: number;
  deadSince: number | null;
}

/** A device that may tell of its node's supply, as it is registered from `from` to before `to` (ms), and what it said. */
export interface Teller {
  device: Device;
  from: number;
  to: number;
  firstReport: number | null;
  rows: readonly { ts: number; values: Readonly<Record<string, Value>> }[];
}

/** Nothing is held against anybody. */
export const NO_OUTAGES: Outages = { held: [], judged: {}, lit: {} };
/** So often time passes while anything is held, ms. */
const TICK = 60_000;

/** The rules by which a node's lamps are dark. */
export function supplyRules(rules: readonly CompiledRule[]): CompiledThreshold[] {
  return rules.filter((rule) => rule.type === 'threshold').filter(({ lamps }) => lamps === 'out');
}

/** The nodes whose lamps these rules know to be dark, and since when, ms. */
export function deadNodes(rules: readonly CompiledThreshold[], occurrences: Occurrences): Map<string, number> {
  const dead = new Map<string, number>();
  for (const rule of rules)
    for (const held of occurrences.all(rule.id)) {
      const { subject, startedAt } = held;
      if (subject.type !== 'parent' || calmSince(held) !== null) continue;
      dead.set(subject.id, Math.min(startedAt, dead.get(subject.id) ?? startedAt));
    }
  return dead;
}

/**
 * Passes a stretch of time by the samples' own times, whatever order they came in, and tells how nodes lost their supply
 * and had it back: the same judges judge that judge what arrives.
 */
export class OutageWalk {
  /** By node, ascending; none for a node that had its supply all the time. */
  readonly turns = new Map<string, SupplyTurn[]>();
  readonly #rules: readonly CompiledThreshold[];
  readonly #roster: Roster;
  readonly #occurrences = new Occurrences(() => {});
  readonly #sampled: Sampled;
  readonly #judge: ThresholdJudge;
  readonly #before: Outages;
  #ticked: number;
  #dead = new Map<string, number>();

  /** `around` has the town, and the windows of maintenance. */
  constructor(rules: readonly CompiledThreshold[], around: Roster, before: Outages, from: number) {
    this.#rules = rules;
    this.#before = before;
    this.#ticked = from;
    this.#roster = new Roster();
    if (around.town !== null) this.#roster.apply({ what: 'town', town: around.town }, from);
    for (const [id, window] of around.maintenance.all) this.#roster.maintenance.all.set(id, window);
    const hours = new RuleHours();
    hours.reset(around.town?.timeZone ?? 'UTC');
    const speech = new Speech(this.#roster, this.#occurrences, hours);
    this.#sampled = new Sampled(speech);
    this.#judge = new ThresholdJudge(speech, this.#sampled);
    for (const occurrence of before.held)
      if (rules.some(({ id }) => id === occurrence.rule)) this.#occurrences.restore(structuredClone(occurrence));
  }

  /** Passes what these say, to before `to` (ms). Call it once. */
  pass(tellers: readonly Teller[], from: number, to: number): void {
    const steps = tellers.flatMap((teller) => [
      { at: teller.from, teller, row: null },
      ...teller.rows
        .filter(({ ts }) => ts >= Math.max(from, teller.from) && ts < teller.to)
        .map((row) => ({ at: row.ts, teller, row })),
    ]);
    steps.sort((a, b) => a.at - b.at || (a.teller.device.id < b.teller.device.id ? -1 : 1));
    this.#note(from, true);
    for (const { at, teller, row } of steps) {
      this.#passTo(at);
      if (row === null) this.#meet(teller, at);
      else this.#hear(teller, row);
      this.#note(at);
    }
    this.#passTo(to);
  }

  /** How things stand now; `lines` are those of the lamps that were heard. */
  after(lines: readonly LampLine[]): Outages {
    const held = this.#rules.flatMap(({ id }) => this.#occurrences.all(id));
    const judged: Record<string, Record<string, number>> = {};
    for (const id of held.flatMap(({ bad }) => bad).sort())
      judged[id] = this.#roster.members.get(id)?.heard.judged ?? {};
    const lit: Record<string, number> = {};
    for (const { member, reports, word } of lines) {
      const since = this.#dead.get(member.device.parent ?? '');
      const newest = reports.at(-1) ?? word;
      if (since !== undefined && newest !== null && newest.ts > since && newest.lit > 0)
        lit[member.device.id] = newest.ts;
    }
    return { held, judged, lit };
  }

  /** A device is registered so from now on; it lets go what it is no longer judged for. */
  #meet({ device }: Teller, at: number): void {
    const { id } = device;
    const heard = this.#roster.members.get(id)?.heard;
    this.#roster.restore(device, heard);
    const member = this.#roster.members.get(id) as Member;
    if (heard === undefined) Object.assign(member.heard.judged, this.#before.judged[id]);
    for (const rule of this.#rules) {
      const isJudged = device.retiredAt === null && appliesTo(rule, device);
      for (const occurrence of this.#occurrences.all(rule.id)) {
        if (!occurrence.bad.includes(id)) continue;
        if (isJudged && subjectOf(rule, member).id === occurrence.subject.id) continue;
        this.#occurrences.letGo(occurrence, id);
        if (occurrence.bad.length === 0) this.#occurrences.close(occurrence, at, 'not-judged');
      }
    }
  }

  #hear({ device, firstReport }: Teller, { ts, values }: Teller['rows'][number]): void {
    const member = this.#roster.members.get(device.id) as Member;
    member.heard.at = firstReport !== null && firstReport <= ts ? firstReport : null;
    const sample: Sample = { device: device.id, kind: device.kind, ts, values };
    const record = { type: 'sample', offset: 0, at: ts, sample } as const;
    for (const rule of this.#rules) if (appliesTo(rule, device)) this.#judge.sample(rule, member, record);
  }

  #passTo(at: number): void {
    for (; this.#ticked < at; this.#ticked += TICK) {
      if (this.#occurrences.rules().length === 0) continue;
      for (const rule of this.#rules) this.#sampled.tick(rule, this.#ticked);
      this.#note(this.#ticked);
    }
  }

  /** Notes which nodes are dead from `at` (ms) on, where those are others now. */
  #note(at: number, isFirst = false): void {
    if (!isFirst && this.#occurrences.changed.size === 0) return;
    this.#occurrences.changed.clear();
    const dead = deadNodes(this.#rules, this.#occurrences);
    for (const node of new Set([...dead.keys(), ...this.#dead.keys()])) {
      const deadSince = dead.get(node) ?? null;
      if (deadSince === (this.#dead.get(node) ?? null)) continue;
      this.turns.set(node, [...(this.turns.get(node) ?? []), { at, deadSince }]);
    }
    this.#dead = dead;
  }
}
