import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../kernel/clock.ts';
import { freeBytesOf } from '../kernel/disk.ts';
import { TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { packageVersion } from '../kernel/package-root.ts';
import { type CopyableStore, DATA_FORMAT, type Store } from '../kernel/store.ts';
import type { balance } from '../model/ledger.ts';
import { instant } from '../model/primitives.ts';
import type { Offset } from '../model/record.ts';
import { packBackup } from './archive.ts';
import { BACKUP_FORMAT, type Manifest } from './manifest.ts';

/** Where copies lie until they are sent; what a kill leaves there goes at the next start. */
const STAGING = 'backup.partial';
/** What else of a data directory is worth keeping: tokens, secrets, and what a demo remembers. */
const FILES = ['cli.token', 'simulator-secrets.json', 'demo.json'];
/** Of the copies' size, what must be free besides. */
const MARGIN = 1.1;

/** What a copy of the readings tells of itself. */
export interface CopiedReadings {
  cursor: Offset;
  /** By kind; null where they lie on a server of their own, and are not copied. */
  rows: Readonly<Record<string, number>> | null;
}

/** What a copy of the data tells of itself. */
export interface CopiedFigures {
  journal: { start: Offset; end: Offset };
  ledger: ReturnType<typeof balance>;
}

/** What a backup is made of. */
export interface BackupParts<R extends CopiedReadings> {
  dataDir: string;
  /** Bytes of the disk that stay free, or readings would have to wait for the backup (P5). */
  floor: number;
  town: string;
  store: Pick<CopyableStore, 'copyTo'>;
  /** What must forget nothing between the two copies: the journal, and who else writes into the history. */
  held: readonly { hold(): () => void }[];
  history: { readonly name: string; copyTo(directory: string): Promise<R> };
  /** The figures of a copied store beside the copied readings. */
  figures(copy: Store, readings: R): CopiedFigures;
  realClock: Clock;
  log: Logger;
  /** What the disk of a directory has left; asked of the system unless given. */
  freeBytes?: (directory: string) => number;
}

/** A backup on its way out. */
export interface MadeBackup {
  manifest: Manifest;
  stream: Readable;
}

/**
 * Makes backups of the data directory while the service runs.
 * - The readings are copied first and the store after them, and the journal trims nothing in between: so the copy's
 *   journal holds everything from the readings' cursor on, and nothing is missing and nothing double after a restore. The
 *   same goes for the points of series that wait in the store.
 * - What was acknowledged before it began is in it.
 * - What is sent was looked at: rows are counted, the cursor lies within the journal, the ledger comes from the copy.
 */
export class Backup<R extends CopiedReadings> {
  readonly #parts: BackupParts<R>;
  readonly #staging: string;
  #making: Promise<unknown> | null = null;
  #sending = false;
  #stopped = false;

  constructor(parts: BackupParts<R>) {
    this.#parts = parts;
    this.#staging = join(parts.dataDir, STAGING);
  }

  /** Clears what a kill may have left. */
  start(): void {
    rmSync(this.#staging, { recursive: true, force: true });
  }

  /** Waits for the copying that is under way; makes no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#making?.catch(() => {});
  }

  /**
   * Copies everything, and gives the copy as a stream, which has to be read or destroyed.
   * @throws TownError `conflict` while another one is made, `unavailable` for want of disk or of the history
   */
  async make(): Promise<MadeBackup> {
    if (this.#making !== null || this.#sending)
      throw new TownError('conflict', 'another backup is being made: wait for it');
    const making = this.#copy();
    this.#making = making;
    try {
      const manifest = await making;
      const stream = Readable.from(packBackup(this.#staging, manifest), { objectMode: false });
      this.#sending = true;
      let isSent = false;
      const sent = () => {
        if (isSent) return;
        isSent = true;
        this.#clear();
        this.#sending = false;
      };
      // At its end, so that whoever has all of it may ask for another; at the close, when the receiver went away.
      stream.once('end', sent).once('close', sent);
      return { manifest, stream };
    } catch (error) {
      this.#clear();
      throw error;
    } finally {
      this.#making = null;
    }
  }

  async #copy(): Promise<Manifest> {
    const { dataDir, store, held, history, figures, log } = this.#parts;
    this.#clear();
    this.#refuseWithoutRoom();
    mkdirSync(this.#staging, { mode: 0o700 });
    const began = this.#parts.realClock.now();
    const letGo = held.map((part) => part.hold());
    try {
      const readings = await history.copyTo(this.#staging);
      this.#mustGoOn();
      const copied = await store.copyTo(this.#staging, (copy) => figures(copy, readings));
      this.#mustGoOn();
      mustLieWithin(readings, copied);
      for (const name of FILES) {
        if (existsSync(join(dataDir, name))) copyFileSync(join(dataDir, name), join(this.#staging, name));
      }
      const manifest = this.#describe(readings, copied, began);
      log.info({ ms: this.#parts.realClock.now() - began, files: manifest.files }, 'a backup is made');
      return manifest;
    } finally {
      for (const go of letGo) go();
    }
  }

  #describe({ cursor, rows }: R, { journal, ledger }: CopiedFigures, began: number): Manifest {
    const { town, history } = this.#parts;
    const names = readdirSync(this.#staging, { recursive: true, encoding: 'utf8' })
      // Left by whoever looked into the copy; they belong to the machine, not to the data.
      .filter((name) => !name.endsWith('-lock') && statSync(join(this.#staging, name)).isFile())
      .sort();
    return {
      what: 'townpulse-backup',
      format: BACKUP_FORMAT,
      townpulse: packageVersion,
      madeAt: instant(began),
      town,
      dataFormat: DATA_FORMAT,
      journal,
      history: { store: history.name, cursor, rows: rows === null ? null : { ...rows } },
      ledger,
      files: names.map((name) => ({ name, bytes: statSync(join(this.#staging, name)).size })),
      contains: `tokens and secrets: keep it readable by its owner only${rows === null ? `; the readings are not in it, they lie in ${history.name}` : ''}`,
    };
  }

  #mustGoOn(): void {
    if (this.#stopped)
      throw new TownError('unavailable', 'the service is stopping: make the backup after its next start');
  }

  #refuseWithoutRoom(): void {
    const { dataDir, floor, freeBytes = freeBytesOf } = this.#parts;
    const needed = MARGIN * sizeOf(dataDir) + floor;
    const free = freeBytes(dataDir);
    if (needed < free) return;
    const [need, have] = [needed, free].map((bytes) => `${Math.ceil(bytes / 1024 ** 2)} MiB`);
    const message = `a backup needs ${need} free in ${dataDir} until it is sent, where ${have} are: make room`;
    throw new TownError('unavailable', message);
  }

  #clear(): void {
    rmSync(this.#staging, { recursive: true, force: true });
  }
}

function mustLieWithin({ cursor }: CopiedReadings, { journal }: CopiedFigures): void {
  if (cursor >= journal.start && cursor <= journal.end) return;
  throw new Error(
    `the readings end at record ${cursor}, the journal's copy goes from ${journal.start} to ${journal.end}`,
  );
}

/** Bytes of all files in `directory`. */
function sizeOf(directory: string): number {
  let size = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) size += statSync(join(entry.parentPath, entry.name)).size;
  }
  return size;
}
