import { z } from 'zod';
import type { TownClock } from '../../kernel/town-clock.ts';
import { durationText, Instant, Name } from '../../model/primitives.ts';
import { Verdict } from '../../model/verdict.ts';
import type { Api } from '../api.ts';
import { listOf, PlacePaging, pageByPlace } from '../lists.ts';
import { PeriodQuery, periodOf } from '../period.ts';

/** By what pressure points are grouped. */
export const ComplianceGroup = z
  .enum(['point', 'zone', 'town'])
  .meta({ description: 'zone: the node of the network that points hang from' });
export type ComplianceGroup = z.infer<typeof ComplianceGroup>;

const Rate = z.number().min(0).max(1).nullable();

const Counted = z.object({
  group: ComplianceGroup,
  id: z.string(),
  name: Name,
  from: Instant,
  to: Instant,
  valid: z.int().meta({ description: 'samples; one whose time had to be replaced is none' }),
  inBounds: z.int().meta({ description: "of those, within the point's limits at their time" }),
  expected: z
    .int()
    .meta({ description: 'by the sample interval, in service, as far as it must have arrived; ≥ valid' }),
  low: Rate.meta({ description: 'inBounds / expected' }),
  high: Rate.meta({ description: '(inBounds + expected − valid) / expected' }),
  rate: Rate.meta({ description: 'inBounds / valid: the figure a bureau quotes' }),
  coverage: Rate.meta({ description: 'valid / expected' }),
  excluded: z.int().meta({ description: 'samples that were to come in excluded periods; they count nowhere else' }),
  target: z.number(),
  verdict: Verdict,
  reason: z.enum(['coverage', 'no-limit', 'not-in-service', 'excluded']).nullable(),
});

/** Pressure compliance of a point, zone or town over a period. */
export const Compliance = Counted.extend({
  window: z.string().meta({ description: 'how long the period is' }),
}).meta({ id: 'Compliance' });
export type Compliance = z.infer<typeof Compliance>;

const Mean = z.object({
  from: Instant,
  to: Instant,
  mean: z.number().nullable().meta({ description: 'MPa' }),
  samples: z.int(),
  expected: z.int().meta({ description: "samples that were to come, by the point's sample interval" }),
  coverage: z.number().min(0).max(1).meta({ description: 'samples / expected, at most 1' }),
});

/** By how much the pressure of a point lies above that of its baseline. */
export const Raised = z
  .object({
    id: z.string(),
    name: Name,
    baseline: Mean.meta({ description: 'the days baselineFrom to baselineTo of the registry' }),
    period: Mean,
    raised: z.number().nullable().meta({ description: 'MPa; null where it cannot be told' }),
    reason: z.enum(['hours', 'coverage']).nullable().meta({
      description:
        'why it cannot be told; hours: the period is not of whole days, as a baseline is; coverage: that of one of the two is below 0.8',
    }),
  })
  .meta({ id: 'PressureRaised' });
export type Raised = z.infer<typeof Raised>;

/** What the compliance's resource needs. */
export interface ComplianceParts {
  /** By id. They throw TownError `unavailable` while the history cannot be read. */
  compliance: {
    /** The day that ends now. */
    now(group: ComplianceGroup): Promise<readonly Omit<Compliance, 'window'>[]>;
    /** From `from`, inclusive, to `to`, exclusive, ms. */
    past(group: ComplianceGroup, from: number, to: number): Promise<readonly Omit<Compliance, 'window'>[]>;
    /** By how much pressure was raised over such a period. */
    raised(from: number, to: number): Promise<readonly Raised[]>;
  };
  clock: TownClock;
}

const Query = PlacePaging.extend({
  metric: z.literal('pressure'),
  group: ComplianceGroup,
  id: z.string().optional().meta({ description: 'only this point or zone' }),
});

/** `GET /compliance/now`, `GET /compliance`, `GET /compliance/raised` */
export function complianceResource(api: Api, { compliance, clock: { clock } }: ComplianceParts): void {
  const shared = { tags: ['water'], response: { 200: listOf(Compliance) } };
  const show = (found: readonly Omit<Compliance, 'window'>[], query: z.infer<typeof Query>) => {
    const items = found.filter(({ id }) => query.id === undefined || id === query.id);
    const withWindow = items.map((item) => ({
      ...item,
      window: durationText(Date.parse(item.to) - Date.parse(item.from)),
    }));
    return pageByPlace(withWindow, query);
  };

  const now = { ...shared, summary: 'Pressure compliance over the last day, as an interval with its coverage' };
  api.get('/compliance/now', { schema: { ...now, querystring: Query } }, async ({ query }) =>
    show(await compliance.now(query.group), query),
  );

  const above = {
    summary: 'By how much pressure was raised against its baseline, of the points that state one',
    tags: ['water'],
    querystring: PlacePaging.extend(PeriodQuery),
    response: { 200: listOf(Raised) },
  };
  api.get('/compliance/raised', { schema: above }, async ({ query }) => {
    const { from, to } = periodOf(query, clock.now());
    return pageByPlace([...(await compliance.raised(from, to))], query);
  });

  const past = { ...shared, summary: 'Pressure compliance over any period' };
  api.get('/compliance', { schema: { ...past, querystring: Query.extend(PeriodQuery) } }, async ({ query }) => {
    const { from, to } = periodOf(query, clock.now());
    return show(await compliance.past(query.group, from, to), query);
  });
}
