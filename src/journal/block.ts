import { Packr } from 'msgpackr';
import type { JournalRecord, NewRecord, Offset } from '../model/record.ts';
import type { CountByKind, Sample } from '../model/sample.ts';

/*
 * A block is what one append wrote: one entry of the journal's table, under the offset of its first record.
 *
 *   ┌────────────┬──────────────────────────────────────┬──────────────────────────────────────────┐
 *   │ u32 length │ header: at, before, count, samples   │ body: the records, in order              │
 *   │ of header  │ (msgpack; enough for the ledger)     │ (msgpack; a sample is itself, bare)      │
 *   └────────────┴──────────────────────────────────────┴──────────────────────────────────────────┘
 */

/** What is known of a block without reading its records. */
export interface BlockHeader {
  /** Arrival time of all its records, ms. */
  at: number;
  /** Bytes of all blocks ever written before this one: the difference of two gives the bytes between them. */
  before: number;
  /** Records in the block. */
  count: number;
  /** Samples among them, by kind. */
  samples: CountByKind;
}

type Entry = Sample | Exclude<NewRecord, { type: 'sample' }>;

// Without shared structures each block carries its own record shapes, so a block can be read alone.
const packr = new Packr({ useRecords: true });

/** The bytes of a block. */
export function encodeBlock(at: number, before: number, records: readonly NewRecord[]): Buffer {
  const samples: CountByKind = {};
  const entries: Entry[] = new Array(records.length);
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as NewRecord;
    if (record.type === 'sample') {
      const { sample } = record;
      samples[sample.kind] = (samples[sample.kind] ?? 0) + 1;
      entries[index] = sample;
    } else entries[index] = record;
  }
  const body = packr.pack(entries);
  const header = packr.pack({ at, before, count: records.length, samples } satisfies BlockHeader);
  const block = Buffer.allocUnsafe(4 + header.length + body.length);
  block.writeUInt32LE(header.length, 0);
  block.set(header, 4);
  block.set(body, 4 + header.length);
  return block;
}

/** Reads a block's header only. */
export function readHeader(block: Buffer): BlockHeader {
  return packr.unpack(block.subarray(4, 4 + block.readUInt32LE(0)));
}

/** Reads a block's records; `first` is the offset of the first one. */
export function readBlock(block: Buffer, first: Offset): JournalRecord[] {
  const { at } = readHeader(block);
  const entries: Entry[] = packr.unpack(block.subarray(4 + block.readUInt32LE(0)));
  return entries.map((entry, index) => placed(entry, first + index, at));
}

/** The records of a block that was just encoded, without decoding it. */
export function placeRecords(records: readonly NewRecord[], first: Offset, at: number): JournalRecord[] {
  return records.map((record, index) => {
    const offset = first + index;
    return record.type === 'sample' ? { type: 'sample', sample: record.sample, offset, at } : { ...record, offset, at };
  });
}

function placed(entry: Entry, offset: Offset, at: number): JournalRecord {
  return 'type' in entry ? { ...entry, offset, at } : { type: 'sample', sample: entry, offset, at };
}
