import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Kinds } from '../../model/kind.ts';
import type { JournalRecord, Offset } from '../../model/record.ts';
import type { Value } from '../../model/sample.ts';
import { type Comparison, compareAlerts } from './comparison.ts';
import { asItWas, type RecordedAlert } from './fired.ts';
import { type GivenRulebook, PAST_TICK, type PastEvent, type PastSample } from './run.ts';
import type { Answer, Called, Order } from './worker.ts';

/** A reading as the history gives it; instants in ms. */
interface Row {
  kind: string;
  device: string;
  ts: number;
  receivedAt: number;
  /** What the device sent, where the gate replaced it. */
  deviceTs: number | null;
  values: Readonly<Record<string, Value>>;
}

/** Where a replay reads from; instants in ms. */
export interface ReplaySources {
  journal: {
    /** Offset of the oldest record that is still there. */
    start(): Offset;
    read(partition: number, from: Offset, limit: number): readonly JournalRecord[];
  };
  history: {
    /** Rows of a kind, ascending by ts, then device; fewer than `limit` only at the end. */
    rows(query: {
      kind: string;
      from: number;
      to: number;
      limit: number;
      after?: { ts: number; device: string };
    }): Promise<readonly Row[]>;
    /** Writes rows of a kind into a Parquet file in the order of their arrival, where the store does so. */
    writeRows?(query: { kind: string; from: number; to: number }, file: string): Promise<void>;
    /** Events in the order in which they came; `after` is past everything before `at`, and past `count` events of that instant. */
    events(after: { at: number; count: number }, limit: number): Promise<readonly PastEvent[]>;
  };
  alerts: {
    /** Those that fired, by the time at which they started: from `from` (inclusive) to `to` (exclusive). */
    fired(from: number, to: number): readonly RecordedAlert[];
  };
}

/** What to replay: the alerts that fire from `from` (inclusive) to `to` (exclusive), ms. */
export interface ReplayRequest {
  from: number;
  to: number;
  /** Null: by the rulebooks that were in force. */
  rulebook: GivenRulebook | null;
}

/** What came of a replay. */
export interface ReplayResult extends Comparison {
  /** From here on (ms) the journal was fed as it is; null where all of it comes from the history. */
  exactFrom: number | null;
  samples: number;
}

/** How a replay goes on. */
export interface ReplayWatch {
  /** From 0 to 1. */
  progress(share: number): void;
  signal: AbortSignal;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;
/** Before the period, so that what was going on at its beginning is going on. */
const WARM_UP = 24 * HOUR;
/** What a question to the history asks for: about so many rows, none so long that others wait. */
const PAGE = 5_000;
const FIRST_WINDOW = 10 * MINUTE;
const MOST_WINDOW = 24 * HOUR;
/** What the files of a window hold: about so many rows. A share of the way, and few enough for DuckDB to sort in no time. */
const ROWS = 60_000;
const RECORDS = 2_000;
/** Room for what dies young, MiB: rows live for a window, and should not have to be moved meanwhile. */
const YOUNG = 96;
/** Orders on their way to the worker: enough that it never waits, few enough that memory stays small. */
const AHEAD = 4;

/**
 * Runs what is kept of a period through a rulebook, in a thread of its own, and lays what fires beside what fired.
 * @throws TownError `unavailable` while the history does not answer; the signal's reason when it is called off
 */
export async function replayPeriod(
  { from, to, rulebook }: ReplayRequest,
  sources: ReplaySources,
  kinds: Kinds,
  { progress, signal }: ReplayWatch,
): Promise<ReplayResult> {
  const thread = new Thread(signal);
  try {
    const first = sources.journal.start();
    const [oldest] = sources.journal.read(0, first, 1);
    const journalFrom = oldest?.at ?? Number.POSITIVE_INFINITY;
    const isWhole = first === 1 && from >= journalFrom;
    const begin = isWhole ? journalFrom : Math.min(from, journalFrom) - WARM_UP;
    const told = (at: number) => progress(Math.min(1, Math.max(0, (at - begin) / (to - begin))));
    await thread.tell({ order: 'open', kinds, given: rulebook, called: thread.called });
    if (!isWhole) await past(begin, Math.min(journalFrom, to), sources.history, kinds, thread, told);
    if (journalFrom < to) await present(first, to, sources.journal, thread, told);
    progress(1);
    const { samples, alerts: would } = await thread.ask({ order: 'result' });
    const exactFrom = journalFrom < to ? Math.max(from, journalFrom) : null;
    const period = { from, to, exactFrom: exactFrom ?? to, tolerance: 2 * PAST_TICK };
    const was = sources.alerts.fired(from - WARM_UP, to).map(asItWas);
    return { ...compareAlerts(was, would ?? [], period), exactFrom, samples };
  } finally {
    await thread.end();
  }
}

/** Feeds what the history has from `from` to `to`. */
async function past(
  from: number,
  to: number,
  history: ReplaySources['history'],
  kinds: Kinds,
  thread: Thread,
  told: (at: number) => void,
): Promise<void> {
  const events: PastEvent[] = [];
  for (let place = { at: 0, count: 0 }; ; ) {
    const page = await history.events(place, PAGE);
    events.push(...page.filter(({ at }) => at < to));
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) break;
    const ofLast = page.filter(({ at }) => at === last.at).length;
    place = { at: last.at, count: ofLast + (place.at === last.at ? place.count : 0) };
  }
  await thread.tell({ order: 'begin', events, from, to });
  if (history.writeRows === undefined) await byPages(from, to, history, kinds, thread, told);
  else await byFiles(from, to, history.writeRows.bind(history), kinds, thread, told);
  await thread.tell({ order: 'up-to', at: to });
}

