import type { Alert, Correction } from '../model/alert.ts';
import { instant, type Name } from '../model/primitives.ts';
import type { RatioRule } from '../model/rule.ts';
import { VERDICTS_WORST_FIRST, type Verdict } from '../model/verdict.ts';
import type { Checkpoint } from './checkpoint.ts';
import { correctionOf } from './correction.ts';
import type { Engine } from './engine.ts';
import { type FacilityGroup, judgeFacilities } from './intact.ts';
import { judge, judgementsOf, rank } from './judgement.ts';
import { type Rates, ratesOf } from './lamp-rate.ts';
import type { LampCount } from './lamp-state.ts';
import { judgeRate, targetOf } from './lamp-target.ts';
import type { GroupCount, LampGroup } from './lighting.ts';
import { LightingMonths } from './lighting-month.ts';
import { type PastBucket, type PastSeries, pastBuckets } from './lighting-past.ts';
import { addTime, BUCKET_MS, bucketOf, meanOf, type Night, noTime } from './lighting-record.ts';
import { Why, type WhySources } from './why/why.ts';

/** The plan's own figure, where no rule of the book names one (plan task 18). */
const PLAN = { target: 0.97, targets: {}, smallRoads: [], minCoverage: 0 };
/** How many of a rule's worst subjects are shown. */
const WORST = 5;
/** Why a rule cannot tell, where that lies in the rule's past or in others, and not in the device. */
const NOT_THE_DEVICE: ReadonlySet<string | null> = new Set(['learning', 'too-few-points', 'coverage']);

/** The lighting rate of a group at a moment or over a stretch. */
export interface RatePoint extends LampCount, Rates {
  group: LampGroup;
  id: string;
  name: Name;
  dark: boolean;
  target: number;
  verdict: Verdict;
  reason: string | null;
  at: string;
  revision: number;
}

/** What the last whole night came to. */
export interface LastNight {
  date: string;
  low: number | null;
  high: number | null;
  reported: number | null;
  verdict: Verdict;
}

/** Of the lamps that are lit or out: how many are known by their reports, by patrols, and by meters. */
export interface Sources {
  telemetry: number;
  patrol: number;
  meter: number;
}

/** Which past rates to read; ms. */
export interface PastQuery {
  group: LampGroup;
  id?: string;
  from: number;
  to: number;
  bucket?: number;
  limit: number;
  after?: { ts: string; id: string };
}

/** How things stand: the engine's picture as others may read it, at its newest tick. */
export class Standing {
  readonly #engine: Engine;
  readonly #checkpoint: Checkpoint;
  readonly #history: PastSeries | null;

  /** `history` has what is no longer kept on this machine; without it that is not told. */
  constructor(engine: Engine, checkpoint: Checkpoint, history: PastSeries | null = null) {
    this.#engine = engine;
    this.#checkpoint = checkpoint;
    this.#history = history;
  }

