import { describe, expect, it } from 'vitest';
import { asking, expectProblem } from './support/asking.ts';
import { AS_ADMIN, MemoryTown } from './support/town.ts';

describe('every answer', () => {
  it.each([
    ['the page', '/', {}],
    ['a probe', '/healthz', {}],
    ['an answer of the API', '/api/v1/clock', AS_ADMIN],
    ['a refusal', '/api/v1/clock', {}],
    ['nothing at all', '/nothing', {}],
    ['an address that is none', '/%', {}],
  ])('lets no script in, no guessing of types and no frame: %s', async (_what, path, headers) => {
    const answer = await asking(new MemoryTown())('GET', path, { headers });
    const policy = new Map(
      String(answer.headers['content-security-policy'])
        .split('; ')
        .map((rule) => [rule.split(' ', 1)[0], rule.split(' ').slice(1)]),
    );
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('script-src')).toEqual(["'self'"]);
    expect(policy.get('connect-src')).toEqual(["'self'"]);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    expect(policy.get('base-uri')).toEqual(["'none'"]);
    expect([...policy.values()].flat()).not.toContain("'unsafe-eval'");
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(answer.headers['access-control-allow-origin']).toBe(undefined);
  });

  it('of the API is kept by nobody', async () => {
    const ask = asking(new MemoryTown());
    for (const path of ['/api/v1/clock', '/api/v1/devices/NOBODY']) {
      expect((await ask('GET', path)).headers['cache-control']).toBe('no-store');
    }
  });
});

describe('a request that cannot be read', () => {
  it('is no JSON', async () => {
    const headers = { ...AS_ADMIN, 'content-type': 'application/json' };
    const answer = await asking(new MemoryTown())('POST', '/api/v1/devices', { headers, payload: '{"id":' });
    expectProblem(answer, 400, 'invalid');
  });

  it('is too large', async () => {
    const payload = { id: 'x'.repeat(1024 * 1024) };
    expectProblem(await asking(new MemoryTown())('POST', '/api/v1/devices', { payload }), 413, 'invalid');
  });

  it('is of a type that nobody reads', async () => {
    const headers = { ...AS_ADMIN, 'content-type': 'text/xml' };
    const answer = await asking(new MemoryTown())('POST', '/api/v1/devices', { headers, payload: '<device/>' });
    expectProblem(answer, 415, 'invalid');
  });

  it('poisons no prototype', async () => {
    const headers = { ...AS_ADMIN, 'content-type': 'application/json' };
    const payload = '{"id":"WP-1","__proto__":{"role":"administrator"}}';
    expectProblem(await asking(new MemoryTown())('POST', '/api/v1/devices', { headers, payload }), 400, 'invalid');
  });

  it('has an address that is none', async () => {
    expectProblem(await asking(new MemoryTown())('GET', '/%'), 400, 'invalid');
  });
});

it('what is not there is 404 and says what was asked for, without its query', async () => {
  const ask = asking(new MemoryTown());
  for (const [method, path] of [
    ['GET', '/nothing'],
    ['PUT', '/api/v1/devices'],
    ['GET', '/api/v2/devices'],
  ] as const) {
    const answer = await ask(method, `${path}?token=pasted`);
    expectProblem(answer, 404, 'not-found');
    expect(answer.json.detail).toBe(`there is nothing at ${method} ${path}`);
  }
});

it('HEAD answers as GET does, without its body', async () => {
  const ask = asking(new MemoryTown());
  const [head, get] = [await ask('HEAD', '/api/v1/kinds'), await ask('GET', '/api/v1/kinds')];
  expect([head.status, head.text]).toEqual([200, '']);
  expect(head.headers['content-length']).toBe(get.headers['content-length']);
});
