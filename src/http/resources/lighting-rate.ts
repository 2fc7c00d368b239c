import { z } from 'zod';
import type { TownClock } from '../../kernel/town-clock.ts';
import { localTime } from '../../model/local-time.ts';
import { Duration, Instant, Name } from '../../model/primitives.ts';
import type { Town } from '../../model/town.ts';
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

const Figures = z.object({ low: Rate, high: Rate, reported: Rate, coverage: Rate });

/** What a month came to for a group of lamps, by both ways of counting. */
export const LightingMonth = z
  .object({
    group: LampGroup,
    id: z.string(),
    name: Name,
    month: z.string(),
    lampHours: Figures.extend({
      ...{ expected: z.number(), lit: z.number(), out: z.number(), unknown: z.number() },
      watched: z.number().meta({ description: 'hours of the month that the service looked at' }),
    }).meta({ description: 'lamp-hours of the whole month: 灯时亮灯率' }),
    inspection: Figures.extend({
      ...{ expected: z.int(), lit: z.int(), out: z.int(), unknown: z.int() },
      ...{ time: z.string(), nights: z.int() },
    }).meta({ description: 'lamps at that time of each night, summed over the nights: 巡查亮灯率' }),
  })
  .meta({ id: 'LightingMonth' });
export type LightingMonth = z.infer<typeof LightingMonth>;

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
    /** A month (`YYYY-MM`) of the groups that have a record of it, in an order that stays. */
    month(group: LampGroup, month: string, id?: string): readonly LightingMonth[];
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

const MonthQuery = PlacePaging.extend({
  group: LampGroup,
  id: z.string().optional(),
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month is YYYY-MM')
    .optional()
    .meta({ description: 'such as 2026-10; default: the month that it is in the town' }),
});

/** `GET /lighting-rate/now`, `GET /lighting-rate/months`, `GET /lighting-rate` */
export function lightingRateResource(api: Api, parts: LightingRateParts & { town: Pick<Town, 'timeZone'> }): void {
  const {
    lightingRate,
    clock: { clock },
    town,
  } = parts;
  const tags = ['lighting'];
  const now = {
    summary: 'The lighting rate now, as an interval with its coverage',
    tags,
    querystring: PlacePaging.extend({ group: LampGroup }),
  };
  api.get('/lighting-rate/now', { schema: { ...now, response: { 200: listOf(LightingRate) } } }, (request) =>
    pageByPlace(lightingRate.now(request.query.group), request.query),
  );

  const months = {
    summary: "A month's lighting rate: by lamp-hours, and by inspection at a fixed time of each night",
    tags,
    querystring: MonthQuery,
  };
  api.get('/lighting-rate/months', { schema: { ...months, response: { 200: listOf(LightingMonth) } } }, (request) => {
    const { group, id, month = localTime(clock.now(), town.timeZone).slice(0, 7) } = request.query;
    return pageByPlace(lightingRate.month(group, month, id), request.query);
  });

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
