import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AlertBook } from '../../src/alerts/book.ts';
import { steadyClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { openStore, type Store } from '../../src/kernel/store.ts';
import type { JournalReader, JournalRecord, NewRecord, Offset } from '../../src/model/record.ts';
import { isSignal } from '../../src/model/signal-rule.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { RuleRunner } from '../../src/rules/runner.ts';
import { type BigTown, changesOf, KINDS } from './big-town.ts';

/** An evening of the town, so that its lamps are judged. */
const START = Date.parse('2026-11-25T20:00+08:00');
/** Town time between two ticks, ms. */
export const TICK_MS = 5_000;

/** So often the journal grows in real time, ms. */
const GROWS = 20;

/** What a load cost. */
export interface Cost {
  samples: number;
  /** A rule held against a sample, or at a tick against one that it is about. */
  evaluations: number;
  /** Alerts that began, fired or ended. */
  transitions: number;
  /** CPU time of the process with all its threads, s. */
  cpu: number;
  /** Town time that passed, s. */
  townSeconds: number;
}

/** A town's journal as it would grow: what brings the town in, and then samples, and ticks. */
export class Load {
  readonly town: BigTown;
  readonly rulebook: string;
  readonly #rate: number;
  readonly #step: number;
  #at = START;
  #offset = 1;
  #sent = 0;

  /** `rate` in samples a second over all devices; `step` from one tick to the next, ms. */
  constructor(town: BigTown, rulebook: string, rate: number, step = TICK_MS) {
    this.town = town;
    this.rulebook = rulebook;
    this.#rate = rate;
    this.#step = step;
  }

  /** Samples so far. */
  get samples(): number {
    return this.#sent;
  }

  /** The town, its rulebook and its devices. */
  begin(): JournalRecord[] {
    return changesOf(this.town, this.rulebook).map((change) => this.#record({ type: 'change', change, by: 'bench' }));
  }

  /** The time to the next tick: its samples, device by device in turn, and the tick. */
  next(): JournalRecord[] {
    const records: JournalRecord[] = [];
    const { devices } = this.town;
    const begun = this.#at;
    const until = Math.round(((begun + this.#step - START) / 1_000) * this.#rate);
    const count = until - this.#sent;
    for (let n = 0; n < count; n++, this.#sent++) {
      this.#at = begun + Math.floor((n * this.#step) / count);
      const [index, report] = [this.#sent % devices.length, Math.floor(this.#sent / devices.length)];
      records.push(this.#record({ type: 'sample', sample: this.town.sample(index, report, this.#at) }));
    }
    this.#at = begun + this.#step;
    records.push(this.#record({ type: 'tick', away: 0 }));
    return records;
  }

  #record(record: NewRecord): JournalRecord {
    return { ...record, at: this.#at, offset: this.#offset++ } as JournalRecord;
  }
}

/** Feeds an engine that nothing hangs on; counted from after `warmUp` ticks on, for `ticks`. */
export function engineAlone(load: Load, warmUp: number, ticks: number): Cost {
  let transitions = 0;
  const engine = new Engine(KINDS, () => transitions++);
  for (const record of load.begin()) engine.feed(record);
  for (let tick = 0; tick < warmUp; tick++) for (const record of load.next()) engine.feed(record);
  const cost = { ...noCost(), transitions: -transitions, samples: -load.samples };
  for (let tick = 0; tick < ticks; tick++) {
    const records = load.next();
    const before = process.cpuUsage();
    for (const record of records) engine.feed(record);
    cost.cpu += cpuSince(before);
    cost.evaluations += evaluationsOf(engine, records);
    cost.townSeconds += TICK_MS / 1_000;
  }
  return { ...cost, transitions: transitions + cost.transitions, samples: load.samples + cost.samples };
}

/**
 * The same with all that the service does about it: the runner that follows the journal as it grows in real time, checkpoint
 * and alerts in synced transactions of the store.
 */
export async function engineAndCheckpoint(load: Load, warmUp: number, ticks: number): Promise<Cost> {
  return withFolder(async (folder) => {
    const store = await openStore(folder);
    try {
      return await runnerCost(store, load, warmUp, ticks);
    } finally {
      await store.close();
    }
  });
}

async function runnerCost(store: Store, load: Load, warmUp: number, ticks: number): Promise<Cost> {
  const [journal, alerts] = [new Tail(), new AlertBook(store)];
  let transitions = 0;
  const sink = {
    take: (found: Parameters<AlertBook['take']>[0]) => {
      transitions += found.length;
      alerts.take(found);
    },
    taken: () => {},
  };
  const runner = new RuleRunner(KINDS, journal, store, sink, steadyClock, silentLogger);
  journal.grow(load.begin());
  runner.start();
  while (runner.cursor() < journal.end()) await sleep(GROWS);
  const cost = noCost();
  let before = process.cpuUsage();
  for (let tick = -warmUp; tick < ticks; tick++) {
    if (tick === 0) {
      Object.assign(cost, { cpu: 0, transitions: -transitions, samples: -load.samples });
      before = process.cpuUsage();
    }
    const [begun, making] = [performance.now(), process.cpuUsage()];
    const records = load.next();
    // What it takes to make the load is no part of it.
    cost.cpu -= cpuSince(making);
    const steps = TICK_MS / GROWS;
    for (let step = 0; step < steps; step++) {
      journal.grow(records.slice((step * records.length) / steps, ((step + 1) * records.length) / steps));
      await sleep(Math.max(0, begun + (step + 1) * GROWS - performance.now()));
    }
    if (tick >= 0) cost.townSeconds += TICK_MS / 1_000;
  }
  while (runner.cursor() < journal.end()) await sleep(GROWS);
  cost.cpu += cpuSince(before);
  await runner.stop(Infinity);
  return { ...cost, transitions: transitions + cost.transitions, samples: load.samples + cost.samples };
}

/** Leaves the checkpoint of a town after so many ticks in a store of this folder. */
export async function leaveCheckpoint(folder: string, load: Load, ticks: number): Promise<void> {
  const store = await openStore(folder, { sync: false });
  try {
    const engine = new Engine(KINDS, () => {});
    for (const record of load.begin()) engine.feed(record);
    let cursor: Offset = 1;
    for (let tick = 0; tick < ticks; tick++) {
      // Of the record of the lamps, only what is going on is ever read back.
      engine.record.changed.clear();
      for (const record of load.next()) {
        engine.feed(record);
        cursor = record.offset + 1;
      }
    }
    await store.transaction(() => new Checkpoint(store).save(engine, cursor));
  } finally {
    await store.close();
  }
}

/** A folder of its own while `use` runs. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'townpulse-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The end of a journal: what its reader has not passed yet. */
class Tail implements JournalReader {
  #records: JournalRecord[] = [];
  #first: Offset = 1;
  #wake: () => void = () => {};

  grow(records: readonly JournalRecord[]): void {
    this.#records = this.#records.concat(records);
    this.#wake();
  }

  end(): Offset {
    return this.#first + this.#records.length;
  }

  read(_partition: number, from: Offset, limit: number): readonly JournalRecord[] {
    return this.#records.slice(from - this.#first, from - this.#first + limit);
  }

  arrivalOf(): number | null {
    return null;
  }

  arrived(_partition: number, from: Offset, signal: AbortSignal): Promise<void> {
    if (from < this.end() || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  commit(_consumer: string, _partition: number, offset: Offset): void {
    this.#records = this.#records.slice(offset - this.#first);
    this.#first = offset;
  }
}

function noCost(): Cost {
  return { samples: 0, evaluations: 0, transitions: 0, cpu: 0, townSeconds: 0 };
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function evaluationsOf({ roster, book, counts }: Engine, records: readonly JournalRecord[]): number {
  let evaluations = 0;
  for (const record of records) {
    if (record.type === 'sample') {
      const member = roster.members.get(record.sample.device);
      evaluations += (member?.thresholds.length ?? 0) + (member?.signals.length ?? 0);
    } else if (record.type === 'tick') {
      for (const rule of book.rules) {
        if (rule.type === 'silence') evaluations += roster.judgedBy(rule).length;
        else if (rule.type === 'ratio')
          evaluations += counts.filter(({ group }) => rule.groupBy.includes(group)).length;
        else if (rule.type !== 'threshold' && !isSignal(rule)) evaluations++;
      }
    }
  }
  return evaluations;
}
