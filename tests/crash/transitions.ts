import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AlertBook } from '../../src/alerts/book.ts';
import { Settings } from '../../src/config/settings.ts';
import { openStore, type Store } from '../../src/kernel/store.ts';
import type { Alert, News } from '../../src/model/alert.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { Transition } from '../../src/model/transition.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { type Remains, readTables, TABLES_OF_RULES } from './remains.ts';

const KINDS = loadKinds(Settings.parse({}).devices);

/** A fresh engine, and a fresh book that takes what it finds: what rules and alerts come to when nothing ever dies. */
export class FreshTown {
  readonly #store: Store;
  readonly #book: AlertBook;
  readonly #checkpoint: Checkpoint;
  readonly #engine: Engine;
  #found: Transition[] = [];
  /** All that somebody should have been told. */
  readonly news: News[] = [];

  private constructor(store: Store) {
    this.#store = store;
    this.#book = new AlertBook(store);
    this.#checkpoint = new Checkpoint(store);
    this.#engine = new Engine(KINDS, (transition) => this.#found.push(transition));
  }

  /** One of its own, while `use` runs. */
  static async with<T>(use: (afresh: FreshTown) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), 'townpulse-afresh-'));
    const store = await openStore(folder, { sync: false });
    try {
      return await use(new FreshTown(store));
    } finally {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Feeds it the next records of a journal; its store then holds what they come to. */
  async judge(records: readonly JournalRecord[]): Promise<Store> {
    const last = records.at(-1);
    if (last === undefined) return this.#store;
    for (const record of records) this.#engine.feed(record);
    const news = await this.#store.transaction(() => {
      this.#checkpoint.save(this.#engine, last.offset + 1);
      return this.#book.take(this.#found);
    });
    this.#checkpoint.saved(this.#engine);
    this.#found = [];
    this.news.push(...news);
    return this.#store;
  }
}

/**
 * Checks that alerts, what was told of them, and the rules' own state are those of an engine that never died, fed the
 * journal that is left (P7, P9).
 */
export async function expectWhatAFreshEngineFinds({ journal, tables }: Remains): Promise<void> {
  expect(journal[0]?.offset, 'the journal is whole').toBe(1);
  await FreshTown.with(async (afresh) => {
    const wanted = readTables(await afresh.judge(journal), TABLES_OF_RULES);
    for (const name of TABLES_OF_RULES) expect(tables[name], name).toEqual(wanted[name]);
    expect(toldOf(tables)).toEqual(count(afresh.news.map(({ alert }) => alert.id)));
    // Without transitions there was nothing to lose or to repeat.
    const alerts = Object.values(wanted.alerts ?? {}) as { alert: Alert }[];
    expect(alerts.filter(({ alert }) => alert.state === 'resolved').length).toBeGreaterThan(10);
  });
}

/** How often each alert was told of, or waits to be. */
function toldOf(tables: Remains['tables']): Record<string, number> {
  const told = Object.keys(tables.notifications ?? {}).map((key) => (JSON.parse(key) as [string, number])[0]);
  const waiting = (Object.values(tables.outbox ?? {}) as News[]).map(({ alert }) => alert.id);
  return count([...told, ...waiting]);
}

function count(ids: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}
