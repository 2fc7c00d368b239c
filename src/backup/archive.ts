import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, TownError } from '../kernel/errors.ts';
import { DATA_FORMAT } from '../kernel/store.ts';
import { BACKUP_FORMAT, MANIFEST_FILE, Manifest, SUMS_FILE } from './manifest.ts';
import { tarEnd, tarEntries, tarHeader, tarPadding } from './tar.ts';

/*
 * A backup is a tar:
 *
 *   manifest.json │ townpulse.mdb │ history.duckdb │ cli.token │ … │ SHA256SUMS
 *   what it holds   as the manifest lists them, in its order         of all before it
 */

const CHUNK = 1024 * 1024;
const MANIFEST_MOST = 1024 * 1024;
const NAME = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*\/)?[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The bytes of a backup of `folder`, whose files `manifest` lists. */
export async function* packBackup(folder: string, manifest: Manifest): AsyncGenerator<Buffer> {
  const seconds = Date.parse(manifest.madeAt) / 1_000;
  const sums: string[] = [];
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  yield* [tarHeader(MANIFEST_FILE, text.length, seconds), text, tarPadding(text.length)];
  sums.push(sumLine(createHash('sha256').update(text).digest('hex'), MANIFEST_FILE));
  for (const { name, bytes } of manifest.files) {
    yield tarHeader(name, bytes, seconds);
    const hash = createHash('sha256');
    let read = 0;
    for await (const chunk of createReadStream(join(folder, name), { highWaterMark: CHUNK })) {
      hash.update(chunk as Buffer);
      read += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    if (read !== bytes) throw new Error(`${name} has ${read} bytes, and had ${bytes} a moment ago`);
    yield tarPadding(bytes);
    sums.push(sumLine(hash.digest('hex'), name));
  }
  const last = Buffer.from(sums.join(''));
  yield* [tarHeader(SUMS_FILE, last.length, seconds), last, tarPadding(last.length), tarEnd()];
}

/** Takes the files of a backup as they are read: `open` one after the other, its bytes, `close`. */
export interface FileSink {
  open(name: string): Promise<void>;
  write(chunk: Buffer): Promise<void>;
  close(): Promise<void>;
}

const nowhere: FileSink = { open: async () => {}, write: async () => {}, close: async () => {} };

/**
 * Reads a backup from its beginning to its end and holds every file against the manifest and the checksums; hands what it
 * reads to `sink`, which must not believe it before this resolves.
 * @throws TownError `invalid` for what is no backup, is cut off or damaged; `data-newer` for one of a newer version
 */
export async function readBackup(file: string, sink: FileSink = nowhere): Promise<Manifest> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new TownError('invalid', `the backup ${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
  try {
    return await new BackupReader(file, handle, sink).read();
  } finally {
    await handle.close();
  }
}

class BackupReader {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #sink: FileSink;
  readonly #sums: string[] = [];

  constructor(file: string, handle: FileHandle, sink: FileSink) {
    this.#file = file;
    this.#handle = handle;
    this.#sink = sink;
  }

  async read(): Promise<Manifest> {
    const entries = tarEntries(this.#handle);
    const next = async () => (await entries.next()).value ?? null;
    const first = await next();
    if (first?.name !== MANIFEST_FILE || !(first.size <= MANIFEST_MOST)) throw this.#noBackup();
    const manifest = this.#parse(await this.#text(first.at, first.size));
    for (const { name, bytes } of manifest.files) {
      const entry = await next();
      if (entry === null) throw this.#cutOff();
      if (entry.name !== name || entry.size !== bytes) throw this.#damaged(`where ${name} should be is something else`);
      await this.#sink.open(name);
      try {
        this.#sums.push(sumLine(await this.#hash(entry.at, bytes), name));
      } finally {
        await this.#sink.close();
      }
    }
    const last = await next();
    if (last?.name !== SUMS_FILE || last.size > MANIFEST_MOST) throw this.#cutOff();
    this.#compare((await this.#text(last.at, last.size)).toString());
    return manifest;
  }

  #parse(text: Buffer): Manifest {
    this.#sums.push(sumLine(createHash('sha256').update(text).digest('hex'), MANIFEST_FILE));
    let json: unknown;
    try {
      json = JSON.parse(text.toString());
    } catch {
      throw this.#noBackup();
    }
    const versions = z.object({ what: z.literal('townpulse-backup'), format: z.int(), dataFormat: z.int() });
    const known = versions.safeParse(json);
    if (!known.success) throw this.#noBackup();
    const { format, dataFormat } = known.data;
    if (format > BACKUP_FORMAT || dataFormat > DATA_FORMAT) {
      throw new TownError(
        'data-newer',
        `${this.#file} was made by a newer Townpulse (backup format ${format}, data format ${dataFormat}; this one reads up to ${BACKUP_FORMAT} and ${DATA_FORMAT}): restore it with that version`,
      );
    }
    const manifest = Manifest.safeParse(json);
    if (!manifest.success || !manifest.data.files.every(({ name }) => NAME.test(name))) {
      throw this.#damaged('its manifest cannot be read');
    }
    return manifest.data;
  }

  /** The checksum of a stretch of the file, which goes to the sink. */
  async #hash(at: number, size: number): Promise<string> {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, size)));
    for (let done = 0; done < size; ) {
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(buffer.length, size - done), at + done);
      if (bytesRead === 0) throw this.#cutOff();
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await this.#sink.write(chunk);
      done += bytesRead;
    }
    return hash.digest('hex');
  }

  async #text(at: number, size: number): Promise<Buffer> {
    const text = Buffer.alloc(size);
    const { bytesRead } = await this.#handle.read(text, 0, size, at);
    if (bytesRead < size) throw this.#cutOff();
    return text;
  }

  #compare(written: string): void {
    const lines = written.split('\n');
    const wrong = this.#sums.findIndex((line, index) => `${lines[index]}\n` !== line);
    if (wrong < 0 && lines.length === this.#sums.length + 1) return;
    const name = this.#sums[wrong]?.slice(66).trim() ?? SUMS_FILE;
    throw this.#damaged(`${name} does not have the checksum that it was written with`);
  }

  #noBackup(): TownError {
    return new TownError('invalid', `${this.#file} is no backup made by townpulse backup`);
  }

  #cutOff(): TownError {
    return new TownError('invalid', `the backup ${this.#file} is cut off: take another one, or copy it again`);
  }

  #damaged(what: string): TownError {
    return new TownError(
      'invalid',
      `the backup ${this.#file} is damaged (${what}): take another one, or copy it again`,
    );
  }
}

/** A line of SHA256SUMS: 64 digits, two spaces, the name. */
function sumLine(sum: string, name: string): string {
  return `${sum}  ${name}\n`;
}
