/**
 * The measurement of changes and outages. A kind's measurement bears the kind's id, which has no colon.
 */
export const EVENTS = 'townpulse:events';

/** Tags of a reading's point; the server sorts them, and takes them fastest in this order. */
export const TAGS = ['area', 'device', 'organisation', 'road'] as const;

/** Fields that every reading's point has, or may have, besides its metrics. */
export const RECEIVED_AT = 'receivedAt';
export const DEVICE_TS = 'deviceTs';
export const SEQ = 'seq';
export const FLAGS = 'flags';

const RESERVED = new Set<string>(['time', ...TAGS, RECEIVED_AT, DEVICE_TS, SEQ, FLAGS]);

/** The field key of a metric: its own name, with a `_`, which no metric has, where that name is taken. */
export function fieldKeyOf(metric: string): string {
  return RESERVED.has(metric) ? `${metric}_` : metric;
}
