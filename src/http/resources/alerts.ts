import { z } from 'zod';
import { TownError } from '../../kernel/errors.ts';
import { Alert, AlertMove, AlertState, Correction, Severity } from '../../model/alert.ts';
import { Instant } from '../../model/primitives.ts';
import type { Town } from '../../model/town.ts';
import type { Api } from '../api.ts';
import { cursorOf, Limit, listOf, pageOf } from '../lists.ts';
import { IdPath, mustBeKnown } from '../parameters.ts';

/** Which alerts to list. */
export interface AlertQuery {
  /** In one of these states; in any when absent. */
  states?: readonly AlertState[];
  organisation?: string;
  severity?: Severity;
  rule?: string;
  /** The subject's id. */
  subject?: string;
  limit: number;
  /** The last alert of the page before. */
  after?: { startedAt: string; id: string };
}

const Notification = z.object({
  channel: z.string(),
  at: Instant,
  outcome: z.enum(['sent', 'failed', 'suppressed']),
  reason: z.string().nullable(),
  attempts: z.int(),
});

const ShownAlert = Alert.meta({ id: 'Alert' });

const AlertStory = Alert.extend({
  correction: Correction.nullable().meta({
    description: 'what the record says of the time that it was decided by, where late samples have made that otherwise',
  }),
  history: z.array(AlertMove).meta({ description: 'its moves, oldest first' }),
  notifications: z.array(Notification).meta({ description: 'who was told, or why not' }),
}).meta({ id: 'AlertStory' });
/** An alert with all that happened to it. */
export type AlertStory = z.infer<typeof AlertStory>;

/** What the alerts' resource needs. */
export interface AlertsParts {
  alerts: {
    /** Newest first: descending by startedAt, then by id. */
    list(query: AlertQuery): readonly Alert[];
    get(id: string): AlertStory | undefined;
  };
  town: Town;
}

const OPEN: readonly AlertState[] = ['firing', 'acknowledged', 'repaired'];

const Query = z.strictObject({
  state: z
    .enum(['open', ...AlertState.options])
    .optional()
    .meta({ description: 'open = firing, acknowledged or repaired' }),
  organisation: z.string().optional(),
  severity: Severity.optional(),
  rule: z.string().optional(),
  subject: z.string().optional().meta({ description: "the subject's id" }),
  limit: Limit,
  cursor: cursorOf(z.tuple([Instant, z.string()])),
});

/** `GET /alerts`, `GET /alerts/{id}` */
export function alertsResource(api: Api, { alerts, town }: AlertsParts): void {
  const tags = ['alerts'];
  const list = { summary: 'Alerts, the newest first', tags, querystring: Query };
  api.get('/alerts', { schema: { ...list, response: { 200: listOf(ShownAlert) } } }, (request) => {
    const { limit, organisation } = request.query;
    mustBeKnown(
      'organisation',
      organisation,
      town.organisations.map(({ id }) => id),
    );
    const found = alerts.list({ ...ask(request.query), limit: limit + 1 });
    return pageOf(found, limit, ({ startedAt, id }) => [startedAt, id]);
  });

  const one = { summary: 'One alert, with all that happened to it', tags, params: IdPath };
  api.get('/alerts/:id', { schema: { ...one, response: { 200: AlertStory } } }, (request) => {
    const alert = alerts.get(request.params.id);
    if (alert === undefined) throw new TownError('not-found', `there is no alert ${request.params.id}`);
    return alert;
  });
}

function ask(query: z.infer<typeof Query>): Omit<AlertQuery, 'limit'> {
  const { state, organisation, severity, rule, subject, cursor } = query;
  return {
    ...(state === undefined ? {} : { states: state === 'open' ? OPEN : [state] }),
    ...(organisation === undefined ? {} : { organisation }),
    ...(severity === undefined ? {} : { severity }),
    ...(rule === undefined ? {} : { rule }),
    ...(subject === undefined ? {} : { subject }),
    ...(cursor === undefined ? {} : { after: { startedAt: cursor[0], id: cursor[1] } }),
  };
}
