import { z } from 'zod';
import { DeadLetterReason } from '../../model/deadletter.ts';
import { Instant, instant } from '../../model/primitives.ts';
import type { Api } from '../api.ts';
import { cursorOf, Limit, listOf, pageOf } from '../lists.ts';
import { InstantText } from '../parameters.ts';

/** What could not be used; `at` in ms. */
export interface DeadLetter {
  id: number;
  at: number;
  topic: string;
  device: string | null;
  reason: DeadLetterReason;
  field: string | null;
  detail: string;
  payload: string | null;
  replayed: boolean;
}

/** Which dead letters to list; instants in ms, `before` is the id of the last one of the page before. */
export interface DeadLetterQuery {
  reason?: DeadLetterReason;
  device?: string;
  from?: number;
  to?: number;
  before?: number;
  limit: number;
}

/** What the dead letters' resource needs. */
export interface DeadLettersParts {
  /** Newest first. */
  deadLetters: { list(query: DeadLetterQuery): readonly DeadLetter[] };
}

const ShownDeadLetter = z
  .object({
    id: z.string(),
    at: Instant.meta({ description: 'when it arrived' }),
    topic: z.string(),
    device: z.string().nullable(),
    reason: DeadLetterReason,
    field: z.string().nullable(),
    detail: z.string(),
    payload: z.string().nullable().meta({ description: 'the first 4 KiB; null when it is not kept any more' }),
    replayed: z.boolean(),
  })
  .meta({ id: 'DeadLetter' });

const Query = z.strictObject({
  reason: DeadLetterReason.optional(),
  device: z.string().optional(),
  from: InstantText.optional().meta({ description: 'inclusive; RFC 3339 or epoch ms' }),
  to: InstantText.optional().meta({ description: 'exclusive; RFC 3339 or epoch ms' }),
  limit: Limit,
  cursor: cursorOf(z.int()),
});

/** `GET /dead-letters` */
export function deadLettersResource(api: Api, { deadLetters }: DeadLettersParts): void {
  const schema = {
    summary: 'What came in and could not be used, newest first',
    tags: ['readings'],
    querystring: Query,
    response: { 200: listOf(ShownDeadLetter) },
  };
  api.get('/dead-letters', { schema }, (request) => {
    const { reason, device, from, to, limit, cursor } = request.query;
    const found = deadLetters.list({
      ...(reason === undefined ? {} : { reason }),
      ...(device === undefined ? {} : { device }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(cursor === undefined ? {} : { before: cursor }),
      limit: limit + 1,
    });
    const { items, next } = pageOf(found, limit, ({ id }) => id);
    return { items: items.map((letter) => ({ ...letter, id: String(letter.id), at: instant(letter.at) })), next };
  });
}
