import { zoneOffset } from './zone.ts';

/** A town's wall clock at `at` (ms): `2026-01-15T08:10:00`. */
export function localTime(at: number, timeZone: string): string {
  return new Date(at + zoneOffset(timeZone, at)).toISOString().slice(0, 19);
}

/**
 * The instant (ms) at which a town's wall clock shows `local` (`2026-01-15T08:10` or with seconds); NaN for what is no time.
 * Of an hour that comes twice it is the first.
 */
export function fromLocalTime(local: string, timeZone: string): number {
  const asUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtc)) return Number.NaN;
  // The offset at a guess that is off by an offset is that of the day before or after a change of the clocks at worst.
  const early = asUtc - zoneOffset(timeZone, asUtc - 86_400_000);
  return asUtc - zoneOffset(timeZone, early);
}
