import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, type Key, open, type RootDatabase } from 'lmdb';
import { TownError } from './errors.ts';
import { mustBeWhole } from './store-file.ts';

/**
 * The one LMDB environment, with everything that must survive a crash but the history.
 * - A transaction is all or nothing: what throws leaves nothing behind.
 * - `transaction` resolves only after its writes are synced to the disk.
 * - Transactions run in the order they were asked for; those that wait together are synced together.
 */
export interface Store {
  /** A named table; asking twice gives two views of the same one. */
  table<K extends TableKey, V>(name: string): Table<K, V>;
  /** A named table whose values are bytes. */
  bytes<K extends TableKey>(name: string): Table<K, Buffer>;
  /** Runs `change` with every write in it atomic; resolves with its result once durable. `change` must be synchronous. */
  transaction<T>(change: () => T): Promise<T>;
  close(): Promise<void>;
}

/** A store that can be copied while it is used. */
export interface CopyableStore extends Store {
  /**
   * Puts a copy of everything as it is at one instant into `directory`, while writing goes on; resolves with what `look`
   * reads in the copy, once the copy is whole for any machine.
   */
  copyTo<T>(directory: string, look: (copy: Store) => T): Promise<T>;
}

/** The store as it was opened: it also knows its disk. */
export interface StoreFile extends CopyableStore {
  /** Why fewer than `bytes` could be written, on the free disk and in pages of the file that are free again; or null. */
  shortOf(bytes: number): string | null;
  /** Bytes that could be written, on the free disk and in pages of the file that are free again. */
  writable(): number;
}

/** The file of the environment; lmdb keeps its lock beside it. */
export const STORE_FILE = 'townpulse.mdb';

/** Keys sort as numbers, then strings, then arrays part by part. */
export type TableKey = string | number | (string | number)[];

export interface Range<K> {
  /** Inclusive. */
  start?: K;
  /** Exclusive (forwards); in reverse, `start` is the high end, inclusive, and `end` is exclusive. */
  end?: K;
  limit?: number;
  reverse?: boolean;
}

/** A table of the store. Writing outside of a transaction throws. */
export interface Table<K, V> {
  get(key: K): V | undefined;
  put(key: K, value: V): void;
  remove(key: K): void;
  entries(range?: Range<K>): Iterable<{ key: K; value: V }>;
  keys(range?: Range<K>): Iterable<K>;
  count(range?: Range<K>): number;
}

const MIB = 1024 ** 2;
/**
 * Bytes of the disk that no transaction is begun in: past them lmdb would meet a full disk, and what it does then may end
 * the process. More than all transactions that can be under way at once write.
 */
const DISK_RESERVE = 32 * MIB;

/** The version of what is written here; one more whenever an older Townpulse could misread it. */
export const DATA_FORMAT = 1;

/**
 * Opens (or makes) the environment in `directory`. `sync: false` gives up durability: tests use it to see that they
 * notice.
 * @throws TownError `data-newer` when a newer Townpulse wrote it, `data-dir-unusable` when it cannot be read or written
 */
export async function openStore(directory: string, options: { sync?: boolean } = {}): Promise<StoreFile> {
  const path = join(directory, STORE_FILE);
  mustBeWhole(path);
  let root: RootDatabase;
  try {
    mkdirSync(directory, { recursive: true });
    root = open({
      path,
      noSubdir: true,
      maxDbs: 128,
      noSync: options.sync === false,
      encoding: 'msgpack',
    });
  } catch (cause) {
    throw new TownError('data-dir-unusable', `${directory} cannot be opened: check that it exists and may be written`, {
      cause,
    });
  }
  handleLostPromises(root);
  const store = new LmdbStore(root, directory);
  const format = store.table<string, number>('format');
  const found = format.get('store') ?? DATA_FORMAT;
  if (found > DATA_FORMAT) {
    await store.close();
    throw new TownError(
      'data-newer',
      `${directory} was written in format ${found}, this Townpulse reads up to ${DATA_FORMAT}: start the newer version, or restore a backup made by this one`,
    );
  }
  if (format.get('store') === undefined) await store.transaction(() => format.put('store', DATA_FORMAT));
  return store;
}

/** What lmdb counts of a table, and of the file. */
interface TableStats {
  treeBranchPageCount: number;
  treeLeafPageCount: number;
  overflowPages: number;
}
interface FileStats extends TableStats {
  pageSize: number;
  lastPageNumber: number;
  root: TableStats;
  free: TableStats;
}

/**
 * A commit that fails rejects promises that lmdb has given to nobody: one for each batch of writes, and one for the cause.
 * Left alone, each would end the process.
 */
