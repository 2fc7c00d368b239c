import type { SampleRecord } from '../model/record.ts';
import type { Sample, SampleFlag } from '../model/sample.ts';
import type { HistoryRow, Identity, KindCounts } from './port.ts';

/** Where and whose a device was at an instant (ms): the registry's dated values. */
export interface Whereabouts {
  at(device: string, ts: number): { area: string; road: string | null; organisation: string } | undefined;
}

/** Each device's newest ts in the store. */
export type Newest = ReadonlyMap<string, number>;

/** What must be known of the store before a batch can be decided. */
export interface LookUps {
  /** Identities that may stand in the store already, by kind. */
  wanted: Map<string, Identity[]>;
  /** Devices of which the batch holds more than samples each newer than the one before. */
  devices: Set<string>;
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

/** Finds what must be looked up: a sample newer than its device's newest is new without a look. */
export function lookUps(records: readonly SampleRecord[], newest: Newest): LookUps {
  const wanted = new Map<string, Identity[]>();
  const devices = new Set<string>();
  const running = new Map<string, number>();
  for (const { sample } of records) {
    const { device, ts, kind } = sample;
    const stored = newest.get(device) ?? -Infinity;
    if (ts > (running.get(device) ?? stored)) {
      running.set(device, ts);
      continue;
    }
    devices.add(device);
    if (ts > stored) continue;
    const list = wanted.get(kind);
    if (list === undefined) wanted.set(kind, [sample]);
    else list.push(sample);
  }
  return { wanted, devices };
}

/** A row that later samples of the batch may meet. */
interface Draft {
  row: HistoryRow;
  /** Its place among the inserts; null for a row of the store. */
  insert: number | null;
  changed: boolean;
}

/**
 * Decides for each sample of a batch, in order: new, duplicate, or laid over a row field by field (P6). `devices` are
 * those of {@link lookUps}, `existing` the rows that it wanted.
 */
export function decide(
  records: readonly SampleRecord[],
  newest: Newest,
  devices: ReadonlySet<string>,
  existing: readonly HistoryRow[],
  whereabouts: Whereabouts,
): Decision {
  const drafts = new Map<string, Draft>();
  for (const row of existing) drafts.set(keyOf(row), { row, insert: null, changed: false });
  const inserts: HistoryRow[] = [];
  const counts = new Map<string, KindCounts>();
  const latest = new Map<string, number>();
  for (const record of records) {
    const { sample } = record;
    const { device, ts } = sample;
    const count = countsOf(counts, sample.kind);
    const before = latest.get(device) ?? newest.get(device) ?? -Infinity;
    const draft = ts > before ? undefined : drafts.get(keyOf(sample));
    if (draft === undefined) {
      const row = rowOf(record, ts < before, whereabouts);
      // Only a device that comes back to an earlier instant can meet this row again.
      if (devices.has(device)) drafts.set(keyOf(row), { row, insert: inserts.length, changed: true });
      inserts.push(row);
      count.stored++;
    } else if (layOver(draft, sample, ts < before)) {
      if (draft.insert !== null) inserts[draft.insert] = draft.row;
      count.stored++;
      count.merged++;
    } else count.duplicate++;
    if (ts > before) latest.set(device, ts);
  }
  const replacements: HistoryRow[] = [];
  for (const { row, insert, changed } of drafts.values()) if (insert === null && changed) replacements.push(row);
  return { inserts, replacements, counts, newest: latest };
}

function keyOf({ kind, device, ts }: Identity): string {
  return `${kind}\n${device}\n${ts}`;
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
  return {
    device,
    kind,
    ts,
    receivedAt: at,
    deviceTs: deviceTs ?? null,
    seq: seq ?? null,
    flags: flagsOf(sample, late),
    area: place?.area ?? null,
    road: place?.road ?? null,
    organisation: place?.organisation ?? null,
    values,
  };
}

function flagsOf(sample: Sample, late: boolean): SampleFlag[] {
  const flags: SampleFlag[] = [];
  if (sample.deviceTs !== undefined) flags.push('clock');
  if (late) flags.push('late');
  return flags;
}

/** Lays a sample over a row: the later arrival wins, absent fields stay. False when it says nothing new. */
function layOver(draft: Draft, sample: Sample, late: boolean): boolean {
  const { row } = draft;
  // The gate made these times unique, so whoever meets a row here is another measurement, even with the same values.
  let added = sample.assigned === true || sample.deviceTs !== undefined;
  let corrected = false;
  for (const [field, value] of Object.entries(sample.values)) {
    const there = row.values[field];
    if (there === undefined) added = true;
    else if (there !== value) corrected = true;
  }
  if (!added && !corrected) return false;
  const flags = new Set([...row.flags, ...flagsOf(sample, late)]);
  if (corrected) flags.add('correction');
  draft.row = {
    ...row,
    deviceTs: row.deviceTs ?? sample.deviceTs ?? null,
    seq: row.seq ?? sample.seq ?? null,
    flags: [...flags],
    values: { ...row.values, ...sample.values },
  };
  draft.changed = true;
  return true;
}
