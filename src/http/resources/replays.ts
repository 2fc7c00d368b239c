import { z } from 'zod';
import { TownError } from '../../kernel/errors.ts';
import { Severity, Subject } from '../../model/alert.ts';
import { Instant, Name } from '../../model/primitives.ts';
import type { Api } from '../api.ts';
import { IdPath, InstantText } from '../parameters.ts';
import { periodOf } from '../period.ts';

const Count = z.int().min(0);
const Tally = z
  .object({
    was: Count.meta({ description: 'alerts that fired' }),
    would: Count.meta({ description: 'alerts that would have fired' }),
    fired: Count.meta({ description: 'that were none' }),
    missed: Count.meta({ description: 'that would not have been' }),
    earlier: Count,
    later: Count,
  })
  .meta({ id: 'ReplayTally' });

const Result = z.object({
  exactFrom: Instant.nullable().meta({ description: 'from here on exactly as it was; null: from the history alone' }),
  notes: z.array(Name).meta({ description: 'what is to be said of how near it comes to what was' }),
  samples: Count,
  total: Tally,
  bySeverity: z.record(z.string(), Tally),
  byOrganisation: z.record(z.string(), Tally).meta({ description: 'what each bureau saw, and would have seen' }),
  byRule: z.record(z.string(), Tally),
  alerts: z.array(
    z.object({
      difference: z.enum(['fired', 'missed', 'earlier', 'later']),
      rule: z.string(),
      subject: Subject,
      title: Name,
      severity: Severity,
      organisation: z.string(),
      was: Instant.nullable().meta({ description: 'when it fired' }),
      would: Instant.nullable().meta({ description: 'when it would have fired' }),
    }),
  ),
  more: Count.meta({ description: 'differences that are not listed' }),
});

const Replay = z
  .object({
    id: z.string(),
    state: z.enum(['running', 'done', 'failed', 'cancelled']),
    progress: z.number().min(0).max(1),
    from: Instant,
    to: Instant,
    rulebook: z.string().nullable().meta({ description: 'sha256:…; null: by the rulebooks that were in force' }),
    error: z.string().nullable(),
    result: Result.nullable(),
  })
  .meta({ id: 'Replay' });
/** A replay, as it stands. */
export type Replay = z.infer<typeof Replay>;

/** What to replay; instants in ms, `text` is that of another rulebook. */
export interface ReplayQuery {
  from: number;
  to: number;
  text: string | null;
}

/** What the replays' resource needs. */
export interface ReplaysParts {
  ruleReplays: {
    /** Throws TownError `rulebook-invalid`, `conflict` while another one runs. */
    start(query: ReplayQuery): Replay;
    find(id: string): Replay | undefined;
    cancel(id: string): Promise<Replay | undefined>;
  };
}

const Body = z.strictObject({
  from: InstantText,
  to: InstantText,
  rulebook: z.string().optional().meta({ description: 'the text of another rulebook' }),
});

/** `POST /rules/replay`, `GET|DELETE /rules/replay/{id}` */
export function replaysResource(api: Api, { ruleReplays: replays }: ReplaysParts): void {
  const tags = ['rules'];
  const start = {
    summary: 'Runs a past period through another rulebook, and tells which alerts it would have made: a job',
    tags,
    body: Body,
    response: { 202: Replay },
  };
  api.post('/rules/replay', { schema: start }, (request, reply) => {
    const { rulebook = null } = request.body;
    const replay = replays.start({ ...periodOf(request.body, 0), text: rulebook });
    reply.code(202);
    return replay;
  });

  const one = { summary: 'How a replay stands, and what came of it', tags, params: IdPath, response: { 200: Replay } };
  api.get('/rules/replay/:id', { schema: one }, (request) => found(request.params.id, replays.find(request.params.id)));

  const cancel = { summary: 'Calls a replay off', tags, params: IdPath, response: { 200: Replay } };
  api.delete('/rules/replay/:id', { schema: cancel }, async (request) =>
    found(request.params.id, await replays.cancel(request.params.id)),
  );
}

function found(id: string, replay: Replay | undefined): Replay {
  if (replay === undefined) throw new TownError('not-found', `there is no replay ${id}; the newest 20 are remembered`);
  return replay;
}
