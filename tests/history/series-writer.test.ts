import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SeriesQueue } from '../../src/history/series-queue.ts';
import { type RecordedSeries, SeriesWriter } from '../../src/history/series-writer.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { openStore, type Store } from '../../src/kernel/store.ts';
import { identityOf, type SeriesPoint } from '../../src/model/series.ts';
import { temporaryFolder } from '../support/temporary.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 22, 12, 0, 30);

function move(ts: number): SeriesPoint {
  const tags = { rule: 'low-pressure', subject: 'WP-1', severity: 'major', organisation: 'water-company' };
  return { series: 'alerts', tags, ts, fields: { id: 'a', from: 'none', to: 'pending', reason: 'condition', open: 0 } };
}

function rate(ts: number): SeriesPoint {
  return { series: 'lighting_rate', tags: { group: 'town', id: 'lailong' }, ts, fields: { expected: 10, lit: ts } };
}

/** A record of ten points, one a minute, of which `over` are over. */
class Record implements RecordedSeries {
  readonly series = 'lighting_rate';
  over = 10;
  readonly asked: number[] = [];

  page(from: number): { points: SeriesPoint[]; next: number } {
    this.asked.push(from);
    const begin = Math.max(1, from);
    const next = Math.min(begin + 3, this.over + 1);
    if (begin >= next) return { points: [], next: from };
    return { points: Array.from({ length: next - begin }, (_, index) => rate(begin + index)), next };
  }
}

/** A machine with a store, a writer on it, and a history that may be down. */
class Machine {
  readonly folder = temporaryFolder();
  readonly clock = new TrialClock(START);
  readonly realClock = new TrialClock(0);
  readonly record = new Record();
  readonly kept: SeriesPoint[] = [];
  /** What `keep` throws, before it takes anything. */
  down: Error | null = null;
  /** Called when points are taken, before that is answered. */
  answering: () => void | Promise<void> = () => {};
  gauges: readonly SeriesPoint[] = [];
  store!: Store;
  queue!: SeriesQueue;
  writer!: SeriesWriter;

  async begin(): Promise<void> {
    this.store = await openStore(this.folder, { sync: false });
    this.queue = new SeriesQueue(this.store);
    const { clock, realClock, store, queue, record } = this;
    this.writer = new SeriesWriter({
      ...{ clock, realClock, store, queue, records: [record], log: silentLogger },
      gauges: async () => this.gauges,
      history: {
        keep: async (points) => {
          if (this.down !== null) throw this.down;
          this.kept.push(...points);
          await this.answering();
        },
      },
    });
    this.writer.start();
  }

  add(...points: SeriesPoint[]): Promise<void> {
    return this.store.transaction(() => this.queue.add(points));
  }

  look(): Promise<void> {
    return this.writer.write();
  }

  async end(): Promise<void> {
    const stopped = this.writer.stop();
    this.realClock.advance(2_000);
    await stopped;
    await this.store.close();
  }

  /** Ends and begins again, as after a kill: nothing but the disk is left. */
  async restart(): Promise<void> {
    await this.end();
    await this.begin();
  }

  distinct(): string[] {
    return [...new Set(this.kept.map(identityOf))];
  }
}

/** A machine that has begun, with nothing in its record. */
async function running(): Promise<Machine> {
  const machine = new Machine();
  machine.record.over = 0;
  await machine.begin();
  onTestFinished(() => machine.end());
  return machine;
}

describe('the writer of series', () => {
  it('writes what waits, in order, once', async () => {
    const machine = await running();
    await machine.add(move(1), move(2));
    await machine.add(move(3));
    await machine.look();
    await machine.look();
    expect(machine.kept).toEqual([move(1), move(2), move(3)]);
    expect(machine.queue.length).toBe(0);
  });

  it('copies a record page by page, from where it came to, also after a restart', async () => {
    const machine = await running();
    machine.record.over = 7;
    await machine.look();
    expect(machine.kept).toEqual([1, 2, 3, 4, 5, 6, 7].map(rate));
    await machine.restart();
    machine.record.over = 10;
    await machine.look();
    expect(machine.kept.slice(7)).toEqual([8, 9, 10].map(rate));
  });

  it('loses nothing while the store is down, over restarts, and writes it when the store is back', async () => {
    const machine = await running();
    machine.down = new Error('connect ECONNREFUSED');
    await machine.add(move(1));
    machine.record.over = 5;
    await machine.look();
    await machine.restart();
    await machine.add(move(2));
    await machine.look();
    expect(machine.kept).toEqual([]);
    machine.down = null;
    await machine.look();
    expect(machine.distinct()).toEqual([move(1), move(2), ...[1, 2, 3, 4, 5].map(rate)].map(identityOf));
  });

  it('writes again what was answered but not noted when it was killed, and no more than that', async () => {
    const machine = await running();
    await machine.add(move(1), move(2));
    machine.answering = () => {
      throw new Error('killed between the answer and the note');
    };
    await machine.look();
    machine.answering = () => {};
    await machine.restart();
    await machine.look();
    expect(machine.kept).toEqual([move(1), move(2), move(1), move(2)]);
    await machine.restart();
    await machine.look();
    expect(machine.kept.length).toBe(4);
  });

  it('forgets nothing while a copy is made, not even what is under way', async () => {
    const machine = await running();
    await machine.add(move(1));
    machine.record.over = 3;
    let letGo = () => {};
    machine.answering = () => {
      letGo = machine.writer.hold();
    };
    await machine.look();
    expect(machine.kept).toEqual([move(1)]);
    expect(machine.queue.length).toBe(1);
    machine.answering = () => {};
    await machine.look();
    expect(machine.kept).toEqual([move(1)]);
    letGo();
    await machine.look();
    expect(machine.queue.length).toBe(0);
    expect(machine.distinct()).toEqual([move(1), ...[1, 2, 3].map(rate)].map(identityOf));
  });

  it('reads the gauges once in a minute of town time, and keeps them while the store is down', async () => {
    const machine = await running();
    const gauge = (): SeriesPoint => ({ series: 'ledger', tags: { kind: 'all' }, ts: machine.clock.now(), fields: {} });
    machine.down = new Error('down');
    for (let minute = 0; minute < 3; minute++) {
      machine.gauges = [gauge()];
      machine.clock.advance(MINUTE);
      while (machine.queue.length === minute) await setImmediate();
      await machine.look();
    }
    machine.down = null;
    await machine.look();
    expect(machine.kept.map(({ ts }) => ts)).toEqual([START, START + MINUTE, START + 2 * MINUTE]);
  });

  it('looks every few seconds by itself', async () => {
    const machine = await running();
    await machine.add(move(1));
    const taken = new Promise<void>((resolve) => {
      machine.answering = resolve;
    });
    machine.realClock.advance(5_000);
    await taken;
    expect(machine.kept).toEqual([move(1)]);
  });

  it('does not wait for a call that hangs when it stops', async () => {
    const machine = await running();
    await machine.add(move(1));
    machine.answering = () => new Promise(() => {});
    void machine.look();
    const stopped = machine.writer.stop();
    machine.realClock.advance(2_000);
    await stopped;
    expect(machine.queue.length).toBe(1);
  });

  it('begins no second round beside one that hangs', async () => {
    const machine = await running();
    await machine.add(move(1));
    let answer = () => {};
    machine.answering = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const rounds = [machine.look(), machine.look()];
    machine.realClock.advance(60_000);
    expect(machine.kept.length).toBe(1);
    answer();
    await Promise.all(rounds);
    expect(machine.kept.length).toBe(1);
  });
});
