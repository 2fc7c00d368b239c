import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync, type WriteStream } from 'node:fs';
import { refuseExisting } from './whole-file.ts';

/** A CSV of rows that were not taken, each with what is wrong behind it; it appears under its name when it is whole. */
export class SkippedRows {
  readonly #file: string;
  readonly #partial: string;
  readonly #stream: WriteStream;
  #failure: Error | null = null;

  /** @throws TownError `invalid` when there is such a file already */
  constructor(file: string) {
    refuseExisting(file);
    this.#file = file;
    this.#partial = `${file}.${process.pid}.partial`;
    this.#stream = createWriteStream(this.#partial, { flags: 'wx', mode: 0o600, flush: true });
    this.#stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Takes a row; waits for the disk where it is behind. @throws Error when it cannot be written */
  readonly take = async (cells: readonly unknown[], problem: string): Promise<void> => {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#stream.write(`${[...cells, problem].map(cellOf).join(',')}\n`)) await once(this.#stream, 'drain');
  };

  async finish(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
    if (this.#failure !== null) throw this.#failure;
    renameSync(this.#partial, this.#file);
  }

  /** Leaves nothing of what was not finished. */
  async abandon(): Promise<void> {
    this.#stream.destroy();
    rmSync(this.#partial, { force: true });
  }
}

function cellOf(cell: unknown): string {
  const text = cell instanceof Date ? cell.toISOString() : String(cell ?? '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
