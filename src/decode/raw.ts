import { isUtf8 } from 'node:buffer';
import type { DeadLetterReason } from '../model/deadletter.ts';
import { LIMITS, nestsDeeperThan } from './limits.ts';
import { isSenml, readSenml } from './senml.ts';

/** A sample as its payload spells it, before anything is known of its device. */
export interface RawSample {
  /** As sent; undefined when the topic says it. */
  device: unknown;
  /** As sent; see `readTime`. */
  time: unknown;
  seq: unknown;
  fields: RawField[];
}

/** A field as sent; `unit` where the format states one. */
export interface RawField {
  name: string;
  value: unknown;
  unit?: string;
}

/** A message that can't be read at all. */
export interface Unreadable {
  reason: DeadLetterReason;
  detail: string;
}

/** Reads a payload of any known format into raw samples, or says why it can't be read. `arrival` in ms. */
export function readPayload(payload: Buffer, arrival: number): (RawSample | Unreadable)[] | Unreadable {
  if (payload.length === 0) return { reason: 'empty', detail: 'the payload has no bytes' };
  if (payload.length > LIMITS.bytes) {
    return { reason: 'too-large', detail: `${payload.length} bytes; at most ${LIMITS.bytes}` };
  }
  if (nestsDeeperThan(LIMITS.depth, payload))
    return { reason: 'too-deep', detail: `nested deeper than ${LIMITS.depth}` };
  if (!isUtf8(payload)) return { reason: 'malformed', detail: 'not UTF-8' };
  const text = payload.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { reason: 'malformed', detail: `not JSON: ${(error as Error).message}` };
  }
  if (text.includes('\\u') && !isCleanText(json)) {
    return { reason: 'malformed', detail: 'a string holds NUL or half of a surrogate pair' };
  }
  if (typeof json !== 'object' || json === null)
    return { reason: 'malformed', detail: 'neither an object nor an array' };
  if (!Array.isArray(json)) return [readFlat(json)];
  const samples = isSenml(json) ? readSenml(json, arrival) : json.map(readFlat);
  if (samples.length === 0) return { reason: 'empty', detail: 'an array without samples' };
  if (samples.length > LIMITS.samples) {
    return { reason: 'too-many-samples', detail: `${samples.length} samples; at most ${LIMITS.samples}` };
  }
  return samples;
}

function readFlat(item: unknown): RawSample | Unreadable {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return { reason: 'malformed', detail: 'a sample is an object' };
  }
  const { device, ts, seq, values } = item as Record<string, unknown>;
  const nested = typeof values === 'object' && values !== null && !Array.isArray(values);
  const fields: RawField[] = [];
  // What the parser made has only keys of its own: `in` finds them without an array for each.
  const found = (nested ? values : item) as Record<string, unknown>;
  for (const name in found) {
    if (nested || (name !== 'device' && name !== 'ts' && name !== 'seq')) fields.push({ name, value: found[name] });
  }
  return { device, time: ts, seq, fields };
}

/** Whether no string in it, key or value, holds NUL or a lone surrogate. Only an escape can bring one past the parser. */
function isCleanText(json: unknown): boolean {
  if (typeof json === 'string') return json.isWellFormed() && !json.includes('\0');
  if (typeof json !== 'object' || json === null) return true;
  if (Array.isArray(json)) return json.every(isCleanText);
  return Object.entries(json).every(([key, value]) => isCleanText(key) && isCleanText(value));
}
