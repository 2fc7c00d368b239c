import type { Clock } from '../kernel/clock.ts';
import { TownError } from '../kernel/errors.ts';
import type { Device } from '../model/device.ts';
import type { Exclusion } from '../model/exclusion.ts';
import { instant, type Name } from '../model/primitives.ts';
import type { Plan, Town } from '../model/town.ts';
import type { Verdict } from '../model/verdict.ts';
import { partedBy } from './exclusions.ts';
import { HOUR_MS, hourOf, type Marks } from './marks.ts';
import { type PointBook, type RowBook, rowsByDevice, type SeriesBook } from './parts.ts';
import {
  addCount,
  countPoint,
  limitsOf,
  POINT_KIND,
  type PressureCount,
  type PressureRates,
  ratesOf,
  verdictOf,
} from './pressure.ts';
import { type MeanBook, Raised, type RaisedPoint } from './raised.ts';

/** What the plan calls the figure, and its target where the plan has none (CJJ 58-2007 §3.1.3). */
const METRIC = 'pressure-compliance';
const TARGET = 0.97;
const MINUTE = 60_000;
const DAY = 24 * HOUR_MS;
/** More of the end of a period is not read from single rows, ms: it takes that long only while the record is behind. */
const LONGEST_TAIL = 8 * HOUR_MS;

/** By what points are grouped: `zone` is the node of the network that they hang from. */
export type ComplianceGroup = 'point' | 'zone' | 'town';

/** Why nothing is expected. */
type IdleReason = 'no-limit' | 'not-in-service' | 'excluded';

/** Pressure compliance of a point, zone or town over a period. */
export interface CompliancePoint extends PressureCount, PressureRates {
  group: ComplianceGroup;
  id: string;
  name: Name;
  from: string;
  to: string;
  /** Samples that were to come in periods that are excluded: they count nowhere else. */
  excluded: number;
  target: number;
  verdict: Verdict;
  reason: 'coverage' | IdleReason | null;
}

/** What answers stand on. */
export interface ComplianceParts {
  town: Town;
  plan: Plan;
  marks: Marks;
  points: PointBook;
  exclusions: { inForce(): readonly Exclusion[] };
  history: RowBook & SeriesBook & MeanBook;
  record: { madeUntil(): number };
  /** The town's. */
  clock: Clock;
}

type Sums = ReadonlyMap<string, PressureCount>;

/** Answers for the pressure compliance of any period: whole hours from the record, the rest from the rows themselves. */
export class Compliance {
  readonly #parts: ComplianceParts;
  readonly #target: number;
  /** The answers of a minute: many ask for the same one. */
  #lately: { at: number; sums: Promise<Sums> } | null = null;

  constructor(parts: ComplianceParts) {
    this.#parts = parts;
    this.#target = parts.plan.targets.find(({ metric }) => metric === METRIC)?.target ?? TARGET;
  }

