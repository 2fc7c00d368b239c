import { z } from 'zod';

/** An id as CONTRACT's: of a device, area, organisation, rule … */
export const Id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'an id is a letter or digit, then up to 63 letters, digits, ".", "_" or "-"',
  );

/** A name in both languages. */
export const Name = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
export type Name = z.infer<typeof Name>;

/** An instant in answers: RFC 3339, UTC, milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 });

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration such as `90s`, `10m`, `1h`, `30d`, or null when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(s|m|h|d)$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** A duration of whole seconds, ms, as text: in the largest unit that it is a whole number of. */
export function durationText(ms: number): string {
  const [unit, width] = Object.entries(UNIT_MS)
    .reverse()
    .find(([, one]) => ms % one === 0) ?? ['s', UNIT_MS.s];
  return `${Math.floor(ms / width)}${unit}`;
}

/** A duration as text; parsed, it is milliseconds. */
export const Duration = z
  .string({ error: ({ input }) => (typeof input === 'number' ? noDuration(input) : undefined) })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== null) return ms;
    context.addIssue({ code: 'custom', message: noDuration(text), input: text });
    return z.NEVER;
  });

function noDuration(found: string | number): string {
  return `"${found}" is no duration: write 90s, 10m, 1h or 30d`;
}

/** A place: [longitude, latitude] in WGS-84 degrees. */
export const Location = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]);
export type Location = z.infer<typeof Location>;

/** `ms` since 1970 as an {@link Instant}. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