function handleLostPromises(root: RootDatabase): void {
  root.on('beforecommit', () => {
    queueMicrotask(() => {
      root.committed.then(() => {}, isFailedCommit);
    });
  });
}

/** Whether the disk did not take a commit. lmdb rejects its cause later and on its own: that is handled here. */
function isFailedCommit(error: unknown): boolean {
  const { commitError } = error as { commitError?: Promise<unknown> };
  commitError?.catch(() => {});
  return commitError !== undefined;
}

class LmdbStore implements StoreFile {
  readonly #root: RootDatabase;
  readonly #directory: string;
  readonly #databases = new Map<string, Database>();
  #writing = false;

  constructor(root: RootDatabase, directory: string) {
    this.#root = root;
    this.#directory = directory;
  }

  table<K extends TableKey, V>(name: string): Table<K, V> {
    return this.#view(name, 'msgpack');
  }

  bytes<K extends TableKey>(name: string): Table<K, Buffer> {
    return this.#view(name, 'binary');
  }

  async transaction<T>(change: () => T): Promise<T> {
    this.#mustHaveReserve();
    try {
      return await this.#root.childTransaction(() => {
        this.#writing = true;
        try {
          return change();
        } finally {
          this.#writing = false;
        }
      });
    } catch (error) {
      if (!isFailedCommit(error)) throw error;
      throw new TownError('unavailable', 'the data could not be written to disk: is the disk full or read-only?', {
        cause: error,
      });
    }
  }

  async copyTo<T>(directory: string, look: (copy: Store) => T): Promise<T> {
    // Not compacted: that takes sixty times as long.
    await this.#root.backup(join(directory, STORE_FILE), false);
    const copy = await openStore(directory);
    try {
      // Its newest transaction may not have been synced yet, and lmdb believes such a one only on the machine and boot that
      // wrote it; anywhere else it goes back to an older one. A synced write settles it.
      const format = copy.table<string, number>('format');
      await copy.transaction(() => format.put('store', DATA_FORMAT));
      return look(copy);
    } finally {
      await copy.close();
    }
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  shortOf(bytes: number): string | null {
    const free = this.#freeOnDisk();
    if (free >= bytes || free + this.#freeInFile() >= bytes) return null;
    return this.#fullBut(free, bytes);
  }

  writable(): number {
    return this.#freeOnDisk() + this.#freeInFile();
  }

  #mustHaveReserve(): void {
    const free = this.#freeOnDisk();
    if (free < DISK_RESERVE) throw new TownError('unavailable', this.#fullBut(free, DISK_RESERVE));
  }

  #fullBut(free: number, kept: number): string {
    const [left, wanted] = [free, kept].map((bytes) => Math.floor(bytes / MIB));
    return `the disk of ${this.#directory} is full but for ${left} MiB, and ${wanted} MiB are kept free: make room there`;
  }

  #freeOnDisk(): number {
    const { bavail, bsize } = statfsSync(this.#directory);
    return bavail * bsize;
  }

  /** Bytes of the pages that no table holds any more: the file does not shrink, but they are written anew. */
  #freeInFile(): number {
    const stats = this.#root.getStats() as FileStats;
    const tables = [...this.#databases.values()].map((database) => database.getStats() as TableStats);
    const held = [stats, stats.root, stats.free, ...tables].reduce(
      (sum, { treeBranchPageCount, treeLeafPageCount, overflowPages }) =>
        sum + treeBranchPageCount + treeLeafPageCount + overflowPages,
      0,
    );
    return Math.max(0, stats.lastPageNumber + 1 - held) * stats.pageSize;
  }

  #view<K extends TableKey, V>(name: string, encoding: 'msgpack' | 'binary'): Table<K, V> {
    let database = this.#databases.get(name) as Database<V, Key> | undefined;
    if (database === undefined) {
      database = this.#root.openDB<V, Key>(name, { encoding });
      this.#databases.set(name, database as Database);
    }
    const db = database;
    const mustWrite = () => {
      if (!this.#writing) throw new Error(`a write to ${name} outside of a transaction`);
    };
    return {
      get: (key) => db.get(key),
      put: (key, value) => {
        mustWrite();
        db.putSync(key, value);
      },
      remove: (key) => {
        mustWrite();
        db.removeSync(key);
      },
      entries: (range = {}) => db.getRange(range as object) as Iterable<{ key: K; value: V }>,
      keys: (range = {}) => db.getKeys(range as object) as Iterable<K>,
      count: (range = {}) => db.getCount(range as object),
    };
  }
}
