import type { Device } from './device.ts';
import type { Exclusion } from './exclusion.ts';
import type { Maintenance } from './maintenance.ts';
import type { Patrol } from './patrol.ts';
import type { Sample } from './sample.ts';
import type { ServiceState } from './service.ts';
import type { Town } from './town.ts';

/** A place in the journal: the first record is 1, each record is one more, none is used twice. */
export type Offset = number;

interface Recorded {
  offset: Offset;
  /** Arrival time, ms of the town's clock; never goes back along the journal. */
  at: number;
}

export interface SampleRecord extends Recorded {
  type: 'sample';
  sample: Sample;
}

/** The service's heartbeat in the journal: what makes time pass for the rules. */
export interface TickRecord extends Recorded {
  type: 'tick';
  /** How long the service could not take readings before this tick, ms; the grace for silence. 0 on most ticks. */
  away: number;
  /** How the service does; absent where it did not say. */
  service?: ServiceState;
}

/** Something that people or files changed. */
export interface ChangeRecord extends Recorded {
  type: 'change';
  change: Change;
  /** Who made it. */
  by: string;
}

export type Change =
  /** A device was registered, changed or retired: its whole value from now on. */
  | { what: 'device'; device: Device }
  /** The town's folder as it is from now on. */
  | { what: 'town'; town: Town }
  /** A night patrol found lamps lit or out. */
  | { what: 'patrol'; patrol: Patrol }
  /** A window of maintenance was announced, or ended before its time: its whole value from now on. */
  | { what: 'maintenance'; maintenance: Maintenance }
  /** A period was left out of pressure compliance, or that was taken back: its whole value from now on. */
  | { what: 'exclusion'; exclusion: Exclusion }
  /** The rulebook in force from now on: its text and `sha256:…` of it. */
  | { what: 'rulebook'; text: string; version: string };

/** Whatever the journal holds, in order. It is the only input of history, live and rules. */
export type JournalRecord = SampleRecord | TickRecord | ChangeRecord;

/** A record that has no offset yet. */
export type NewRecord =
  | Pick<SampleRecord, 'type' | 'sample'>
  | Pick<TickRecord, 'type' | 'away' | 'service'>
  | Pick<ChangeRecord, 'type' | 'change' | 'by'>;

/**
 * The journal as its readers see it. Each reader keeps its true cursor with what it writes; `commit` only tells the
 * journal what may be trimmed. Partition 0 is the only one of an embedded journal.
 */
export interface JournalReader {
  /** The offset after the newest durable record. */
  end(partition: number): Offset;
  /** Records from `from` on, in order, about `limit` of them (never fewer than there are, up to it); none when `from` is the end. */
  read(partition: number, from: Offset, limit: number): readonly JournalRecord[];
  /** Arrival (ms) of the oldest record at `from` or later; null when there is none. */
  arrivalOf(partition: number, from: Offset): number | null;
  /** Resolves when there is a record at `from` or later, or when `signal` is aborted. */
  arrived(partition: number, from: Offset, signal: AbortSignal): Promise<void>;
  /** `consumer` has passed everything before `offset`. */
  commit(consumer: string, partition: number, offset: Offset): void;
}
