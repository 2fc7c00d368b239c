import { z } from 'zod';

/** How many items a page may hold. */
export const Limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(1_000)
  .default(100)
  .meta({ description: 'items on a page, at most 1000' });

/** A list's answer: a page of items, and the cursor of the next one or null. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().meta({ description: '`cursor` of the next page; null on the last one' }),
  });
}

/** The `cursor` of a list whose items are found again by a key of this shape: the last one's of the page before. */
export function cursorOf<T>(key: z.ZodType<T>) {
  return z
    .string()
    .max(1_024)
    .transform((text, context) => {
      const read = key.safeParse(decode(text));
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message: 'is no cursor of this list: take it from `next` of a page' });
      return z.NEVER;
    })
    .optional()
    .meta({ description: '`next` of the page before' });
}

/**
 * The first `limit` of `found`. A caller that finds one more than it was asked for, when there is one, gets the cursor to
 * go on after.
 */
export function pageOf<T>(found: readonly T[], limit: number, keyOf: (item: T) => unknown) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next = found.length > limit && last !== undefined ? encode(keyOf(last)) : null;
  return { items, next };
}

/** The query of a list that stands in a fixed order: the key is an item's place in it. */
export const PlacePaging = z.strictObject({ limit: Limit, cursor: cursorOf(z.int().min(0)) });

/** A page of a list that stands in a fixed order. */
export function pageByPlace<T>(all: readonly T[], { limit, cursor }: z.infer<typeof PlacePaging>) {
  const placed = all.map((item, place) => ({ item, place }));
  const from = cursor === undefined ? 0 : cursor + 1;
  const { items, next } = pageOf(placed.slice(from, from + limit + 1), limit, ({ place }) => place);
  return { items: items.map(({ item }) => item), next };
}

function encode(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
