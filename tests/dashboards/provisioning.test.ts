import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { SOURCE } from '../../dashboards/query.ts';
import { mountsOf, readCompose } from '../deploy/support/compose.ts';
import { committedBoards, DASHBOARDS } from './support/grafana.ts';

/** What Grafana 12 reads of a datasource's file; it takes no notice of any other key, so that a slip would go unseen. */
const Datasources = z.strictObject({
  apiVersion: z.literal(1),
  datasources: z.array(
    z.strictObject({
      name: z.string().min(1),
      uid: z.string().max(40),
      type: z.literal('influxdb'),
      access: z.literal('proxy'),
      orgId: z.int().optional(),
      url: z.url(),
      isDefault: z.boolean().optional(),
      editable: z.boolean().optional(),
      version: z.int().optional(),
      jsonData: z.strictObject({
        version: z.literal('InfluxQL'),
        dbName: z.string().min(1),
        httpMode: z.enum(['GET', 'POST']),
        timeInterval: z.string().optional(),
        httpHeaderName1: z.string(),
      }),
      secureJsonData: z.strictObject({ httpHeaderValue1: z.string() }),
    }),
  ),
});

/** … and of a provider of dashboards. */
const Providers = z.strictObject({
  apiVersion: z.literal(1),
  providers: z.array(
    z.strictObject({
      name: z.string().min(1),
      orgId: z.int().optional(),
      folder: z.string().min(1),
      folderUid: z.string().max(40).optional(),
      type: z.literal('file'),
      disableDeletion: z.boolean().optional(),
      allowUiUpdates: z.boolean().optional(),
      updateIntervalSeconds: z.int().optional(),
      options: z.strictObject({ path: z.string().startsWith('/'), foldersFromFilesStructure: z.boolean().optional() }),
    }),
  ),
});

const read = (kind: string): unknown[] =>
  readdirSync(join(DASHBOARDS, 'provisioning', kind)).map((name) =>
    parse(readFileSync(join(DASHBOARDS, 'provisioning', kind, name), 'utf8')),
  );

describe('provisioning', () => {
  it('makes the datasource that every board asks', () => {
    const sources = read('datasources').flatMap((file) => Datasources.parse(file).datasources);
    expect(sources.map(({ uid, type }) => ({ type, uid }))).toEqual([SOURCE]);
    for (const [file, board] of committedBoards()) {
      const asked = [...JSON.stringify(board).matchAll(/"datasource":(\{[^}]*\})/g)].map(([, text]) => text);
      expect(new Set(asked), file).toEqual(new Set([JSON.stringify(SOURCE)]));
    }
  });

  it('shows every board once, each language in a folder of its own', () => {
    const providers = read('dashboards').flatMap((file) => Providers.parse(file).providers);
    const [mount] = mountsOf(readCompose().services.grafana ?? { image: '' }).filter(
      ({ from }) => from === './dashboards',
    );
    const folders = providers.map(({ options: { path } }) => {
      const inside = path.slice((mount?.to ?? '').length + 1);
      expect(path).toBe(`${mount?.to}/${inside}`);
      expect(statSync(join(DASHBOARDS, inside)).isDirectory(), path).toBe(true);
      return inside;
    });
    expect([...folders].sort()).toEqual(['en', 'zh']);
    for (const key of ['name', 'folder', 'folderUid'] as const) {
      expect(new Set(providers.map((provider) => provider[key])).size, key).toBe(providers.length);
    }
  });

  it('opens Grafana on the town’s board', () => {
    const { environment = {} } = readCompose().services.grafana ?? {};
    const home = environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? '';
    expect(statSync(join(DASHBOARDS, home.replace('/etc/townpulse/dashboards/', ''))).isFile(), home).toBe(true);
  });
});
