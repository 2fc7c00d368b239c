import { z } from 'zod';
import { Ledger } from '../model/ledger.ts';

/** The version of a backup's own format; one more whenever an older Townpulse could misread it. */
export const BACKUP_FORMAT = 1;

/** The manifest's name in a backup: the first entry. */
export const MANIFEST_FILE = 'manifest.json';
/** The checksums' name: the last entry, so that a backup without it was cut off. `sha256sum -c` reads them. */
export const SUMS_FILE = 'SHA256SUMS';

const Offset = z.int().min(1);

/** What a backup says of itself. */
export const Manifest = z
  .object({
    what: z.literal('townpulse-backup'),
    format: z.int(),
    townpulse: z.string().meta({ description: 'the version that made it' }),
    madeAt: z.iso.datetime({ precision: 3 }).meta({ description: 'by the machine’s clock' }),
    town: z.string(),
    dataFormat: z.int(),
    journal: z.object({ start: Offset, end: Offset }),
    history: z.object({
      store: z.string(),
      cursor: Offset.meta({ description: 'every record of the journal before it is in the history' }),
      rows: z
        .record(z.string(), z.int())
        .nullable()
        .meta({ description: 'readings by kind, counted in the copy; null where they lie on a server of their own' }),
    }),
    ledger: Ledger.pick({
      received: true,
      stored: true,
      merged: true,
      duplicate: true,
      rejected: true,
      pending: true,
      balanced: true,
      byKind: true,
    }).meta({ description: 'the loss ledger as the copy gives it' }),
    files: z.array(z.object({ name: z.string(), bytes: z.int().min(0) })),
    contains: z.string().meta({ description: 'a warning for whoever finds it' }),
  })
  .meta({ id: 'BackupManifest' });
export type Manifest = z.infer<typeof Manifest>;
