import type { RouteOptions } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApplication } from '../../src/http/application.ts';
import { asking } from './support/asking.ts';
import { Description } from './support/description.ts';
import { AS_ADMIN, MemoryTown, NOW } from './support/town.ts';

/** The demo's application, as it describes itself, and the routes that it registered. */
async function demo() {
  const app = createApplication(new MemoryTown().becomeDemo(), { port: 0, metricsWithoutToken: 'loopback' });
  onTestFinished(() => app.close());
  const routes = new Set<string>();
  app.addHook('onRoute', ({ method, url }: RouteOptions) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.add(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`);
  });
  await app.ready();
  const response = await app.inject({ url: '/api/v1/openapi.json', headers: AS_ADMIN });
  return { document: response.json(), routes };
}

/** A town in which every question has an answer. */
function fullTown(): MemoryTown {
  const town = new MemoryTown().becomeDemo();
  town.devices.add({ id: 'WP-0001' });
  const values = { pressure: 0.3, tamper: true };
  town.newest.set('WP-0001', {
    ...{ ts: NOW, receivedAt: NOW, values, flags: ['clock', 'late', 'correction'] },
    ...{ online: true, clockOffsetMs: null },
  });
  town.stored.push({ device: 'WP-0001', area: 'village', metric: 'pressure', ts: NOW - 1, value: 0.3 });
  town.letters.push({
    ...{ id: 1, at: NOW, topic: 't', device: null, reason: 'malformed', field: null },
    ...{ detail: 'not JSON', payload: '?', replayed: false },
  });
  town.turnedAway.push({ at: NOW, id: 'x', address: '', reason: 'retired', topic: null, payload: null, count: 1 });
  town.alerts.add({ id: 'a1', startedAt: '2026-11-23T12:00:00.000Z' });
  return town;
}

/** One request for each operation; its answer is held against the document by {@link asking}. */
const TOUR: [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object][] = [
  ['GET', '/healthz'],
  ['GET', '/readyz'],
  ['GET', '/metrics'],
  ['POST', '/api/v1/session', { token: AS_ADMIN.authorization.slice(7) }],
  ['GET', '/api/v1/me'],
  ['GET', '/api/v1/openapi.json'],
  ['GET', '/api/v1/clock'],
  ['GET', '/api/v1/ledger'],
  ['GET', '/api/v1/areas'],
  ['GET', '/api/v1/organisations'],
  ['GET', '/api/v1/kinds'],
  ['POST', '/api/v1/devices', { id: 'WP-2', kind: 'water-pressure', area: 'village', organisation: 'water-company' }],
  ['GET', '/api/v1/devices'],
  ['GET', '/api/v1/devices/refused'],
  ['POST', '/api/v1/devices/import', { format: 'csv', text: 'WP-3\n' }],
  ['GET', '/api/v1/devices/WP-0001'],
  ['PATCH', '/api/v1/devices/WP-0001', { owner: null }],
  ['POST', '/api/v1/devices/WP-0001/credentials', {}],
  ['GET', '/api/v1/devices/WP-0001/latest'],
  ['POST', '/api/v1/devices/WP-0001/retire'],
  ['GET', '/api/v1/readings?device=WP-0001&metric=pressure'],
  ['GET', '/api/v1/readings?kind=water-pressure&metric=pressure&bucket=5m&groupBy=area'],
  ['GET', '/api/v1/export?kind=water-pressure'],
  ['GET', '/api/v1/dead-letters'],
  ['GET', '/api/v1/dead-letters/1'],
  ['POST', '/api/v1/dead-letters/replay', { ids: ['1', '9'] }],
  ['GET', '/api/v1/lighting-rate/now?group=town'],
  ['GET', '/api/v1/facilities/now?group=town'],
  ['GET', '/api/v1/compliance/now?metric=pressure&group=town'],
  ['GET', '/api/v1/compliance?metric=pressure&group=zone'],
  ['GET', '/api/v1/lighting-rate/months?group=town'],
  ['GET', '/api/v1/lighting-rate?group=town'],
  ['GET', '/api/v1/compliance/raised'],
  [
    'POST',
    '/api/v1/exclusions',
    {
      ...{ subject: { type: 'zone', id: 'Z-1' }, reason: 'planned-shut-off', approver: 'Li' },
      ...{ from: '2026-11-23T08:00:00Z', to: '2026-11-23T20:00:00Z' },
    },
  ],
  ['GET', '/api/v1/exclusions'],
  ['DELETE', '/api/v1/exclusions/exclusion-1'],
  ['POST', '/api/v1/maintenance', { subject: { type: 'area', id: 'centre' }, to: '2026-11-23T20:10:00Z', reason: 'x' }],
  ['GET', '/api/v1/maintenance'],
  ['DELETE', '/api/v1/maintenance/window-1'],
  ['POST', '/api/v1/patrols', { device: 'LC-1', ts: '2026-11-23T20:10:00+08:00', lit: 3, by: 'Wang' }],
  ['GET', '/api/v1/rules'],
  ['GET', '/api/v1/rules/low-pressure/why?subject=WP-0001'],
  ['POST', '/api/v1/rules/reload'],
  ['POST', '/api/v1/rules/replay', { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', rulebook: '[]' }],
  ['GET', '/api/v1/rules/replay/replay-1'],
  ['DELETE', '/api/v1/rules/replay/replay-1'],
  ['POST', '/api/v1/rules/check', { text: '- id: presure' }],
  ['GET', '/api/v1/alerts'],
  ['GET', '/api/v1/alerts/a1'],
  ['POST', '/api/v1/backup'],
  ['GET', '/api/v1/demo/faults/kinds'],
  ['POST', '/api/v1/demo/faults', { fault: 'feeder-outage', target: 'F-1' }],
  ['GET', '/api/v1/demo/faults'],
  ['DELETE', '/api/v1/demo/faults/fault-1'],
  ['DELETE', '/api/v1/session'],
];

describe('the OpenAPI document', () => {
  it('has every route that there is but the page, and no other', async () => {
    const { document, routes } = await demo();
    const described = new Description(document).operations.map(({ method, path }) => `${method} ${path}`);
    for (const page of ['GET /', 'GET /index.html']) routes.delete(page);
    expect(described.sort()).toEqual([...routes].sort());
  });

  it('describes every answer as it is: a tour of all operations', async () => {
    const town = fullTown();
    const ask = asking(town);
    const { document } = await demo();
    const description = new Description(document);
    const seen = new Set<string>();
    for (const [method, path, payload] of TOUR) {
      const answer = await ask(method, path, payload === undefined ? {} : { payload });
      const type = String(answer.headers['content-type'] ?? '');
      expect(answer.status, `${method} ${path}`).toBeLessThan(300);
      expect(description.faults(method, path, answer.status, type, answer.json), `${method} ${path}`).toEqual([]);
      if (answer.json?.items !== undefined) expect(answer.json.items, path).not.toEqual([]);
      seen.add(`${method} ${description.find(method, path)?.path}`);
    }
    expect([...seen].sort()).toEqual(description.operations.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('holds a wrong answer to be wrong', async () => {
    const description = new Description((await demo()).document);
    const faults = (json: unknown, status = 200) =>
      description.faults('GET', '/api/v1/clock', status, 'application/json', json);
    const right = { now: '2026-11-23T12:31:05.000Z', trial: true, speed: 1, timeZone: 'Asia/Shanghai' };
    expect(faults(right)).toEqual([]);
    expect(faults({ ...right, now: '2026-11-23 20:31' })).not.toEqual([]);
    expect(faults({ ...right, now: '2026-11-23T20:31:05.000+08:00' })).not.toEqual([]);
    expect(faults({ ...right, more: 1 })).not.toEqual([]);
    expect(faults({})).not.toEqual([]);
    expect(faults(right, 418)).not.toEqual([]);
  });

  it('tells of each operation what it is for, how it fails and who may use it', async () => {
    const { document } = await demo();
    for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const where = `${method} ${path}`;
        expect(operation.summary, where).toMatch(/^[A-Z]/);
        expect(Object.keys(operation.responses.default?.content ?? {}), where).toEqual(['application/problem+json']);
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
        const named = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
        expect(named, where).toEqual(inPath);
      }
    }
    const open = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { security }]) =>
        security?.length === 0 ? [`${method} ${path}`] : [],
      ),
    );
    expect(open).toEqual(['get /healthz', 'get /readyz', 'post /api/v1/session']);
    expect(document.security).toEqual([{ token: [] }, { session: [] }]);
  });

  it('refers to nothing that it does not hold, and holds nothing that it does not refer to', async () => {
    const { document } = await demo();
    const referred = new Set(
      [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((m) => m[1]),
    );
    expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort());
  });

  it('outside the demo says nothing of its faults', async () => {
    const { json } = await asking(new MemoryTown())('GET', '/api/v1/openapi.json');
    expect(Object.keys(json.paths).filter((path) => path.includes('demo'))).toEqual([]);
  });
});

interface Operation {
  summary?: string;
  security?: unknown[];
  parameters?: { in: string; name: string }[];
  responses: { default?: { content: object } };
}
