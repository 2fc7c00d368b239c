import type { Store } from '../kernel/store.ts';
import type { Device } from '../model/device.ts';
import type { SampleFlag, Value } from '../model/sample.ts';
import type { SeriesPoint } from '../model/series.ts';
import type { Stretch } from '../model/stretch.ts';
import type { Town } from '../model/town.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type LampLine, pass, turnsOf } from './lamp-line.ts';
import { isMetered, learn, type MeterReport } from './lamp-meter.ts';
import { type LampWatch, LEARNING } from './lamp-watch.ts';
import { groupsOf, lampsOf, MISMATCH, TRANSITION } from './lighting.ts';
import { calendarOf } from './lighting-month.ts';
import { addTime, BUCKET_MS, type Bucket, type LampTime, noTime } from './lighting-record.ts';
import { pointOf } from './lighting-series.ts';
import { OutageWalk, type SupplyTurn, supplyRules } from './outages.ts';
import { appliesTo, type LampReport, LEARNED_OF, Roster } from './roster.ts';
import type { CompiledThreshold, Rulebook } from './rulebook.ts';

/** A row of the history, as far as it is looked at. */
interface LampRow {
  device: string;
  ts: number;
  flags: readonly SampleFlag[];
  values: Readonly<Record<string, Value>>;
}

/** What hours of the record are made from. */
export interface LightingParts {
  rules: {
    checkpoint: Pick<Checkpoint, 'lighting' | 'townAt' | 'bookAt' | 'groups'>;
    engine: { roster: Pick<Roster, 'maintenance'>; read(text: string): Pick<Rulebook, 'rules'> };
  };
  watch: Pick<LampWatch, 'reach' | 'patrolsOf' | 'isAbout'>;
  marks: {
    /** When a device first reported, ms; null when it has not. */
    firstReport(device: string): number | null;
    /** Hours from `from` to `to` (ms) have to be made again; called in a transaction. */
    again(devices: readonly string[], from: number, to: number): void;
  };
  registry: { list(): Device[]; between(id: string, from: number, to: number): Stretch[] };
  history: {
    rows(query: {
      kind: string;
      devices?: readonly string[];
      from: number;
      to: number;
      limit: number;
      after?: { ts: number; device: string };
    }): Promise<LampRow[]>;
  };
  store: Store;
  /** So long buckets are kept on this machine, ms: longer than a sample may be late. */
  keep: number;
  /** Takes points on their way to the history; called in a transaction. */
  queue: { add(points: readonly SeriesPoint[]): void };
}

const HOUR_MS = 3_600_000;
const PAGE = 5_000;
/** Devices of which older rows decide are asked for by name, ms. */
const NEAR = 2 * HOUR_MS;
/** Devices between which others get a turn. */
const SLICE = 200;

/**
 * Hours of the record of the lighting rate, made from the history's rows: a lamp is lit or out from a sample's own time
 * until its next sample or until it is too old, and out behind a node that a rule knows to have no supply. With it go the
 * registry, the town's roads and plans, the rulebook and the patrols of that time, and maintenance as it is known now. What
 * the ticks came to stands until then.
 */
export class LightingHours {
  readonly name = 'lighting';
  readonly title = 'the record of the lighting rate';
  readonly #parts: LightingParts;
  /** The rulebook that was read last: one for many hours. */
  #book: { text: string; rules: readonly CompiledThreshold[] } = { text: '', rules: [] };

  constructor(parts: LightingParts) {
    this.#parts = parts;
  }

  /** Every device that has lamps, or had, or may tell of its feeder. */
  devices(): Device[] {
    return this.#parts.registry.list().filter((device) => this.#parts.watch.isAbout(device));
  }

  /** Makes the hour that begins at `hour` (ms) anew. Its groups hang on all lamps, so whose samples came does not matter. */
  async remake(hour: number): Promise<void> {
    const { rules, store, queue, marks, keep } = this.#parts;
    const { lighting } = rules.checkpoint;
    const town = rules.checkpoint.townAt(hour);
    if (town === null || hour < lighting.keptFrom()) return;
    const roster = this.#rosterOf(hour, town);
    const lines = this.#lines(hour, roster);
    // By day there is nothing to say. That hangs on the town and its plans alone, never on what arrived.
    const isDay = lines.every((line) => isByDay(line));
    const walk = await this.#outages(hour, roster);
    if (!isDay || walk.turns.size > 0) await this.#hear(lines, hour);
    const buckets = isDay ? [] : await this.#sum(lines, hour, town, walk.turns);
    const after = walk.after(lines);
    await store.transaction(() => {
      queue.add(lighting.make(buckets, town.timeZone).map(pointOf));
      lighting.madeTo(hour + HOUR_MS);
      lighting.letGo(rules.checkpoint.groups(), lighting.madeUntil() - keep, calendarOf(town));
      const tellers = lighting.goesOn(hour + HOUR_MS, after);
      if (tellers.length > 0) marks.again(tellers, hour + HOUR_MS, hour + 2 * HOUR_MS);
    });
  }

