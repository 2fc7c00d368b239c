import { z } from 'zod';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';
import { Credentials } from './device.ts';

/** A list of devices to bring in. */
export interface DeviceList {
  format: 'csv' | 'json';
  text: string;
  /** What its locations are given in. */
  datum: 'wgs84' | 'gcj02' | 'bd09';
}

/** What the import's resource needs. */
export interface DeviceImportParts {
  /**
   * Brings the registry to what a list says, all of it or nothing; on a dry run nothing. Throws TownError `invalid` with
   * every bad row named.
   */
  importDevices(list: DeviceList, by: string, dryRun: boolean): Promise<z.infer<typeof Imported>>;
}

const BODY_LIMIT = 16 * 1024 * 1024;

const Import = z
  .strictObject({
    format: z.enum(['csv', 'json']),
    text: z.string().meta({ description: "the file's text" }),
    datum: z.enum(['wgs84', 'gcj02', 'bd09']).default('wgs84').meta({ description: 'what its locations are given in' }),
    dryRun: z.boolean().default(false).meta({ description: 'only say what would change' }),
  })
  .meta({ id: 'DeviceImport' });

const Imported = z
  .object({
    created: z.array(z.string()),
    changed: z.array(z.string()),
    unchanged: z.int(),
    credentials: z.array(Credentials).meta({ description: 'of the new devices; never shown again' }),
  })
  .meta({ id: 'Imported' });

/** `POST /devices/import` */
export function deviceImportResource(api: Api, parts: DeviceImportParts): void {
  const schema = {
    summary: 'Brings the registry to what a CSV or JSON file says: all of it or nothing',
    tags: ['devices'],
    body: Import,
    response: { 200: Imported },
  };
  api.post('/devices/import', { schema, bodyLimit: BODY_LIMIT }, (request) => {
    const { dryRun, ...list } = request.body;
    return parts.importDevices(list, principalOf(request).id, dryRun);
  });
}
