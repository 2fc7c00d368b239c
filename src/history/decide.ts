import type { SampleRecord } from '../model/record.ts';
import type { Sample, SampleFlag } from '../model/sample.ts';
import type { HistoryRow, KindCounts } from './port.ts';

/** Where and whose a device was at an instant (ms): the registry's dated values. */
export interface Whereabouts {
  at(device: string, ts: number): { area: string; road: string | null; organisation: string } | undefined;
}

/** What a batch of samples comes to. */
export interface Decision {
  inserts: HistoryRow[];
  replacements: HistoryRow[];
  /** What the batch adds, by kind. */
  counts: Map<string, KindCounts>;
  /** The newest ts of each device that has a newer one now. */
  newest: Map<string, number>;
}

/** Identity of a row as one string. */
export function identity(device: string, ts: number): string {
  return `${device}\n${ts}`;
}

/**
 * The identities that must be looked up, by kind: a sample newer than its device's newest is new without a look (P6), and
 * what stands in the same batch is known from there.
 */
export function lookUps(records: readonly SampleRecord[], newest: ReadonlyMap<string, number>): Map<string, Sample[]> {
  const wanted = new Map<string, Sample[]>();
  const running = new Map<string, number>();
  const seen = new Set<string>();
  for (const { sample } of records) {
    const { device, ts, kind } = sample;
    const latest = running.get(device) ?? newest.get(device) ?? -Infinity;
    if (ts > latest) {
      running.set(device, ts);
      continue;
    }
    const key = identity(device, ts);
    if (seen.has(key)) continue;
    seen.add(key);
    const list = wanted.get(kind);
    if (list === undefined) wanted.set(kind, [sample]);
    else list.push(sample);
  }
  return wanted;
}

interface Drafted {
  row: HistoryRow;
  stored: boolean;
  changed: boolean;
}

/** Decides for each sample of a batch, in order: new, duplicate, or laid over the row field by field (P6). */
export function decide(
  records: readonly SampleRecord[],
  newest: ReadonlyMap<string, number>,
  existing: readonly HistoryRow[],
  whereabouts: Whereabouts,
): Decision {
  const drafts = new Map<string, Drafted>();
  for (const row of existing) drafts.set(identity(row.device, row.ts), { row, stored: true, changed: false });
  const counts = new Map<string, KindCounts>();
  const latest = new Map<string, number>();
  const inserts: Drafted[] = [];
  for (const record of records) {
    const { device, kind, ts } = record.sample;
    const count = countsOf(counts, kind);
    const before = latest.get(device) ?? newest.get(device) ?? -Infinity;
    const key = identity(device, ts);
    const draft = ts > before ? undefined : drafts.get(key);
    if (draft === undefined) {
      const fresh = { row: rowOf(record, ts < before, whereabouts), stored: false, changed: true };
      drafts.set(key, fresh);
      inserts.push(fresh);
      count.stored++;
    } else if (layOver(draft, record.sample)) {
      count.stored++;
      count.merged++;
    } else count.duplicate++;
    if (ts > before) latest.set(device, ts);
  }
  const replacements: HistoryRow[] = [];
  for (const draft of drafts.values()) if (draft.stored && draft.changed) replacements.push(draft.row);
  return { inserts: inserts.map(({ row }) => row), replacements, counts, newest: latest };
}

function countsOf(counts: Map<string, KindCounts>, kind: string): KindCounts {
  let count = counts.get(kind);
  if (count === undefined) {
    count = { stored: 0, merged: 0, duplicate: 0, rejected: 0 };
    counts.set(kind, count);
  }
  return count;
}

function rowOf({ sample, at }: SampleRecord, late: boolean, whereabouts: Whereabouts): HistoryRow {
  const { device, kind, ts, values, deviceTs, seq } = sample;
  const place = whereabouts.at(device, ts);
  const flags: SampleFlag[] = [];
  if (deviceTs !== undefined) flags.push('clock');
  if (late) flags.push('late');
  return {
    device,
    kind,
    ts,
    receivedAt: at,
    deviceTs: deviceTs ?? null,
    seq: seq ?? null,
    flags,
    area: place?.area ?? null,
    road: place?.road ?? null,
    organisation: place?.organisation ?? null,
    values,
  };
}

/** Lays a sample over a row: the later arrival wins, absent fields stay. False when it says nothing new. */
function layOver(draft: Drafted, sample: Sample): boolean {
  let added = false;
  let corrected = false;
  for (const [field, value] of Object.entries(sample.values)) {
    const there = draft.row.values[field];
    if (there === undefined) added = true;
    else if (there !== value) corrected = true;
  }
  if (!added && !corrected) return false;
  const flags =
    corrected && !draft.row.flags.includes('correction')
      ? [...draft.row.flags, 'correction' as const]
      : draft.row.flags;
  draft.row = { ...draft.row, flags, values: { ...draft.row.values, ...sample.values } };
  draft.changed = true;
  return true;
}
