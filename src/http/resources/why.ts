import { z } from 'zod';
import { Evidence, Subject } from '../../model/alert.ts';
import { Instant, Name } from '../../model/primitives.ts';
import { Verdict } from '../../model/verdict.ts';
import type { Api } from '../api.ts';
import { IdPath } from '../parameters.ts';

const AskedCondition = z
  .object({
    text: z.string(),
    figures: z.string().meta({ description: 'with figures filled in: 0.12 < 0.14' }),
    holds: z.boolean().nullable().meta({ description: 'null: the sample says too little' }),
  })
  .nullable();

const Account = z
  .object({
    rule: z.string(),
    version: z.string(),
    subject: Subject,
    at: Instant.meta({ description: 'the newest tick, at which it was judged' }),
    verdict: Verdict,
    reason: z.string().nullable(),
    since: Instant.nullable().meta({ description: 'since when the verdict holds, where that is known' }),
    when: AskedCondition,
    clear: AskedCondition,
    figures: z
      .array(
        z.object({
          name: z.string(),
          value: z.union([z.number(), z.string()]).nullable(),
          unit: z.string().nullable(),
          text: Name,
        }),
      )
      .meta({ description: 'those that decide, by their names in the condition' }),
    looked: z
      .array(
        z.object({
          text: Name,
          unit: z.string().nullable(),
          values: z.array(z.object({ device: z.string().nullable(), at: Instant.nullable(), value: z.number() })),
        }),
      )
      .meta({ description: 'what a rule remembers: values of the device itself (device: null), or of others' }),
    samples: z
      .array(Evidence.extend({ receivedAt: Instant.nullable() }))
      .meta({ description: 'the newest that decide' }),
    expected: z.record(z.string(), z.number().nullable()).meta({ description: 'who is judged, and the figures of it' }),
    exclusions: z.array(z.object({ device: z.string(), reason: z.string(), since: Instant.nullable(), text: Name })),
    alert: z
      .object({
        ...{ id: z.string(), startedAt: Instant, due: Instant },
        ...{ firedAt: Instant.nullable(), heldBy: z.string().nullable() },
      })
      .nullable(),
    timeline: z.array(
      z.object({
        ...{
          at: Instant,
          alert: z.string(),
          to: z.string().nullable(),
          reason: z.string(),
          by: z.string(),
          text: Name,
          because: Name.meta({ description: 'the reason in words' }),
        },
      }),
    ),
    next: z.object({ at: Instant.nullable(), text: Name }).meta({ description: 'what would change it' }),
    timeZone: z.string().meta({ description: 'in which the sentences tell the time' }),
    sentences: z.object({ zh: z.array(z.string()), en: z.array(z.string()) }),
  })
  .meta({ id: 'Why' });
/** Why a subject stands by a rule as it does. */
export type Account = z.infer<typeof Account>;

/** What the resource needs. */
export interface WhyParts {
  why: {
    /** Throws TownError `not-found` with the nearest rule or subject, `unavailable` before the first tick. */
    account(rule: string, subject: string): Account;
  };
}

const Query = z.strictObject({ subject: z.string().min(1).meta({ description: 'its id, or type:id' }) });

/** `GET /rules/{id}/why` */
export function whyResource(api: Api, { why }: WhyParts): void {
  const schema = {
    summary: 'Why a subject stands by a rule as it does: samples, figures, exclusions, and what would change it',
    tags: ['rules'],
    params: IdPath,
    querystring: Query,
    response: { 200: Account },
  };
  api.get('/rules/:id/why', { schema }, (request) => why.account(request.params.id, request.query.subject));
}
