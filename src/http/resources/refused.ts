import { z } from 'zod';
import { Instant, instant } from '../../model/primitives.ts';
import type { Api } from '../api.ts';
import { cursorOf, Limit, listOf, pageOf } from '../lists.ts';

/** Somebody who was turned away at the MQTT door; `at` in ms. */
export interface RefusedEntry {
  at: number;
  id: string;
  address: string;
  reason: string;
  topic: string | null;
  payload: string | null;
  count: number;
}

/** What the resource of the refused needs. */
export interface RefusedParts {
  /** The last thousand, one for each id and reason. */
  refused: { list(): readonly RefusedEntry[] };
}

const ShownRefused = z
  .object({
    at: Instant.meta({ description: 'the last time' }),
    id: z.string().meta({ description: 'the user name or device id that was given' }),
    address: z.string(),
    reason: z.string(),
    topic: z.string().nullable(),
    payload: z.string().nullable().meta({ description: 'the last one, shortened' }),
    count: z.int().meta({ description: 'how often, since it was first seen' }),
  })
  .meta({ id: 'Refused' });

const RefusedQuery = z.strictObject({ limit: Limit, cursor: cursorOf(z.tuple([z.number(), z.string()])) });

/** `GET /devices/refused` */
export function refusedResource(api: Api, { refused }: RefusedParts): void {
  const schema = {
    summary: 'Who was turned away at the door, newest first',
    tags: ['devices'],
    querystring: RefusedQuery,
    response: { 200: listOf(ShownRefused) },
  };
  api.get('/devices/refused', { schema }, (request) => {
    const { limit, cursor } = request.query;
    const found = refused
      .list()
      .map((entry) => ({ entry, key: [entry.at, `${entry.id} ${entry.reason}`] as const }))
      .filter(({ key }) => cursor === undefined || newestFirst(cursor, key) < 0)
      .sort((a, b) => newestFirst(a.key, b.key));
    const { items, next } = pageOf(found, limit, ({ key }) => key);
    return { items: items.map(({ entry }) => ({ ...entry, at: instant(entry.at) })), next };
  });
}

/** Below 0 when `a` comes before `b`: the later one first, those of one moment by name. */
function newestFirst(a: readonly [number, string], b: readonly [number, string]): number {
  return b[0] - a[0] || (a[1] < b[1] ? -1 : Number(a[1] > b[1]));
}
