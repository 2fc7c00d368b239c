import { describe, expect, it } from 'vitest';
import { asking, expectProblem } from './support/asking.ts';
import { AS_OFFICER, MemoryTown } from './support/town.ts';

const NOBODY = { headers: {} };
const AFAR = { headers: {}, remoteAddress: '203.0.113.7' };

describe('/healthz', () => {
  it('tells everybody that the process lives, whatever else is down', async () => {
    const town = new MemoryTown();
    town.notReady.journal = 'the journal is full';
    const { status, json, headers } = await asking(town)('GET', '/healthz', AFAR);
    expect([status, json]).toEqual([200, { status: 'ok' }]);
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('/readyz', () => {
  it('is 200 while readings are taken', async () => {
    const { status, json } = await asking(new MemoryTown())('GET', '/readyz', AFAR);
    expect([status, json]).toEqual([200, { status: 'ready', checks: { journal: 'ok', history: 'ok' } }]);
  });

  it('is 503 with the reason when the journal is full', async () => {
    const town = new MemoryTown();
    town.notReady.journal = 'the journal is full';
    const { status, json } = await asking(town)('GET', '/readyz', AFAR);
    const checks = { journal: 'the journal is full', history: 'ok' };
    expect([status, json]).toEqual([503, { status: 'not ready', checks }]);
  });

  it('is 200 and says so when only the history is down', async () => {
    const town = new MemoryTown();
    town.notReady.history = 'down: connect ECONNREFUSED';
    const { status, json } = await asking(town)('GET', '/readyz', AFAR);
    expect([status, json.status, json.checks.history]).toEqual([200, 'ready', 'down: connect ECONNREFUSED']);
  });
});

describe('/metrics', () => {
  it('are open on this machine, in the form of Prometheus', async () => {
    for (const remoteAddress of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) {
      const answer = await asking(new MemoryTown())('GET', '/metrics', { ...NOBODY, remoteAddress });
      expect([remoteAddress, answer.status]).toEqual([remoteAddress, 200]);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(answer.text).toBe('townpulse_samples_total 7\n');
    }
  });

  it.each([
    ['another machine', {}, '203.0.113.7'],
    ['an address that only looks like this machine', {}, '::ffff:1.127.0.1'],
    ['a proxy on this machine', { 'x-forwarded-for': '203.0.113.7' }, '127.0.0.1'],
    ['a proxy on this machine, in new words', { forwarded: 'for=203.0.113.7' }, '127.0.0.1'],
  ])('need a token from %s', async (_from, headers, remoteAddress) => {
    const ask = asking(new MemoryTown());
    expectProblem(await ask('GET', '/metrics', { headers, remoteAddress }), 401, 'unauthorized');
    const known = await ask('GET', '/metrics', { headers: { ...headers, ...AS_OFFICER }, remoteAddress });
    expect(known.status).toBe(200);
  });

  it('are open from anywhere where the settings say so', async () => {
    const ask = asking(new MemoryTown(), { metricsWithoutToken: 'anywhere' });
    expect((await ask('GET', '/metrics', AFAR)).status).toBe(200);
  });
});
