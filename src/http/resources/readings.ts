import { z } from 'zod';
import { didYouMean } from '../../kernel/nearest.ts';
import type { TownClock } from '../../kernel/town-clock.ts';
import type { Kind, Kinds } from '../../model/kind.ts';
import { Duration, Instant, instant } from '../../model/primitives.ts';
import type { Value } from '../../model/sample.ts';
import { areasWithin, type Town } from '../../model/town.ts';
import { zoneOffset } from '../../model/zone.ts';
import type { Api } from '../api.ts';
import { cursorOf, Limit, listOf, pageOf } from '../lists.ts';
import { mustBeKnown, refuse } from '../parameters.ts';
import { PeriodQuery, periodOf } from '../period.ts';
import type { DeviceBook } from './devices.ts';

/** How the values of a bucket are put together. */
export type Aggregate = 'mean' | 'min' | 'max' | 'count';

/** Which readings are asked for; instants in ms, `from` inclusive, `to` exclusive. */
export interface ReadingsQuery {
  kind: string;
  metric: string;
  devices?: readonly string[];
  /** In one of these areas. */
  area?: readonly string[];
  from: number;
  to: number;
  /** Width of a bucket in ms, and where buckets are counted from; without it the readings themselves are asked for. */
  bucket?: { width: number; origin: number };
  aggregates: readonly Aggregate[];
  groupBy?: 'device' | 'area';
  limit: number;
  /** The last item of the page before. */
  after?: { ts: number; group: string };
}

/** One reading of a device (its `group`), or one bucket of a group. */
export interface ReadingItem {
  ts: number;
  group: string;
  value?: Value;
  aggregates?: Partial<Record<Aggregate, number>>;
}

/** What the readings' resource needs. */
export interface ReadingsParts {
  /** Readings ascending by ts, then group. Throws TownError `unavailable` while the store is down. */
  readings(query: ReadingsQuery): Promise<ReadingItem[]>;
  devices: DeviceBook;
  kinds: Kinds;
  town: Town;
  clock: TownClock;
}

const AGGREGATES = ['mean', 'min', 'max', 'count'] as const;

const AggregateList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(AGGREGATES)))
  .transform((names) => [...new Set(names)])
  .optional()
  .meta({ description: `of ${AGGREGATES.join(', ')}, with commas between; all of them unless said; needs \`bucket\`` });

const Query = z.strictObject({
  device: z.string().optional(),
  kind: z.string().optional().meta({ description: 'needed without `device` where several kinds have the metric' }),
  area: z.string().optional().meta({ description: 'in this area, or in one that lies in it' }),
  metric: z.string().meta({ description: 'a field of the kind' }),
  ...PeriodQuery,
  bucket: Duration.refine((ms) => ms >= 1_000, 'a bucket is at least 1s wide')
    .optional()
    .meta({ description: "such as 5m or 1d; days begin at the town's midnight" }),
  agg: AggregateList,
  groupBy: z.enum(['device', 'area']).optional().meta({ description: '`area` needs `bucket`' }),
  limit: Limit,
  cursor: cursorOf(z.tuple([z.int(), z.string()])),
});
type Query = z.infer<typeof Query>;

const Reading = z
  .looseObject({
    ts: Instant,
    device: z.string().optional(),
    area: z.string().optional(),
    mean: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    count: z.int().optional(),
  })
  .meta({
    id: 'Reading',
    description: "a reading under its metric's name, or the aggregates of a bucket that begins at `ts`",
  });

/** `GET /readings` */
export function readingsResource(api: Api, parts: ReadingsParts): void {
  const schema = {
    summary: 'Readings of a metric, or what they come to in buckets of time',
    tags: ['readings'],
    querystring: Query,
    response: { 200: listOf(Reading) },
  };
  api.get('/readings', { schema }, async (request) => {
    const { query } = request;
    const asked = ask(query, parts);
    const found = await parts.readings({ ...asked, limit: query.limit + 1 });
    const { items, next } = pageOf(found, query.limit, ({ ts, group }) => [ts, group]);
    return { items: items.map((item) => show(item, query)), next };
  });
}

/** What the history is asked for. @throws TownError `invalid` for what does not go together */
function ask(query: Query, { devices, kinds, town, clock }: ReadingsParts): Omit<ReadingsQuery, 'limit'> {
  const { device, area, metric, bucket, agg, groupBy, cursor } = query;
  mustBeKnown(
    'area',
    area,
    town.areas.map(({ id }) => id),
  );
  if (bucket === undefined && agg !== undefined) refuse('agg', 'needs a bucket, such as bucket=5m');
  if (bucket === undefined && groupBy === 'area') refuse('groupBy', 'areas need a bucket, such as bucket=5m');
  const kind = kindOf(query, devices, kinds).id;
  const period = periodOf(query, clock.clock.now());
  return {
    kind,
    metric,
    ...period,
    ...(device === undefined ? {} : { devices: [device] }),
    ...(area === undefined ? {} : { area: areasWithin(town, area) }),
    ...(bucket === undefined ? {} : { bucket: { width: bucket, origin: -zoneOffset(town.timeZone, period.from) } }),
    aggregates: agg ?? AGGREGATES,
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(cursor === undefined ? {} : { after: { ts: cursor[0], group: cursor[1] } }),
  };
}

/** The kind that is meant, which has the metric: the device's, the one that is named, or the only one that has it. */
function kindOf({ device, kind, area, metric }: Query, devices: DeviceBook, kinds: Kinds): Kind {
  mustBeKnown('kind', kind, kinds.keys());
  const known = device === undefined ? undefined : devices.find(device);
  if (device !== undefined && known === undefined) refuse('device', `no device ${device} is registered`);
  if (known !== undefined && kind !== undefined && kind !== known.kind)
    refuse('kind', `${known.id} is a ${known.kind}`);
  if (device === undefined && kind === undefined && area === undefined) {
    refuse('device', 'is missing: say device=, kind= or area=');
  }
  const named = known?.kind ?? kind;
  const meant = [...kinds.values()].filter(({ id }) => named === undefined || id === named);
  const fitting = meant.filter(({ fields }) => Object.hasOwn(fields, metric));
  const [only] = fitting;
  if (only === undefined) {
    const fields = meant.flatMap((each) => Object.keys(each.fields));
    refuse('metric', `${named === undefined ? 'no kind' : `no ${named}`} has a ${metric}${didYouMean(metric, fields)}`);
  }
  if (fitting.length > 1) refuse('kind', `is missing: ${fitting.map(({ id }) => id).join(', ')} have a ${metric}`);
  return only;
}

function show({ ts, group, value, aggregates }: ReadingItem, { device, metric, bucket, groupBy }: Query) {
  const name = groupBy ?? (bucket === undefined && device === undefined ? 'device' : null);
  return {
    ts: instant(ts),
    ...(name === null ? {} : { [name]: group }),
    ...(bucket === undefined ? { [metric]: value } : aggregates),
  };
}
