import { z } from 'zod';
import { Duration } from '../model/primitives.ts';

/** How to reach an InfluxDB, as it may be written. */
const InfluxSettings = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\/[^\s/@?#]+(\/[^\s?#]*)?$/, 'write http://HOST:8086 or https://…, without name and password')
    .optional()
    .meta({ description: 'Address of the InfluxDB; https:// for TLS.' }),
  token: z.string().min(1).optional().meta({ description: 'API token that may read and write.', secret: true }),
  username: z.string().min(1).optional().meta({ description: 'User of InfluxDB 1.x, instead of a token.' }),
  password: z.string().min(1).optional().meta({ description: 'Password of that user.', secret: true }),
  org: z.string().min(1).optional().meta({ description: "Organisation of InfluxDB 2.x; the token's own unless said." }),
  bucket: z.string().min(1).optional().meta({ description: 'Bucket (2.x) or database (1.x).' }),
  version: z
    .string()
    .regex(/^[12](\.\d+){0,2}$/, 'write 1.8 or 2.7')
    .optional()
    .meta({ description: 'Version of the server; asked of it unless said.' }),
  timeout: Duration.refine((ms) => ms >= 1_000, 'write 1s or more')
    .prefault('30s')
    .meta({ description: 'How long one answer may take before it is given up.' }),
});

const FOR_EVER = 'for ever unless said';

/** How long what is kept, as it may be written. */
const RetentionSettings = z
  .strictObject({
    raw: Duration.optional().meta({ description: `How long the readings themselves are kept; ${FOR_EVER}.` }),
    fiveMinutes: Duration.optional().meta({ description: `How long their five-minute figures are kept; ${FOR_EVER}.` }),
    hour: Duration.optional().meta({ description: `How long their hourly figures are kept; ${FOR_EVER}.` }),
    day: Duration.optional().meta({ description: `How long their daily figures are kept; ${FOR_EVER}.` }),
  })
  .refine(({ raw, day }) => raw === undefined || day === undefined || day >= raw, {
    message: 'daily figures are what is left of readings that are gone: keep them as long as those, or longer',
    path: ['day'],
  });

/** Settings of the history. */
export const HistorySettings = z
  .strictObject({
    store: z.enum(['duckdb', 'influxdb']).default('duckdb').meta({ description: 'Where readings are kept for years.' }),
    memory: z
      .string()
      .regex(/^\d+(MiB|GiB)$/, 'write 256MiB or 1GiB')
      .default('128MiB')
      .meta({ description: 'Memory that the embedded store may take for queries and buffers.' }),
    influx: InfluxSettings.prefault({}),
    retention: RetentionSettings.prefault({}),
    sealAfter: Duration.prefault('7d').meta({
      description: 'How long after its end a month of the embedded store is sealed into files.',
    }),
  })
  .superRefine(({ store, influx }, context) => {
    if (store !== 'influxdb') return;
    const miss = (name: keyof typeof influx, message: string) =>
      context.addIssue({ code: 'custom', path: ['influx', name], message, input: influx[name] });
    if (influx.url === undefined) miss('url', 'influxdb needs an address: set INFLUX_URL');
    if (influx.bucket === undefined) miss('bucket', 'influxdb needs a bucket or database: set INFLUX_BUCKET');
    if (influx.token !== undefined && influx.username !== undefined) {
      miss('token', 'set either INFLUX_TOKEN or INFLUX_USERNAME and INFLUX_PASSWORD');
    }
    if ((influx.username === undefined) !== (influx.password === undefined)) {
      miss('password', 'INFLUX_USERNAME and INFLUX_PASSWORD go together');
    }
  });
export type HistorySettings = z.infer<typeof HistorySettings>;

/** How to reach an InfluxDB; time-out in ms. */
export interface InfluxAddress {
  url: string;
  bucket: string;
  token?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  org?: string | undefined;
  version?: string | undefined;
  timeout: number;
}

/** The address that checked settings give. */
export function influxAddress({ influx }: HistorySettings): InfluxAddress {
  const { url, bucket, ...rest } = influx;
  if (url === undefined || bucket === undefined) throw new Error('the settings of influxdb were not checked');
  return { url, bucket, ...rest };
}
