import { z } from 'zod';
import { TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
/** The end of the year 9999, beyond which RFC 3339 has no words. */
const LAST_INSTANT = 253_402_300_799_999;

/** An instant in a request, RFC 3339 with its offset or epoch milliseconds; read, it is milliseconds. */
export const InstantText = z
  .string()
  .max(40)
  .transform((text, context) => {
    const ms = parseInstant(text);
    if (ms !== null) return ms;
    const message = `"${text}" is no instant: write 2026-01-15T20:00:00+08:00, or milliseconds since 1970`;
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
  })
  .meta({
    description: 'RFC 3339 with its offset, or milliseconds since 1970',
    examples: ['2026-01-15T20:00:00+08:00'],
  });

function parseInstant(text: string): number | null {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : parseRfc3339(text);
  return ms >= 0 && ms <= LAST_INSTANT ? ms : null;
}

function parseRfc3339(text: string): number {
  // A plus that was pasted into an address as it is arrives as a space.
  const mended = text.replace(/ (?=\d\d:\d\d$)/, '+');
  return RFC_3339.test(mended) ? Date.parse(mended) : Number.NaN;
}

/** The `id` in a path. */
export const IdPath = z.object({ id: z.string() });

/** Refuses a name in the query that stands for nothing the town has, with the nearest one that does. */
export function mustBeKnown(path: string, name: string | undefined, known: Iterable<string>): void {
  if (name === undefined) return;
  const names = new Set(known);
  if (!names.has(name)) refuse(path, `no ${path} ${name}${didYouMean(name, names)}`);
}

/** Refuses the request for one of its parameters. @throws TownError `invalid` */
export function refuse(path: string, message: string): never {
  throw new TownError('invalid', `${path}: ${message}`, { problems: [{ path, message }] });
}
