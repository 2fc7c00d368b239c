import { z } from 'zod';
import {
  MAINTENANCE_STATES,
  type Maintenance,
  type MaintenanceState,
  MaintenanceSubject,
} from '../../model/maintenance.ts';
import { Instant, instant } from '../../model/primitives.ts';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';
import { listOf, PlacePaging, pageByPlace } from '../lists.ts';
import { IdPath, InstantText } from '../parameters.ts';

/** A window with how it stands now. */
export type StandingMaintenance = Maintenance & { state: MaintenanceState };

/** What the maintenance resource needs. Instants in ms. */
export interface MaintenanceParts {
  maintenance: {
    /** Those in this state, or all; the one that was announced last comes first. */
    list(state?: MaintenanceState): readonly StandingMaintenance[];
    /** Throws TownError `invalid` with everything that is wrong. */
    announce(
      notice: { subject: MaintenanceSubject; from?: number | undefined; to: number; reason: string },
      by: string,
    ): Promise<StandingMaintenance>;
    /** Ends a window now. Throws TownError `not-found`, `conflict` when it is over. */
    end(id: string, by: string): Promise<StandingMaintenance>;
  };
}

const Notice = z
  .strictObject({
    subject: MaintenanceSubject.meta({
      description: 'an area with all that lies in it, a network node with what hangs from it, or a device',
    }),
    from: InstantText.optional().meta({ description: 'inclusive; default: now. It may not lie in the past' }),
    to: InstantText.meta({ description: 'exclusive; a year from its beginning at most' }),
    reason: z.string().trim().min(1).max(500).meta({ description: 'what is done, for who reads it later' }),
  })
  .meta({ id: 'MaintenanceNotice' });

const Shown = z
  .object({
    id: z.string(),
    subject: MaintenanceSubject,
    from: Instant,
    to: Instant.meta({ description: 'its end; where it was ended early, that instant' }),
    reason: z.string(),
    by: z.string().meta({ description: 'who announced it' }),
    state: z.enum(MAINTENANCE_STATES),
    endedBy: z.string().nullable().meta({ description: 'who ended it before its time' }),
  })
  .meta({ id: 'Maintenance' });

const Query = PlacePaging.extend({ state: z.enum(MAINTENANCE_STATES).optional() });

/** `GET|POST /maintenance`, `DELETE /maintenance/{id}` */
export function maintenanceResource(api: Api, { maintenance }: MaintenanceParts): void {
  const tags = ['maintenance'];
  const list = {
    summary: 'Windows of maintenance, the one announced last first',
    tags,
    querystring: Query,
    response: { 200: listOf(Shown) },
  };
  api.get('/maintenance', { schema: list }, async ({ query: { state, ...page } }) => {
    const { items, next } = pageByPlace(maintenance.list(state), page);
    return { items: items.map(shown), next };
  });

  const announce = {
    summary: 'Announces work on devices: while it lasts nothing is expected of them, and no alert begins or ends',
    tags,
    body: Notice,
    response: { 201: Shown },
  };
  api.post('/maintenance', { schema: announce }, async (request, reply) => {
    const made = await maintenance.announce(request.body, principalOf(request).id);
    reply.code(201);
    return shown(made);
  });

  const end = { summary: 'Ends a window now, or calls it off', tags, params: IdPath, response: { 200: Shown } };
  api.delete('/maintenance/:id', { schema: end }, async (request) =>
    shown(await maintenance.end(request.params.id, principalOf(request).id)),
  );
}

function shown({ from, to, ...rest }: StandingMaintenance) {
  return { ...rest, from: instant(from), to: instant(to) };
}