  /** How nodes lost their supply in that hour and had it back, going on from the hour before. */
  async #outages(hour: number, roster: Roster): Promise<OutageWalk> {
    const { registry, rules, marks, watch } = this.#parts;
    const text = rules.checkpoint.bookAt(hour);
    if (text !== this.#book.text) this.#book = { text, rules: supplyRules(rules.engine.read(text).rules) };
    const before = rules.checkpoint.lighting.outagesAt(hour);
    const walk = new OutageWalk(this.#book.rules, roster, before, hour);
    const holders = new Set(before.held.flatMap(({ bad }) => bad));
    const told = registry.list().flatMap(({ id, kind }) => {
      if (!holders.has(id) && !this.#book.rules.some((rule) => rule.kind === kind)) return [];
      const stretches = registry.between(id, hour, hour + HOUR_MS).filter(({ isRegistered }) => isRegistered);
      const mayTell = ({ device }: Stretch) =>
        watch.isAbout(device) && device.parent !== null && this.#book.rules.some((rule) => appliesTo(rule, device));
      return holders.has(id) || stretches.some(mayTell) ? stretches : [];
    });
    const rows = new Map<string, LampRow[]>(told.map(({ device }) => [device.id, []]));
    for (const kind of new Set(told.map(({ device }) => device.kind))) {
      const devices = [...rows.keys()].filter((id) =>
        told.some(({ device }) => device.id === id && device.kind === kind),
      );
      await this.#take({ kind, devices, from: hour, to: hour + HOUR_MS }, rows);
    }
    const tellers = told.map(({ device, from, to }) => ({
      ...{ device, from, to, firstReport: marks.firstReport(device.id), rows: rows.get(device.id) ?? [] },
    }));
    walk.pass(tellers, hour, hour + HOUR_MS);
    return walk;
  }

  #rosterOf(hour: number, town: Town): Roster {
    const roster = new Roster();
    roster.apply({ what: 'town', town }, hour);
    for (const [id, window] of this.#parts.rules.engine.roster.maintenance.all) roster.maintenance.all.set(id, window);
    return roster;
  }

  /** The devices with lamps as the registry had them in that hour, of which nothing is heard yet. */
  #lines(hour: number, roster: Roster): LampLine[] {
    const { registry, watch, marks, rules } = this.#parts;
    const to = hour + HOUR_MS;
    const { lit } = rules.checkpoint.lighting.outagesAt(hour);
    return registry.list().flatMap(({ id }) =>
      registry.between(id, hour, to).flatMap((stretch) => {
        const lamps = lampsOf(stretch.device);
        if (!stretch.isRegistered || lamps === 0) return [];
        roster.restore(stretch.device, undefined);
        const member = roster.members.get(id);
        if (member === undefined) return [];
        const heard = { reports: [], meters: [], patrols: watch.patrolsOf(id, to), firstReport: marks.firstReport(id) };
        const litAt = lit[id] ?? null;
        const word = litAt === null ? null : { ts: litAt, lit: 1, total: null, litAt, isTimeReplaced: false };
        return [{ member, lamps, from: stretch.from, to: stretch.to, ...heard, word }];
      }),
    );
  }

  /** Brings what the history knows to the lines. */
  async #hear(lines: readonly LampLine[], hour: number): Promise<void> {
    const rows = await this.#rowsOf(lines, hour);
    for (const [index, line] of lines.entries()) {
      if (index % SLICE === SLICE - 1) await new Promise(setImmediate);
      const own = rows.get(line.member.device.id) ?? [];
      line.reports = reportsOf(own);
      if (isMetered(line.member)) line.meters = this.#metersOf(line, own, hour);
    }
  }

