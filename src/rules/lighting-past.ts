import type { SeriesPoint } from '../model/series.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { LampGroup } from './lighting.ts';
import { BUCKET_MS, type LampTime } from './lighting-record.ts';

/** A bucket of the record, whichever place it was read from. */
export type PastBucket = LampTime & { id: string; start: number; revision: number };

/** The series in the history, as far as the record is read from there. */
export interface PastSeries {
  series(query: {
    series: 'lighting_rate';
    where: Readonly<Record<string, readonly string[]>>;
    from: number;
    to: number;
    limit: number;
    after?: Pick<SeriesPoint, 'ts' | 'tags'>;
  }): Promise<SeriesPoint[]>;
}

/** Which buckets are read: of these groups, from `from` to before `to`, ms. */
interface Past {
  group: LampGroup;
  ids: readonly string[];
  from: number;
  to: number;
}

const PAGE = 5_000;
const DAY_MS = 24 * 3_600_000;

/**
 * The record of groups in the order of time: what is no longer kept on this machine from the history's series, in whole
 * lamps, and the rest as it is kept.
 */
export async function* pastBuckets(
  { lighting }: Pick<Checkpoint, 'lighting'>,
  history: PastSeries | null,
  past: Past,
): AsyncIterable<PastBucket> {
  const kept = Math.max(past.from, lighting.keptFrom());
  if (history !== null && past.from < kept) yield* fromSeries(history, { ...past, to: Math.min(past.to, kept) });
  const { group, ids, to } = past;
  const firsts = ids.map((id) => lighting.first(group, id, kept) ?? to);
  for (let from = Math.min(to, ...firsts); from < to; from += DAY_MS) {
    const found: PastBucket[] = [];
    for (const id of ids)
      for (const bucket of lighting.between(group, id, from, Math.min(to, from + DAY_MS)))
        found.push({ ...bucket, revision: bucket.revision ?? 1 });
    yield* found.sort((a, b) => a.start - b.start);
  }
}

async function* fromSeries(history: PastSeries, { group, ids, from, to }: Past): AsyncIterable<PastBucket> {
  const query = { series: 'lighting_rate' as const, where: { group: [group], id: ids }, from, to, limit: PAGE };
  for (let after: SeriesPoint | undefined; ; ) {
    const page: SeriesPoint[] = await history.series(after === undefined ? query : { ...query, after });
    for (const { tags, ts, fields } of page) {
      const time = (lamps: unknown) => Number(lamps) * BUCKET_MS;
      const { expected, lit, out, unknown, revision } = fields;
      yield {
        ...{ id: tags.id ?? '', start: ts, revision: Number(revision), watched: BUCKET_MS },
        ...{ expected: time(expected), lit: time(lit), out: time(out), unknown: time(unknown) },
      };
    }
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}
