import { z } from 'zod';
import { type Exclusion, ExclusionReason, ExclusionSubject } from '../../model/exclusion.ts';
import { Instant, instant } from '../../model/primitives.ts';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';
import { listOf, PlacePaging, pageByPlace } from '../lists.ts';
import { IdPath, InstantText } from '../parameters.ts';

/** What the exclusions' resource needs. Instants in ms. */
export interface ExclusionsParts {
  exclusions: {
    /** All that were ever entered, the last one first. */
    list(): readonly Exclusion[];
    /** Throws TownError `invalid` with everything that is wrong. */
    enter(
      notice: { subject: ExclusionSubject; reason: ExclusionReason; from: number; to: number; approver: string },
      by: string,
    ): Promise<Exclusion>;
    /** Throws TownError `not-found`, `conflict` when that was done already. */
    withdraw(id: string, by: string): Promise<Exclusion>;
  };
}

const Notice = z
  .strictObject({
    subject: ExclusionSubject.meta({ description: 'a pressure point, or a zone with every point that hung from it' }),
    reason: ExclusionReason.meta({
      description: 'shortage at the source, a burst by force majeure, a planned shut-off',
    }),
    from: InstantText.meta({ description: 'inclusive; it may lie in the past' }),
    to: InstantText.meta({ description: 'exclusive; 92 days from its beginning at most' }),
    approver: z.string().trim().min(1).max(100).meta({ description: 'who approved it' }),
  })
  .meta({ id: 'ExclusionNotice' });

const Shown = z
  .object({
    id: z.string(),
    subject: ExclusionSubject,
    reason: ExclusionReason,
    from: Instant,
    to: Instant,
    approver: z.string(),
    by: z.string().meta({ description: 'who entered it' }),
    withdrawnBy: z.string().nullable().meta({ description: 'who took it back: it then excludes nothing' }),
  })
  .meta({ id: 'Exclusion' });

/** `GET|POST /exclusions`, `DELETE /exclusions/{id}` */
export function exclusionsResource(api: Api, { exclusions }: ExclusionsParts): void {
  const tags = ['water'];
  const list = {
    summary: 'Periods left out of pressure compliance, the one entered last first',
    tags,
    querystring: PlacePaging,
    response: { 200: listOf(Shown) },
  };
  api.get('/exclusions', { schema: list }, async ({ query }) => {
    const { items, next } = pageByPlace(exclusions.list(), query);
    return { items: items.map(shown), next };
  });

  const enter = {
    summary: 'Leaves an approved period out of pressure compliance: its samples are neither valid nor expected',
    tags,
    body: Notice,
    response: { 201: Shown },
  };
  api.post('/exclusions', { schema: enter }, async (request, reply) => {
    const made = await exclusions.enter(request.body, principalOf(request).id);
    reply.code(201);
    return shown(made);
  });

  const withdraw = { summary: 'Takes an exclusion back', tags, params: IdPath, response: { 200: Shown } };
  api.delete('/exclusions/:id', { schema: withdraw }, async (request) =>
    shown(await exclusions.withdraw(request.params.id, principalOf(request).id)),
  );
}

function shown({ from, to, ...rest }: Exclusion) {
  return { ...rest, from: instant(from), to: instant(to) };
}
