import type { RouteOptions } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApplication } from '../../src/http/application.ts';
import { AS_ADMIN, AS_OFFICER, MemoryTown } from './support/town.ts';

/** What is for everybody: that the process lives, whether it is ready, and the page with which one signs in. */
const FOR_EVERYBODY = ['GET /', 'GET /healthz', 'GET /index.html', 'GET /readyz'];
/** From another machine: on this one the metrics are open. */
const FROM_AFAR = '203.0.113.7';
/** What signs in needs no token, but the right one in its body. */
const SIGN_IN = { token: 'guessed' };

/** The application of a demo, which has the most routes, and each of them as `METHOD /path`. */
async function application(town = new MemoryTown().becomeDemo()) {
  const app = createApplication(town, { port: 0, metricsWithoutToken: 'loopback' });
  onTestFinished(() => app.close());
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }: RouteOptions) => {
    for (const one of [method].flat()) routes.push(`${one} ${url}`);
  });
  await app.ready();
  const ask = (route: string, headers: Record<string, string>) => {
    const [method, url] = route.split(' ') as ['GET', string];
    const body = method === 'GET' || method === 'HEAD' ? {} : { payload: SIGN_IN };
    return app.inject({ method, url: url.replace(':id', 'WP-0001'), headers, remoteAddress: FROM_AFAR, ...body });
  };
  return { routes, ask };
}

describe('default deny (P10)', () => {
  it('every route but health, ready and the page needs a token', async () => {
    const { routes, ask } = await application();
    const open: string[] = [];
    for (const route of routes) if ((await ask(route, {})).statusCode !== 401) open.push(route);
    expect(open.filter((route) => !route.startsWith('HEAD ')).sort()).toEqual(FOR_EVERYBODY);
    expect(open.filter((route) => route.startsWith('HEAD ')).sort()).toEqual(
      FOR_EVERYBODY.map((route) => route.replace('GET', 'HEAD')),
    );
  });

  it('and a token that is one: none of these opens anything', async () => {
    const { routes, ask } = await application();
    const guesses = ['Bearer guessed', 'bearer', 'Bearer ', 'Basic YWRtaW46YWRtaW4=', AS_ADMIN.authorization.slice(7)];
    for (const route of routes.filter((one) => one.includes('/api/'))) {
      for (const authorization of guesses) {
        expect([route, authorization, (await ask(route, { authorization })).statusCode]).toEqual([
          ...[route, authorization, 401],
        ]);
      }
      expect((await ask(route, { cookie: 'townpulse_session=guessed' })).statusCode, route).toBe(401);
    }
  });

  it('sees every route that there is', async () => {
    const { routes } = await application();
    expect(routes).toEqual(expect.arrayContaining(['POST /api/v1/devices', 'GET /metrics', 'HEAD /api/v1/me']));
    expect(routes.length).toBeGreaterThan(50);
  });

  it('holds for what is not there, too: nobody learns what there is', async () => {
    const { ask } = await application();
    for (const route of [
      'GET /api/v1/secrets',
      'DELETE /api/v1/devices/WP-0001',
      'PUT /api/v1',
      'GET /api/v1/../v1/x',
    ]) {
      expect([route, (await ask(route, {})).statusCode]).toEqual([route, 401]);
    }
    expect((await ask('GET /api/v1/secrets', AS_OFFICER)).statusCode).toBe(404);
  });

  it('says how to sign in, in words and in the header', async () => {
    const { ask } = await application();
    const answer = await ask('GET /api/v1/devices', {});
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="townpulse"');
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toEqual({
      type: 'urn:townpulse:error:unauthorized',
      title: 'Authentication is needed',
      status: 401,
      detail:
        'sign in first: send an API token as "Authorization: Bearer …", or open a session with POST /api/v1/session',
      code: 'unauthorized',
      errors: [],
    });
  });
});

it('a duty officer may read all, and change nothing but the faults of the demo and their own session', async () => {
  const { routes, ask } = await application();
  const refused: string[] = [];
  for (const route of routes) if ((await ask(route, AS_OFFICER)).statusCode === 403) refused.push(route);
  expect(refused.sort()).toEqual([
    'DELETE /api/v1/exclusions/:id',
    'DELETE /api/v1/maintenance/:id',
    'DELETE /api/v1/rules/replay/:id',
    'PATCH /api/v1/devices/:id',
    'POST /api/v1/backup',
    'POST /api/v1/dead-letters/replay',
    'POST /api/v1/devices',
    'POST /api/v1/devices/:id/credentials',
    'POST /api/v1/devices/:id/retire',
    'POST /api/v1/devices/import',
    'POST /api/v1/exclusions',
    'POST /api/v1/maintenance',
    'POST /api/v1/patrols',
    'POST /api/v1/rules/reload',
    'POST /api/v1/rules/replay',
  ]);
});

it('an administrator may do all', async () => {
  const { routes, ask } = await application();
  for (const route of routes.filter((one) => one !== 'POST /api/v1/session')) {
    expect([401, 403], route).not.toContain((await ask(route, AS_ADMIN)).statusCode);
  }
});