  /** What explains verdicts, resting also on what others know. */
  why(sources: WhySources): Why {
    return new Why(this.#engine, sources);
  }

  /** What the record says of the time that an alert was decided by, where that is not what was decided. */
  correctionOf(alert: Alert): Correction | null {
    return correctionOf(this.#engine, this.#checkpoint, alert);
  }

  /** The worst verdict of a device's rules; `idle` where no rule judges it. */
  verdictOf(id: string): Verdict {
    const member = this.#engine.roster.members.get(id);
    const at = this.#engine.tickedAt;
    if (member === undefined || at === null) return 'unknown';
    // A rule that has not learned enough, or has nobody to compare with, says nothing of the device: it can be told all the same.
    const verdicts = this.#engine.book.rules.flatMap((rule) => {
      const found = judge(this.#engine, rule, member, at);
      return found === null || (found.verdict === 'unknown' && NOT_THE_DEVICE.has(found.reason)) ? [] : found.verdict;
    });
    return worst(verdicts) ?? 'idle';
  }

  /** Each rule in force, in the order of the book, with how its subjects stand. */
  overview() {
    const { book } = this.#engine;
    return book.rules.map((rule) => {
      const subjects = [...judgementsOf(this.#engine, rule)].map(({ subject, verdict }) => ({ subject, verdict }));
      const verdicts: Record<Verdict, number> = { ok: 0, breach: 0, silent: 0, unknown: 0, idle: 0 };
      for (const { verdict } of subjects) verdicts[verdict]++;
      const { id, type, kind, name, severity } = rule;
      const bad = subjects.filter(({ verdict }) => verdict !== 'ok' && verdict !== 'idle');
      return {
        ...{ id, type, kind, name, severity, version: book.version, verdicts },
        organisation: rule.organisation ?? null,
        worst: bad.sort((a, b) => rank(a.verdict) - rank(b.verdict)).slice(0, WORST),
      };
    });
  }

  /** The lighting rate of every group of this sort. */
  lightingNow(group: LampGroup): (RatePoint & { sources: Sources; lastNight: LastNight | null })[] {
    const at = this.#engine.tickedAt ?? 0;
    return this.#engine.counts
      .filter((count) => count.group === group)
      .map((count) => ({
        ...this.#point(count, count, this.#engine.isDark(at), at),
        sources: sourcesOf(count),
        lastNight: this.#lastNight(count),
      }));
  }

  /** 设施完好率: the facilities of every group of this sort, by each rule that counts them, in the order of the book. */
  facilitiesNow(group: FacilityGroup) {
    const { book, tickedAt: at, facilities, roster } = this.#engine;
    if (at === null) return [];
    return book.rules
      .filter((rule) => rule.type === 'intact')
      .flatMap((rule) =>
        facilities.counts(rule, at).flatMap(({ devices: _, by, ...count }) => {
          if (count.group !== group) return [];
          const judged = judgeFacilities(rule, count);
          const { id: ruleId, kind, target } = rule;
          return { rule: ruleId, kind, name: roster.nameOf(count.id), ...count, ...judged, ...about(target, by, at) };
        }),
      );
  }

  /** The record, ascending by ts, then id. */
  async lightingPast(query: PastQuery): Promise<(RatePoint & { ts: string })[]> {
    const { group, id, to, bucket, limit, after } = query;
    const width = Math.max(bucket ?? BUCKET_MS, BUCKET_MS);
    const ids = this.#checkpoint.groups().flatMap(([known, one]) => (known === group ? [one] : []));
    const from = bucketOf(Math.max(query.from, Date.parse(after?.ts ?? instant(0))));
    const asked = { group, ids: ids.filter((one) => id === undefined || one === id), from, to };
    const points: (RatePoint & { ts: string })[] = [];
    let sums = new Map<string, PastBucket>();
    const add = () => {
      for (const sum of [...sums.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
        const ts = instant(sum.start);
        if (after !== undefined && (ts < after.ts || (ts === after.ts && sum.id <= after.id))) continue;
        const mean = meanOf(sum);
        const point = this.#point({ group, id: sum.id }, mean, this.#engine.isDark(sum.start), sum.start);
        points.push({ ...point, revision: sum.revision, ts });
      }
      sums = new Map();
    };
    let start = 0;
    for await (const found of pastBuckets(this.#checkpoint, this.#history, asked)) {
      const own = Math.floor(found.start / width) * width;
      if (own !== start) add();
      if (points.length >= limit) break;
      start = own;
      const sum = sums.get(found.id) ?? { id: found.id, start, revision: 1, ...noTime() };
      sums.set(found.id, sum);
      addTime(sum, found);
      // Of several buckets: it goes up with that of each.
      sum.revision += found.revision - 1;
    }
    add();
    return points.slice(0, limit);
  }

  #point({ group, id }: Pick<GroupCount, 'group' | 'id'>, count: LampCount, isDark: boolean, at: number): RatePoint {
    const { expected, lit, out, unknown } = count;
    const { town } = this.#engine.roster;
    const rule = this.#rule(group);
    const { verdict, reason } = judgeRate(rule, { group, id }, count, town, isDark);
    return {
      ...{ group, id, name: this.#engine.lighting.nameOf(group, id), dark: isDark || expected > 0 },
      ...{ expected, lit, out, unknown, ...ratesOf(count), target: targetOf(rule, group, id, town) },
      ...{ verdict, reason },
      ...{ at: instant(at), revision: 1 },
    };
  }

  #lastNight({ group, id }: GroupCount): LastNight | null {
    const seen: Night | null = this.#engine.record.nights.get(`${group} ${id}`)?.last ?? null;
    if (seen === null || seen.watched === 0) return null;
    const night = this.#checkpoint.lighting.night(group, id, seen.date, this.#timeZone) ?? seen;
    const { low, high, reported } = ratesOf(night);
    const { verdict } = judgeRate(
      { ...this.#rule(group), smallRoads: [] },
      { group, id },
      night,
      this.#engine.roster.town,
      true,
    );
    return { date: seen.date, low, high, reported, verdict };
  }

  get #timeZone(): string {
    return this.#engine.roster.town?.timeZone ?? 'UTC';
  }

  /** The rule that judges groups of this sort; else the first of all, and where there is none the plan's own figure. */
  #rule(group: LampGroup): Pick<RatioRule, 'target' | 'targets' | 'smallRoads' | 'minCoverage'> {
    const ratios = this.#engine.book.rules.filter((rule) => rule.type === 'ratio');
    return ratios.find(({ groupBy }) => groupBy.includes(group)) ?? ratios[0] ?? PLAN;
  }
}

/** The lighting rate as others ask for it: now, over time, and of months. */
export function lightingRateOf(
  { engine, checkpoint }: { engine: Engine; checkpoint: Checkpoint },
  history: PastSeries | null = null,
) {
  const standing = new Standing(engine, checkpoint, history);
  const months = new LightingMonths(engine, checkpoint);
  return {
    now: (group: LampGroup) => standing.lightingNow(group),
    past: (query: PastQuery) => standing.lightingPast(query),
    month: (group: LampGroup, month: string, id?: string) => months.of(group, month, id),
  };
}

function sourcesOf({ lit, out, patrolled, metered }: GroupCount): Sources {
  return { telemetry: lit + out - patrolled - metered, patrol: patrolled, meter: metered };
}

function about(target: number, by: ReadonlyMap<string, number>, at: number) {
  return { target, impairedBy: Object.fromEntries(by), at: instant(at) };
}

function worst(verdicts: readonly Verdict[]): Verdict | undefined {
  return VERDICTS_WORST_FIRST.find((verdict) => verdicts.includes(verdict));
}
