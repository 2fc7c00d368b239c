/** Limits of a message (CONTRACT.md §3), looked at before parsing costs anything. */
export const LIMITS = {
  /** Bytes of a payload. */
  bytes: 256 * 1024,
  /** Fields of a sample. */
  fields: 64,
  /** Nesting of arrays and objects. */
  depth: 16,
  /** Samples of a message. */
  samples: 5_000,
} as const;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Whether arrays and objects nest deeper than `limit` in these bytes of JSON; strings are skipped. */
export function nestsDeeperThan(limit: number, bytes: Uint8Array): boolean {
  // Each level takes a bracket to open and one to close.
  if (bytes.length < 2 * (limit + 1)) return false;
  let depth = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      for (index++; index < bytes.length && bytes[index] !== QUOTE; index++) if (bytes[index] === BACKSLASH) index++;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (++depth > limit) return true;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
  }
  return false;
}
