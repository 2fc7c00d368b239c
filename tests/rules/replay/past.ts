import { eventsOf } from '../../../src/history/events.ts';
import type { JournalRecord, Offset } from '../../../src/model/record.ts';
import type { ReplaySources } from '../../../src/rules/replay/replay.ts';

type History = ReplaySources['history'];

/** What the history has of a journal: a row for each device and instant, and every change. */
export class PastHistory implements History {
  readonly #rows: Awaited<ReturnType<History['rows']>>[number][] = [];
  readonly #events: Awaited<ReturnType<History['events']>>[number][] = [];

  constructor(records: readonly JournalRecord[]) {
    const known = new Set<string>();
    for (const record of records) {
      if (record.type !== 'sample') this.#events.push(...eventsOf(record));
      else {
        const { at, sample } = record;
        const key = `${sample.device} ${sample.ts}`;
        if (!known.has(key)) this.#rows.push({ ...sample, receivedAt: at, deviceTs: sample.deviceTs ?? null });
        known.add(key);
      }
    }
    this.#rows.sort((a, b) => a.ts - b.ts || (a.device < b.device ? -1 : 1));
  }

  async rows({ kind, from, to, limit, after }: Parameters<History['rows']>[0]) {
    const isLater = (row: { ts: number; device: string }) =>
      after === undefined || row.ts > after.ts || (row.ts === after.ts && row.device > after.device);
    return this.#rows
      .filter((row) => row.kind === kind && row.ts >= from && row.ts < to && isLater(row))
      .slice(0, limit);
  }

  async events({ at, count }: { at: number; count: number }, limit: number) {
    return this.#events.filter((event) => event.at >= at).slice(count, count + limit);
  }
}

/** A journal that has lost everything before the instant `from`, ms. */
export function keptFrom(records: readonly JournalRecord[], from: number): ReplaySources['journal'] {
  const first = records.findIndex(({ at }) => at >= from);
  const start: Offset = first < 0 ? records.length + 1 : first + 1;
  return {
    start: () => start,
    read: (_partition, offset, limit) =>
      records.slice(Math.max(offset, start) - 1, Math.max(offset, start) - 1 + limit),
  };
}
