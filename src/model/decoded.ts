import type { DeadLetterReason } from './deadletter.ts';
import type { Sample } from './sample.ts';

/** What a payload comes to: samples to keep, and what could not be used, by reason. */
export interface Decoded {
  samples: Sample[];
  /** Samples (or one whole message) that cannot be used at all: counted in the ledger. */
  rejected: Rejected[];
  /** Fields of kept samples that cannot be used: dead letters beside the ledger. */
  fields: Rejected[];
  /** Fields that the kind does not know, kept out of history and counted. */
  unknown: UnknownField[];
}

export interface Rejected {
  reason: DeadLetterReason;
  /** The device it was about, where that could be read. */
  device: string | null;
  field: string | null;
  /** A sentence: what was found, what was expected. */
  detail: string;
  /** Its place in the message, from 0; absent where the message cannot be read at all. */
  place?: number;
  /** Only fields that its kind does not know: a new firmware sends such without end. */
  isUnknownOnly?: true;
}

export interface UnknownField {
  kind: string;
  field: string;
  /** The value as it came, shortened. */
  example: string;
}
