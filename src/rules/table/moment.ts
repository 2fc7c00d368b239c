import { fromLocalTime, localTime } from '../../model/local-time.ts';
import { parseDuration } from '../../model/primitives.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

/** A moment that a test names, as precisely as it is written: `08:10` is the whole minute. ms; `until` is exclusive. */
export interface Moment {
  at: number;
  until: number;
}

/**
 * Reads `08:10`, `08:10:30`, `2026-01-16T08:10` or `+90m` of a test that begins at `from` (ms). A time without its date is
 * the first such time from the beginning on. Null for what is no moment, and for one before the beginning.
 */
export function readMoment(text: string, from: number, timeZone: string): Moment | null {
  if (text.startsWith('+')) {
    const after = parseDuration(text.slice(1));
    return after === null ? null : { at: from + after, until: from + after + 1_000 };
  }
  const width = /T?\d\d:\d\d$/.test(text) && !/\d\d:\d\d:\d\d$/.test(text) ? MINUTE : 1_000;
  if (text.includes('T')) {
    const at = fromLocalTime(text, timeZone);
    return Number.isNaN(at) || at < from - (from % width) ? null : { at, until: at + width };
  }
  if (!/^\d\d:\d\d(:\d\d)?$/.test(text)) return null;
  for (const day of [0, 1]) {
    const date = localTime(from + day * DAY, timeZone).slice(0, 10);
    const at = fromLocalTime(`${date}T${text}`, timeZone);
    if (Number.isNaN(at)) return null;
    if (at >= from || at + width > from) return { at, until: at + width };
  }
  return null;
}
