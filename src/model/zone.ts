/** Formats by zone: making one takes far longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the clocks of an IANA time zone are ahead of UTC at the instant `at`, both in ms. */
export function zoneOffset(timeZone: string, at: number): number {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, format);
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  // "GMT+08:00"; plain "GMT" where there is none, and seconds in the zones of long ago.
  const [, sign, hours = 0, minutes = 0, seconds = 0] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -ms : ms;
}

/** How far the clocks of a zone are ahead of UTC without summer time, ms: a day that is counted in is always as long. */
export function standardOffset(timeZone: string): number {
  return Math.min(zoneOffset(timeZone, Date.UTC(2026, 0, 1)), zoneOffset(timeZone, Date.UTC(2026, 6, 1)));
}