/** Feeds rows by files that the store writes: none of them passes through this thread. */
async function byFiles(
  from: number,
  to: number,
  writeRows: NonNullable<ReplaySources['history']['writeRows']>,
  kinds: Kinds,
  thread: Thread,
  told: (at: number) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'townpulse-replay-'));
  try {
    let width = FIRST_WINDOW;
    let before: { answer: Promise<Answer>; until: number } | null = null;
    let samples = 0;
    for (let at = from; at < to; ) {
      const until = Math.min(at + width, to);
      const files = [...kinds.keys()].map((kind) => ({ kind, path: join(folder, `${kind}-${at}.parquet`) }));
      for (const { kind, path } of files) await writeRows({ kind, from: at, to: until }, path);
      if (before !== null) {
        const fed = (await before.answer).samples - samples;
        samples += fed;
        told(before.until);
        width = nextWindow(width, fed, ROWS);
      }
      const answer = thread.ask({ order: 'files', files, until });
      // Somebody looks at it in the next round.
      answer.catch(() => {});
      before = { answer, until };
      at = until;
    }
    await before?.answer;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Feeds rows page by page, of a store that writes no files. */
async function byPages(
  from: number,
  to: number,
  history: ReplaySources['history'],
  kinds: Kinds,
  thread: Thread,
  told: (at: number) => void,
): Promise<void> {
  let width = FIRST_WINDOW;
  for (let at = from; at < to; ) {
    const until = Math.min(at + width, to);
    let count = 0;
    for (const kind of kinds.keys()) {
      let after: { ts: number; device: string } | undefined;
      for (;;) {
        const page = await history.rows({ kind, from: at, to: until, limit: PAGE, ...(after && { after }) });
        count += page.length;
        if (page.length > 0) await thread.tell({ order: 'rows', rows: page.map(bare), until: at });
        const last = page.at(-1);
        if (page.length < PAGE || last === undefined) break;
        after = { ts: last.ts, device: last.device };
      }
    }
    await thread.tell({ order: 'rows', rows: [], until });
    told(until);
    at = until;
    width = nextWindow(width, count, PAGE);
  }
}

/** How wide the next window is after one that had so many rows: of about `most` of them, ms. */
function nextWindow(width: number, rows: number, most: number): number {
  if (rows > most) return Math.max(MINUTE, width / 2);
  return rows < most / 3 ? Math.min(MOST_WINDOW, width * 2) : width;
}

/** Feeds what the journal has from `offset` on, up to the instant `to`. */
async function present(
  offset: Offset,
  to: number,
  journal: ReplaySources['journal'],
  thread: Thread,
  told: (at: number) => void,
): Promise<void> {
  for (let next = offset; ; ) {
    const records = journal.read(0, next, RECORDS);
    const within = records.filter(({ at }) => at < to);
    if (within.length > 0) await thread.tell({ order: 'records', records: within });
    const last = records.at(-1);
    if (last === undefined || within.length < records.length) return;
    told(last.at);
    next = last.offset + 1;
    await new Promise(setImmediate);
  }
}

/** Of a row what the rules ask for. */
function bare({ kind, device, ts, receivedAt, deviceTs, values }: Row): PastSample {
  return { receivedAt, sample: { device, kind, ts, values, ...(deviceTs === null ? {} : { deviceTs }) } };
}

/** The worker, as somebody who takes orders one after the other. */
class Thread {
  readonly called: Called = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  #failed: Error | null = null;
  #wake: () => void = () => {};

  constructor(signal: AbortSignal) {
    this.#worker = startWorker();
    this.#worker.on('message', (answer: Answer) => {
      if (answer.error !== null) return this.#fail(new Error(answer.error));
      this.#waiting.shift()?.resolve(answer);
      this.#wake();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#fail(new Error('the thread of the replay ended before its time'));
        resolve();
      });
    });
    if (signal.aborted) this.#fail(signal.reason);
    signal.addEventListener('abort', () => this.#fail(signal.reason), { once: true });
  }

  /** Gives an order; resolves once few enough are on their way. */
  async tell(order: Order): Promise<void> {
    this.ask(order).catch(() => {});
    while (this.#waiting.length >= AHEAD && this.#failed === null)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#failed !== null) throw this.#failed;
  }

  /** Lets the thread finish what it is at, and ends it. */
  async end(): Promise<void> {
    Atomics.store(this.called, 0, 1);
    this.#failed ??= new Error('the replay is over');
    this.#worker.postMessage({ order: 'end' } satisfies Order);
    await this.#ended;
  }

  /** Gives an order; resolves with what comes of it. */
  ask(order: Order): Promise<Answer> {
    if (this.#failed !== null) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(order);
    });
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failed);
    this.#wake();
  }
}

function startWorker(): Worker {
  const options = { resourceLimits: { maxYoungGenerationSizeMb: YOUNG } };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./worker.js', import.meta.url), options);
  // From sources, as in tests, it is compiled on the way.
  const file = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then((tsx) => (tsx.register(), import(${file})))`, {
    ...options,
    eval: true,
  });
}
