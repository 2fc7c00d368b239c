import { z } from 'zod';
import { TownError } from '../../kernel/errors.ts';
import { DeadLetterReason } from '../../model/deadletter.ts';
import { Instant, instant } from '../../model/primitives.ts';
import { principalOf } from '../access.ts';
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
  deadLetters: {
    /** Newest first. */
    list(query: DeadLetterQuery): readonly DeadLetter[];
    get(id: number): DeadLetter | undefined;
    /** Makes samples of letters again, for `by`. Throws TownError `unavailable` while nothing can be taken. */
    replay(wish: { ids: readonly number[] } | { reason: DeadLetterReason }, by: string): Promise<Replayed>;
  };
}

/** What came of a replay. */
export interface Replayed {
  replayed: number;
  refused: readonly { id: number; reason: string }[];
  refusedInAll: number;
  refusedAgain: number | null;
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

const LetterId = z.string().regex(/^[1-9]\d{0,14}$/, 'is no id of a dead letter: they are whole numbers');

const Wish = z
  .strictObject({
    ids: z.array(LetterId).min(1).max(1_000).optional().meta({ description: 'these letters' }),
    reason: DeadLetterReason.optional().meta({ description: 'or all letters of this reason that were not replayed' }),
  })
  .refine(({ ids, reason }) => (ids === undefined) !== (reason === undefined), {
    message: 'give either ids or a reason',
    path: ['ids'],
  })
  .meta({ id: 'DeadLetterReplay' });

const ShownReplay = z
  .object({
    replayed: z.int().meta({ description: 'letters whose samples are in the journal now' }),
    refused: z
      .array(z.object({ id: z.string(), reason: z.string() }))
      .meta({ description: 'the first thousand of those that were not, and why' }),
    refusedInAll: z.int(),
    refusedAgain: z.int().nullable().meta({
      description:
        'samples of what was replayed that the history store has refused again already, each a new letter; null while it has not come to all of them',
    }),
  })
  .meta({ id: 'DeadLettersReplayed' });

/** `GET /dead-letters`, `GET /dead-letters/{id}`, `POST /dead-letters/replay` */
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
    return { items: items.map(show), next };
  });

  const one = {
    summary: 'A dead letter',
    tags: ['readings'],
    params: z.object({ id: LetterId }),
    response: { 200: ShownDeadLetter },
  };
  api.get('/dead-letters/:id', { schema: one }, (request) => {
    const { id } = request.params;
    const letter = deadLetters.get(Number(id));
    if (letter === undefined) throw new TownError('not-found', `there is no dead letter ${id}, or none any more`);
    return show(letter);
  });

  const replay = {
    summary: 'Makes samples of dead letters once what was wrong is mended; what is bad still stays',
    tags: ['readings'],
    body: Wish,
    response: { 200: ShownReplay },
  };
  api.post('/dead-letters/replay', { schema: replay }, async (request) => {
    const { ids, reason } = request.body;
    const wish = reason === undefined ? { ids: (ids ?? []).map(Number) } : { reason };
    const { refused, ...outcome } = await deadLetters.replay(wish, principalOf(request).id);
    return { ...outcome, refused: refused.map(({ id, reason }) => ({ id: String(id), reason })) };
  });
}

function show(letter: DeadLetter) {
  return { ...letter, id: String(letter.id), at: instant(letter.at) };
}