  /** The rows that decide on an hour, by device. */
  async #rowsOf(lines: readonly LampLine[], hour: number): Promise<Map<string, LampRow[]>> {
    const { watch } = this.#parts;
    const byDevice = new Map<string, LampRow[]>(lines.map(({ member }) => [member.device.id, []]));
    const near = new Map<string, number>();
    const far = new Map<string, Map<string, number>>();
    for (const { member } of lines) {
      const { id, kind } = member.device;
      const reach = watch.reach(id);
      near.set(kind, Math.max(near.get(kind) ?? 0, Math.min(reach, NEAR)));
      if (reach > NEAR) far.set(kind, (far.get(kind) ?? new Map<string, number>()).set(id, reach));
    }
    for (const [kind, reaches] of far) {
      const from = hour - Math.max(...reaches.values());
      await this.#take({ kind, devices: [...reaches.keys()], from, to: hour - NEAR }, byDevice);
    }
    for (const [kind, reach] of near)
      await this.#take({ kind, from: hour - (far.has(kind) ? NEAR : reach), to: hour + HOUR_MS }, byDevice);
    return byDevice;
  }

  /** Takes the rows of devices that are asked for; those whose time had to be replaced decide nothing. */
  async #take(
    query: { kind: string; devices?: readonly string[]; from: number; to: number },
    byDevice: ReadonlyMap<string, LampRow[]>,
  ): Promise<void> {
    for (let after: { ts: number; device: string } | undefined; ; ) {
      const page = await this.#parts.history.rows({ ...query, limit: PAGE, ...(after && { after }) });
      for (const row of page) if (!row.flags.includes('clock')) byDevice.get(row.device)?.push(row);
      after = page.at(-1);
      if (page.length < PAGE) return;
    }
  }

  /** What a meter said, with what was learned of its circuit by then: of the same lamps, and for so long only. */
  #metersOf({ member }: LampLine, rows: readonly LampRow[], hour: number): MeterReport[] {
    const { id, attributes, kind } = member.device;
    const stretches = this.#parts.registry.between(id, hour - LEARNING, hour + HOUR_MS);
    const isOther = ({ device }: Stretch) => LEARNED_OF.some((name) => device.attributes[name] !== attributes[name]);
    const since = stretches.findLast(isOther)?.to ?? -Infinity;
    const meters: MeterReport[] = [];
    for (const { ts, values } of rows) {
      if (ts < Math.max(since, hour - LEARNING)) continue;
      const before = meters.at(-1) ?? null;
      const learned = learn({ device: id, kind, ts, values }, member, before);
      if (learned !== null && learned !== before) meters.push(learned);
    }
    return meters;
  }

  /** Lamp-time of every group, by bucket. */
  async #sum(
    lines: readonly LampLine[],
    hour: number,
    town: Town,
    supply: ReadonlyMap<string, readonly SupplyTurn[]>,
  ): Promise<Iterable<Bucket>> {
    const around = {
      transition: town.lighting?.transition ?? TRANSITION,
      mismatch: town.lighting?.mismatch ?? MISMATCH,
    };
    const circuits = new Map<string, LampLine[]>();
    for (const line of lines) {
      if (!line.member.hours.isPublished) continue;
      const key = circuitOf(line);
      circuits.set(key, [...(circuits.get(key) ?? []), line]);
    }
    const turns = new Map([...circuits].map(([key, own]) => [key, turnsOf(own)]));
    const buckets = new Map<string, Bucket>();
    for (const [index, line] of lines.entries()) {
      if (index % SLICE === SLICE - 1) await new Promise(setImmediate);
      const beside = {
        circuit: turns.get(circuitOf(line)) ?? [],
        supply: supply.get(line.member.device.parent ?? '') ?? [],
      };
      const own = timesOf(hour, (take) => pass(line, beside, around, take));
      for (const [group, id] of groupsOf(line.member.device, town)) {
        for (const [place, time] of own.entries()) {
          const start = hour + place * BUCKET_MS;
          // Of what was before it was registered, nothing is known.
          if (start + BUCKET_MS <= line.from) continue;
          const key = `${group} ${id} ${start}`;
          const sum = buckets.get(key) ?? { group, id, start, ...noTime(), watched: BUCKET_MS };
          buckets.set(key, sum);
          addTime(sum, time);
        }
      }
    }
    return buckets.values();
  }
}

/** The lamp-time of one line in the buckets of an hour. */
function timesOf(hour: number, walk: (take: Parameters<typeof pass>[3]) => void): LampTime[] {
  const times = Array.from({ length: HOUR_MS / BUCKET_MS }, noTime);
  walk((from, to, { expected, lit, out, unknown }) => {
    if (expected === 0) return;
    for (let at = from; at < to; ) {
      const place = Math.floor((at - hour) / BUCKET_MS);
      const until = Math.min(to, hour + (place + 1) * BUCKET_MS);
      const span = until - at;
      const time = times[place] as LampTime;
      time.expected += expected * span;
      time.lit += lit * span;
      time.out += out * span;
      time.unknown += unknown * span;
      at = until;
    }
  });
  return times;
}

/** Whether none of its lamps is to burn in all of its time. */
function isByDay({ member, from, to }: LampLine): boolean {
  const { isLit, until } = member.hours.at(from);
  return !isLit && until >= to;
}

function circuitOf({ member: { device } }: LampLine): string {
  return device.parent ?? device.id;
}

function reportsOf(rows: readonly LampRow[]): LampReport[] {
  return rows.flatMap(({ ts, values: { lampsLit, lampsTotal } }) => {
    if (typeof lampsLit !== 'number') return [];
    const total = typeof lampsTotal === 'number' ? lampsTotal : null;
    return [{ ts, lit: lampsLit, total, litAt: null, isTimeReplaced: false }];
  });
}
