import { z } from 'zod';
import type { TownClock } from '../../kernel/town-clock.ts';
import { Duration, Instant, Name } from '../../model/primitives.ts';
import { Verdict } from '../../model/verdict.ts';
import type { Api } from '../api.ts';
import { cursorOf, Limit, listOf, PlacePaging, pageByPlace, pageOf } from '../lists.ts';
import { PeriodQuery, periodOf } from '../period.ts';

/** By what lamps are grouped. */
export const LampGroup = z.enum(['town', 'village', 'road', 'class', 'feeder']);
export type LampGroup = z.infer<typeof LampGroup>;

const Rate = z.number().min(0).max(1).nullable();

const RatePoint = z.object({
  group: LampGroup,
  id: z.string(),
  name: Name,
  dark: z.boolean(),
  expected: z.int(),
  lit: z.int(),
  out: z.int(),
  unknown: z.int(),
  low: Rate.meta({ description: 'lit / expected' }),
  high: Rate.meta({ description: '(lit + unknown) / expected' }),
  reported: Rate.meta({ description: 'lit / (lit + out): the figure a bureau quotes' }),
  coverage: Rate.meta({ description: '(lit + out) / expected' }),
  target: z.number(),
  verdict: Verdict,
  reason: z.string().nullable(),
  at: Instant.meta({ description: 'when it was judged' }),
  revision: z.int().meta({ description: 'goes up when late samples change the figures' }),
});

/** The lighting rate of a group of lamps now. By day nothing is expected and the rates are null. */
export const LightingRate = RatePoint.extend({
  sources: z
    .object({ telemetry: z.int(), patrol: z.int(), meter: z.int() })
    .meta({ description: 'of the lamps that are lit or out: what they are known by' }),
  lastNight: z
    .object({ date: z.iso.date(), low: Rate, high: Rate, reported: Rate, verdict: Verdict })
    .nullable()
    .meta({ description: 'what the last whole night came to; null before there was one' }),
}).meta({ id: 'LightingRate' });
export type LightingRate = z.infer<typeof LightingRate>;

/** The lighting rate of a group of lamps at a past time. */
export const PastLightingRate = RatePoint.extend({ ts: Instant }).meta({ id: 'PastLightingRate' });
export type PastLightingRate = z.infer<typeof PastLightingRate>;

/** Which past rates are asked for; instants in ms, `from` inclusive, `to` exclusive. */
export interface LightingRateQuery {
  group: LampGroup;
  id?: string;
  from: number;
  to: number;
  /** Width in ms; without it the rates as they were recorded. */
  bucket?: number;
  limit: number;
  /** The last item of the page before. */
  after?: { ts: string; id: string };
}

/** What the lighting rate's resource needs. */
export interface LightingRateParts {
  lightingRate: {
    /** One for each group there is, in an order that stays. */
    now(group: LampGroup): readonly LightingRate[];
    /** Ascending by ts, then id. */
    past(query: LightingRateQuery): Promise<readonly PastLightingRate[]>;
  };
  clock: TownClock;
}

const PastQuery = z.strictObject({
  group: LampGroup,
  id: z.string().optional(),
  ...PeriodQuery,
  bucket: Duration.optional().meta({ description: 'such as 15m or 1h' }),
  limit: Limit,
  cursor: cursorOf(z.tuple([Instant, z.string()])),
});

/** `GET /lighting-rate/now`, `GET /lighting-rate` */
export function lightingRateResource(api: Api, { lightingRate, clock: { clock } }: LightingRateParts): void {
  const tags = ['lighting'];
  const now = {
    summary: 'The lighting rate now, as an interval with its coverage',
    tags,
    querystring: PlacePaging.extend({ group: LampGroup }),
  };
  api.get('/lighting-rate/now', { schema: { ...now, response: { 200: listOf(LightingRate) } } }, (request) =>
    pageByPlace(lightingRate.now(request.query.group), request.query),
  );

  const past = { summary: 'The lighting rate over time', tags, querystring: PastQuery };
  api.get('/lighting-rate', { schema: { ...past, response: { 200: listOf(PastLightingRate) } } }, async (request) => {
    const { limit } = request.query;
    const found = await lightingRate.past({ ...ask(request.query, clock.now()), limit: limit + 1 });
    return pageOf(found, limit, ({ ts, id }) => [ts, id]);
  });
}

function ask(query: z.infer<typeof PastQuery>, now: number): Omit<LightingRateQuery, 'limit'> {
  const { group, id, bucket, cursor } = query;
  return {
    group,
    ...periodOf(query, now),
    ...(id === undefined ? {} : { id }),
    ...(bucket === undefined ? {} : { bucket }),
    ...(cursor === undefined ? {} : { after: { ts: cursor[0], id: cursor[1] } }),
  };
}