  /** The day that ends with the last whole minute, by id. @throws TownError `unavailable` while the history cannot be read */
  async now(group: ComplianceGroup): Promise<CompliancePoint[]> {
    const at = Math.floor(this.#parts.clock.now() / MINUTE) * MINUTE;
    if (this.#lately?.at !== at) {
      const lately = { at, sums: this.#sums(at - DAY, at, at) };
      this.#lately = lately;
      lately.sums.catch(() => {
        if (this.#lately === lately) this.#lately = null;
      });
    }
    return this.#show(group, await this.#lately.sums, at - DAY, at);
  }

  /** Any period, `from` inclusive, `to` exclusive, ms; by id. @throws TownError as `now` */
  async past(group: ComplianceGroup, from: number, to: number): Promise<CompliancePoint[]> {
    return this.#show(group, await this.#sums(from, to, this.#parts.clock.now()), from, to);
  }

  /** By how much the pressure of points was raised over a period, as {@link past}, against their baselines. @throws TownError as `now` */
  raised(from: number, to: number): Promise<RaisedPoint[]> {
    const { points, history, town } = this.#parts;
    return new Raised(points, history, town.timeZone).over(from, to);
  }

  /** Counts by group and id. */
  async #sums(from: number, to: number, now: number): Promise<Sums> {
    const { history, record } = this.#parts;
    const sums = new Map<string, PressureCount>();
    const begin = Math.ceil(from / HOUR_MS) * HOUR_MS;
    const end = Math.min(hourOf(to), record.madeUntil());
    if (begin >= end) {
      await this.#addRows(sums, from, to, now);
      return sums;
    }
    await this.#addRows(sums, from, begin, now);
    for (const group of ['point', 'zone', 'town'] as const) {
      const found = await history.seriesSums({
        ...{ series: 'pressure_compliance', by: 'id', fields: ['valid', 'inBounds', 'expected'] },
        ...{ where: { group: [group] }, from: begin, to: end },
      });
      for (const { key, sums: counts } of found) add(sums, `${group} ${key}`, countOf(counts));
    }
    await this.#addRows(sums, end, to, now);
    return sums;
  }

  /** Adds what rows say of a time, hour by hour as the record would. */
  async #addRows(sums: Map<string, PressureCount>, from: number, to: number, now: number): Promise<void> {
    const last = Math.min(to, now + HOUR_MS);
    if (from >= last) return;
    if (last - from > LONGEST_TAIL)
      throw new TownError('unavailable', 'the record of pressure compliance is being made: ask again in a minute');
    const { points, exclusions, history, marks, town } = this.#parts;
    const rows = await rowsByDevice(history, { kind: POINT_KIND, from, to: last });
    for (const { id } of points.list({ kind: POINT_KIND })) {
      for (let hour = hourOf(from); hour < last; hour += HOUR_MS) {
        const stretches = points.between(id, Math.max(from, hour), Math.min(last, hour + HOUR_MS));
        const { counted } = partedBy(exclusions.inForce(), stretches);
        const count = countPoint(counted, rows.get(id) ?? [], now, marks.firstReport(id));
        if (count.expected === 0) continue;
        add(sums, `point ${id}`, count);
        const zone = points.at(id, hour)?.parent ?? null;
        if (zone !== null) add(sums, `zone ${zone}`, count);
        add(sums, `town ${town.id}`, count);
      }
    }
  }

  /** How many samples were to come in what is excluded of a time, by group and id. */
  #excluded(from: number, to: number): Map<string, number> {
    const { points, exclusions, marks, town, clock } = this.#parts;
    const sums = new Map<string, number>();
    const windows = exclusions.inForce().filter((one) => one.from < to && one.to > from);
    if (windows.length === 0) return sums;
    for (const { id } of points.list({ kind: POINT_KIND })) {
      for (const stretch of partedBy(windows, points.between(id, from, to)).excluded) {
        const { expected } = countPoint([stretch], [], clock.now(), marks.firstReport(id));
        const { parent } = stretch.device;
        for (const key of [`point ${id}`, ...(parent === null ? [] : [`zone ${parent}`]), `town ${town.id}`])
          sums.set(key, (sums.get(key) ?? 0) + expected);
      }
    }
    return sums;
  }

  #show(group: ComplianceGroup, sums: Sums, from: number, to: number): CompliancePoint[] {
    const devices = this.#parts.points.list({ kind: POINT_KIND });
    const there = new Set<string>(
      [...sums.keys()].flatMap((key) => (key.startsWith(`${group} `) ? [key.slice(group.length + 1)] : [])),
    );
    for (const { id, parent, retiredAt } of devices) {
      if (retiredAt !== null) continue;
      if (group === 'point') there.add(id);
      if (group === 'zone' && parent !== null) there.add(parent);
    }
    if (group === 'town') there.add(this.#parts.town.id);
    const { town } = this.#parts;
    const excluded = this.#excluded(from, Math.min(to, this.#parts.clock.now()));
    const names = new Map<string, Name>([...devices, ...town.network, town].map(({ id, name }) => [id, name]));
    const whyIdle = (one: ComplianceGroup, id: string): IdleReason =>
      (excluded.get(`${one} ${id}`) ?? 0) > 0 ? 'excluded' : reasonOf(one, id, devices);
    return [...there].sort().map((id) => {
      const count = sums.get(`${group} ${id}`) ?? { valid: 0, inBounds: 0, expected: 0 };
      const rates = ratesOf(count);
      const verdict = verdictOf(rates, this.#target);
      return {
        ...{ group, id, name: names.get(id) ?? { zh: id, en: id }, from: instant(from), to: instant(to) },
        ...{ ...count, ...rates, excluded: excluded.get(`${group} ${id}`) ?? 0, target: this.#target, verdict },
        reason: verdict === 'unknown' ? 'coverage' : verdict === 'idle' ? whyIdle(group, id) : null,
      };
    });
  }
}

function reasonOf(group: ComplianceGroup, id: string, devices: readonly Device[]): IdleReason {
  const within = devices.filter((device) => group === 'town' || (group === 'zone' ? device.parent : device.id) === id);
  return within.some((device) => limitsOf(device) !== null) ? 'not-in-service' : 'no-limit';
}

function add(sums: Map<string, PressureCount>, key: string, count: PressureCount): void {
  const sum = sums.get(key) ?? { valid: 0, inBounds: 0, expected: 0 };
  sums.set(key, sum);
  addCount(sum, count);
}

function countOf({ valid = 0, inBounds = 0, expected = 0 }: Readonly<Record<string, number>>): PressureCount {
  return { valid, inBounds, expected };
}
