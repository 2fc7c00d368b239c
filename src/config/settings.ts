import { join } from 'node:path';
import { z } from 'zod';
import { BrokerSettings } from '../broker/settings.ts';
import { DeadLetterSettings, DecodeSettings } from '../decode/settings.ts';
import { HistorySettings } from '../history/settings.ts';
import { HttpSettings } from '../http/settings.ts';
import { DiskSettings, JournalSettings } from '../journal/settings.ts';
import { packageRoot } from '../kernel/package-root.ts';

const DAY_MS = 86_400_000;

const Parts = z.strictObject({
  dataDir: z.string().min(1).default('./data').meta({ description: 'Where all state lies; one process at a time.' }),
  town: z.string().min(1).default(join(packageRoot, 'seeds/lailong')).meta({ description: "The town's folder." }),
  devices: z
    .string()
    .min(1)
    .default(join(packageRoot, 'devices'))
    .meta({ description: 'The folder of the kinds, one YAML file each.' }),
  host: z.string().min(1).default('127.0.0.1').meta({ description: 'What HTTP and MQTT bind to.' }),
  adminToken: z
    .string()
    .min(16, 'a token has at least 16 characters')
    .optional()
    .meta({ description: "A fixed API token with the administrator's role.", secret: true }),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .meta({ description: 'How much is written into the log: this and what is worse.' }),
  http: HttpSettings.prefault({}),
  mqtt: BrokerSettings.prefault({}),
  decode: DecodeSettings.prefault({}),
  deadletters: DeadLetterSettings.prefault({}),
  journal: JournalSettings.prefault({}),
  disk: DiskSettings.prefault({}),
  history: HistorySettings.prefault({}),
});

/** Everything that can be set, each stage's part from the stage itself. The only definition: file, environment and docs follow it. */
export const Settings = Parts.superRefine(({ decode, history }, context) => {
  const { raw } = history.retention;
  const needed = decode.maxAge + DAY_MS;
  if (raw === undefined || raw >= needed) return;
  const days = Math.ceil(needed / DAY_MS);
  context.addIssue({
    code: 'custom',
    path: ['history', 'retention', 'raw'],
    message: `a late sample may be as old as decode.maxAge, and the day that it falls into is made again from its readings: keep them for ${days}d at least`,
    input: raw,
  });
});
export type Settings = z.infer<typeof Settings>;

/** Short names for settings whose own name says more than people want to write (CONTRACT.md §2). */
export const SHORT_NAMES: Readonly<Record<string, string>> = {
  TOWNPULSE_HISTORY: 'history.store',
  INFLUX_URL: 'history.influx.url',
  INFLUX_TOKEN: 'history.influx.token',
  INFLUX_USERNAME: 'history.influx.username',
  INFLUX_PASSWORD: 'history.influx.password',
  INFLUX_ORG: 'history.influx.org',
  INFLUX_BUCKET: 'history.influx.bucket',
  INFLUX_VERSION: 'history.influx.version',
};
