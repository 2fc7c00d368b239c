import { rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type Columns, ParquetReader } from '../../kernel/parquet.ts';
import type { Kinds } from '../../model/kind.ts';
import type { JournalRecord } from '../../model/record.ts';
import type { Sample, Value } from '../../model/sample.ts';
import type { FiredAlert } from './fired.ts';
import { compareArrivals, type GivenRulebook, type PastEvent, type PastSample, ReplayRun } from './run.ts';

/** What a replay's worker is told; it answers each with an {@link Answer}. */
export type Order =
  | { order: 'open'; kinds: Kinds; given: GivenRulebook | null; called: Called }
  | { order: 'begin'; events: readonly PastEvent[]; from: number; to: number }
  | { order: 'rows'; rows: readonly PastSample[]; until: number }
  | { order: 'files'; files: readonly { kind: string; path: string }[]; until: number }
  | { order: 'up-to'; at: number }
  | { order: 'records'; records: readonly JournalRecord[] }
  | { order: 'result' }
  | { order: 'end' };

/** Shared with whoever gives orders: other than 0 once the replay is called off, and what is left need not be done. */
export type Called = Int32Array<SharedArrayBuffer>;

/** `samples` is how many were fed by then; `alerts` comes with the result alone. */
export interface Answer {
  samples: number;
  alerts: FiredAlert[] | null;
  /** Why the order could not be carried out. */
  error: string | null;
}

/** The service goes first: this thread only gets what others leave, where the system knows threads apart. */
const NICE = 10;

/** Takes orders one after the other. */
class Desk {
  #run: ReplayRun | null = null;
  #reader: ParquetReader | null = null;
  #called: Called | null = null;

  async take(order: Order): Promise<Answer> {
    if (order.order === 'open') {
      this.#run = new ReplayRun(order.kinds, order.given);
      this.#called = order.called;
    }
    const run = this.#isCalledOff() ? null : this.#run;
    if (run === null) return { samples: 0, alerts: null, error: 'called off' };
    if (order.order === 'begin') run.begin(order.events, order.from, order.to);
    else if (order.order === 'rows') run.rows(order.rows, order.until);
    else if (order.order === 'files') await this.#files(run, order.files, order.until);
    else if (order.order === 'up-to') run.upTo(order.at);
    else if (order.order === 'records') run.records(order.records);
    return { samples: run.samples, alerts: order.order === 'result' ? run.result() : null, error: null };
  }

  /** Lets go of what is open. A thread must not be ended from outside while DuckDB works in it: that ends the process. */
  close(): void {
    this.#reader?.close();
  }

  #isCalledOff(): boolean {
    return this.#called !== null && Atomics.load(this.#called, 0) !== 0;
  }

  async #files(run: ReplayRun, files: readonly { kind: string; path: string }[], until: number): Promise<void> {
    this.#reader ??= await ParquetReader.open();
    let queues: RowQueue[] = [];
    for (const { kind, path } of files) queues.push(new RowQueue(kind, this.#reader.read(path)));
    for (const queue of queues) await queue.more();
    for (;;) {
      queues = queues.filter(({ head }) => head !== null);
      const [first] = queues;
      if (first === undefined || this.#isCalledOff()) break;
      feedInOrder(run, queues, until);
      for (const queue of queues) if (queue.head === null) await queue.more();
    }
    for (const { path } of files) rmSync(path);
    run.rows([], until);
  }
}

/** Feeds the rows of all queues in the order of their arrival, until one of them has to be filled. */
function feedInOrder(run: ReplayRun, queues: readonly RowQueue[], until: number): void {
  for (;;) {
    let next = queues[0] as RowQueue;
    for (const queue of queues)
      if (compareArrivals(queue.head as PastSample, next.head as PastSample) < 0) next = queue;
    run.row(next.head as PastSample, until);
    if (!next.step()) return;
  }
}

/** Rows of a kind in the order of their arrival, each made when it is its turn. */
class RowQueue {
  readonly #kind: string;
  readonly #chunks: AsyncIterator<Columns>;
  #rows: Iterator<PastSample> = [].values();
  /** The next row; null when the chunk at hand is at its end. */
  head: PastSample | null = null;

  constructor(kind: string, chunks: AsyncIterable<Columns>) {
    this.#kind = kind;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Takes the next chunk; `head` stays null where there is none. */
  async more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done === true) return;
    this.#rows = rowsOf(this.#kind, value);
    this.step();
  }

  /** Goes on to the next row of the chunk; false where there is none. */
  step(): boolean {
    const { value, done } = this.#rows.next();
    this.head = done === true ? null : value;
    return done !== true;
  }
}

/** Of columns named as the history's file of rows names them, the rows. */
function* rowsOf(kind: string, { names, values, count }: Columns): IterableIterator<PastSample> {
  const column = (name: string) => values[names.indexOf(name)] ?? [];
  const [devices, times, arrivals, sent] = ['@device', '@ts', '@received_at', '@device_ts'].map(column);
  // Most fields are rare: a column without a value in all these rows is not asked again for each of them.
  const fields = names.flatMap((name, index) => {
    const cells = values[index] ?? [];
    return name.startsWith('@') || cells.every((cell) => cell === null) ? [] : [{ name, cells }];
  });
  for (let row = 0; row < count; row++) {
    const found: Record<string, Value> = {};
    for (const { name, cells } of fields) {
      const cell = cells[row];
      if (typeof cell === 'number' || typeof cell === 'boolean') found[name] = cell;
    }
    const sample: Sample = { device: devices?.[row] as string, kind, ts: times?.[row] as number, values: found };
    const deviceTs = sent?.[row];
    if (typeof deviceTs === 'number') sample.deviceTs = deviceTs;
    yield { receivedAt: arrivals?.[row] as number, sample };
  }
}

const port = parentPort;
if (port !== null) {
  try {
    setPriority(NICE);
  } catch {
    // A container may forbid it; then it is as urgent as the rest.
  }
  const desk = new Desk();
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (order: Order) => {
    turn = turn.then(async () => {
      if (order.order === 'end') {
        desk.close();
        port.close();
        return;
      }
      const answer = await desk.take(order).catch((error: unknown): Answer => {
        return { samples: 0, alerts: null, error: error instanceof Error ? error.message : String(error) };
      });
      port.postMessage(answer);
    });
  });
}
