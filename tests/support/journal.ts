import type { JournalReader, JournalRecord, Offset } from '../../src/model/record.ts';
import type { Sample } from '../../src/model/sample.ts';

/** A record without its place. */
type Placeless<T> = T extends JournalRecord ? Omit<T, 'offset'> : never;

/** A journal in memory: records that the test pushes, read as a consumer reads the real one. */
export class ListJournal implements JournalReader {
  readonly records: JournalRecord[] = [];
  readonly commits = new Map<string, Offset>();
  readonly #waiting = new Set<() => void>();

  push(...records: Placeless<JournalRecord>[]): void {
    for (const record of records) this.records.push({ ...record, offset: this.records.length + 1 } as JournalRecord);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Samples that arrive at `at`. */
  samples(at: number, ...samples: Sample[]): void {
    this.push(...samples.map((sample) => ({ type: 'sample' as const, at, sample })));
  }

  end(): Offset {
    return this.records.length + 1;
  }

  read(_partition: number, from: Offset, limit: number): readonly JournalRecord[] {
    return this.records.slice(from - 1, from - 1 + limit);
  }

  arrivalOf(_partition: number, from: Offset): number | null {
    return this.records[from - 1]?.at ?? null;
  }

  arrived(_partition: number, from: Offset, signal: AbortSignal): Promise<void> {
    if (from < this.end() || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  commit(consumer: string, _partition: number, offset: Offset): void {
    this.commits.set(consumer, offset);
  }
}
