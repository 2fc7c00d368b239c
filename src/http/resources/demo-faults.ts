import { z } from 'zod';
import { TownError } from '../../kernel/errors.ts';
import { Duration, Instant, instant, Name } from '../../model/primitives.ts';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';
import { listOf, PlacePaging, pageByPlace } from '../lists.ts';
import { IdPath } from '../parameters.ts';

const FaultKind = z
  .object({ fault: z.string(), targets: z.array(z.object({ id: z.string(), name: Name })) })
  .meta({ id: 'FaultKind' });
/** A kind of fault that the simulated town can be given, and what it can be given to. */
export type FaultKind = z.infer<typeof FaultKind>;

/** A fault that is on; instants in ms of the town's clock. */
export interface RunningFault {
  id: string;
  fault: string;
  target: string;
  startedAt: number;
  endsAt: number;
}

/** The simulated town's faults. */
export interface FaultDesk {
  kinds(): readonly FaultKind[] | Promise<readonly FaultKind[]>;
  running(): readonly RunningFault[] | Promise<readonly RunningFault[]>;
  /** Starts a fault for `duration` ms of town time. Throws TownError `invalid` for an unknown fault or target. */
  start(fault: string, target: string, duration: number, by: string): RunningFault | Promise<RunningFault>;
  /** Ends a fault before its time; false when there is none of this id. */
  stop(id: string, by: string): boolean | Promise<boolean>;
}

const ShownFault = z
  .object({ id: z.string(), fault: z.string(), target: z.string(), startedAt: Instant, endsAt: Instant })
  .meta({ id: 'RunningFault' });

const FaultRequest = z
  .strictObject({
    fault: z.string(),
    target: z.string(),
    duration: Duration.default(900_000).meta({
      description: 'of town time, such as 15m (as long as that unless said)',
    }),
  })
  .meta({ id: 'FaultRequest' });

/** `GET|POST /demo/faults`, `DELETE /demo/faults/{id}`, `GET /demo/faults/kinds` */
export function demoFaultsResource(api: Api, faults: FaultDesk): void {
  const tags = ['demo'];
  const config = { access: 'signed-in' } as const;

  const kinds = { summary: 'What can be made to fail, and where', tags, querystring: PlacePaging };
  api.get('/demo/faults/kinds', { schema: { ...kinds, response: { 200: listOf(FaultKind) } } }, async (request) =>
    pageByPlace(await faults.kinds(), request.query),
  );

  const running = { summary: 'The faults that are on', tags, querystring: PlacePaging };
  api.get('/demo/faults', { schema: { ...running, response: { 200: listOf(ShownFault) } } }, async (request) =>
    pageByPlace((await faults.running()).map(show), request.query),
  );

  const start = { summary: 'Makes something fail', tags, body: FaultRequest };
  api.post('/demo/faults', { schema: { ...start, response: { 201: ShownFault } }, config }, async (request, reply) => {
    const { fault, target, duration } = request.body;
    return reply.code(201).send(show(await faults.start(fault, target, duration, principalOf(request).id)));
  });

  const stop = { summary: 'Ends a fault before its time', tags, params: IdPath };
  api.delete(
    '/demo/faults/:id',
    { schema: { ...stop, response: { 204: z.undefined() } }, config },
    async (request, reply) => {
      const { id } = request.params;
      const stopped = await faults.stop(id, principalOf(request).id);
      if (!stopped) throw new TownError('not-found', `no fault ${id} is on`);
      return reply.code(204).send();
    },
  );
}

function show(fault: RunningFault) {
  return { ...fault, startedAt: instant(fault.startedAt), endsAt: instant(fault.endsAt) };
}
