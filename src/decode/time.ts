/** How far a device's time may lie from its arrival, ms. */
export interface Window {
  /** Into the past (30 d unless set otherwise). */
  maxAge: number;
  /** Into the future: 5 min. */
  maxAhead: number;
}

/** A sample's time as its message says it. */
export type SentTime = { sent: number } | { sent: null; unreadable: boolean };

// RFC 3339 with an offset: a time without one would be guessed.
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;
/** Below this a number is seconds (DESIGN.md §4): 1e11 s would be the year 5138, 1e11 ms was in 1973. */
const SECONDS_BELOW = 1e11;

/** Reads `ts`: epoch milliseconds, epoch seconds, or RFC 3339 with offset. */
export function readTime(raw: unknown): SentTime {
  if (raw === undefined || raw === null) return { sent: null, unreadable: false };
  if (typeof raw === 'number' && Number.isFinite(raw)) {
    const ms = Math.round(Math.abs(raw) < SECONDS_BELOW ? raw * 1000 : raw);
    if (Number.isSafeInteger(ms)) return { sent: ms };
  }
  if (typeof raw === 'string' && RFC3339.test(raw)) {
    const ms = Date.parse(raw);
    if (!Number.isNaN(ms)) return { sent: ms };
  }
  return { sent: null, unreadable: true };
}

/** Where the samples of one message come to lie. */
export interface Placed {
  ts: number;
  /** The sent time, where it was impossible and `ts` replaces it. */
  deviceTs?: number;
  /** `ts` is the arrival time, or derived from it, without a flag. */
  assigned?: true;
}

/** The wall clock at an arrival, both ms, where they are so far apart that a device's wall time is the town's now (CONTRACT.md §1). */
export function wallApart(arrival: number, wall: number): number | null {
  return Math.abs(arrival - wall) > APART ? wall : null;
}

/**
 * Gives each time of a message its place. Those outside the window are shifted together,
 * spacing kept: the newest becomes the arrival time; those before the window and those after it each among themselves,
 * since no spacing spans both. Under a trial clock, a time within ten minutes of the wall clock (`wall`, null when the two
 * run together) is the town's now.
 */
export function placeTimes(times: readonly SentTime[], arrival: number, window: Window, wall: number | null): Placed[] {
  const oldest = arrival - window.maxAge;
  const newest = arrival + window.maxAhead;
  const [only] = times;
  // Nearly every message: one sample, of about now.
  if (times.length === 1 && only?.sent != null && wall === null && only.sent >= oldest && only.sent <= newest) {
    return [{ ts: only.sent }];
  }
  let lastBefore = -Infinity;
  let lastAfter = -Infinity;
  for (const { sent: time } of times) {
    if (time === null || isWallNow(time, wall)) continue;
    if (time < oldest) lastBefore = Math.max(lastBefore, time);
    else if (time > newest) lastAfter = Math.max(lastAfter, time);
  }
  return times.map(({ sent: time }) => {
    if (time === null) return { ts: arrival, assigned: true };
    if (isWallNow(time, wall)) return { ts: arrival + Math.min(0, time - (wall ?? time)), assigned: true };
    if (time >= oldest && time <= newest) return { ts: time };
    const last = time < oldest ? lastBefore : lastAfter;
    return { ts: Math.max(oldest, arrival - (last - time)), deviceTs: time };
  });
}

const APART = 3_600_000;
const WALL_TOLERANCE = 10 * 60_000;

function isWallNow(time: number, wall: number | null): boolean {
  return wall !== null && Math.abs(time - wall) <= WALL_TOLERANCE;
}
