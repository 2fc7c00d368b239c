import { describe, expect, it } from 'vitest';
import { type Ask, asking, expectProblem } from '../support/asking.ts';
import { ADMIN_TOKEN, AS_OFFICER, MemoryTown, OFFICER_TOKEN } from '../support/town.ts';

const HALF_A_DAY = 12 * 3_600_000;

/** Signs in by a token; gives the cookie as a browser sends it back, and as it was set. */
async function signIn(ask: Ask, token = ADMIN_TOKEN): Promise<{ cookie: string; set: string }> {
  const { status, headers } = await ask('POST', '/api/v1/session', { headers: {}, payload: { token } });
  expect(status).toBe(201);
  const set = String(headers['set-cookie']);
  return { cookie: set.split(';', 1)[0] as string, set };
}

describe('a session', () => {
  it('begins with a token and says who is in it', async () => {
    const ask = asking(new MemoryTown());
    const answer = await ask('POST', '/api/v1/session', { headers: {}, payload: { token: OFFICER_TOKEN } });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({ id: 'li', name: 'Li', role: 'duty-officer', demo: false });
  });

  it('keeps its cookie from scripts and from other sites', async () => {
    const { set } = await signIn(asking(new MemoryTown()));
    const [pair = '', ...attributes] = set.split('; ');
    expect(pair).toMatch(/^townpulse_session=[A-Za-z0-9_-]{43}$/);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict']);
  });

  it('is as good as the token', async () => {
    const ask = asking(new MemoryTown());
    const { cookie } = await signIn(ask, OFFICER_TOKEN);
    expect((await ask('GET', '/api/v1/me', { headers: { cookie } })).json.id).toBe('li');
    const forbidden = await ask('POST', '/api/v1/devices', { headers: { cookie }, payload: {} });
    expectProblem(forbidden, 403, 'forbidden');
  });

  it('is not opened by a token that is none, nor by a form of another site', async () => {
    const ask = asking(new MemoryTown());
    const wrong = await ask('POST', '/api/v1/session', { headers: {}, payload: { token: 'guessed' } });
    expectProblem(wrong, 401, 'unauthorized');
    expect(wrong.headers['set-cookie']).toBe(undefined);
    expect(expectProblem(await ask('POST', '/api/v1/session', { headers: {}, payload: {} }), 422, 'invalid')).toEqual([
      'token',
    ]);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const payload = JSON.stringify({ token: ADMIN_TOKEN });
      const form = await ask('POST', '/api/v1/session', { headers: { 'content-type': type }, payload });
      expectProblem(form, 415, 'invalid');
    }
  });

  it('ends when it is told to, and its cookie is no good any more', async () => {
    const ask = asking(new MemoryTown());
    const { cookie } = await signIn(ask);
    const ended = await ask('DELETE', '/api/v1/session', { headers: { cookie } });
    expect([ended.status, ended.text]).toEqual([204, '']);
    expect(String(ended.headers['set-cookie'])).toMatch(/^townpulse_session=;.*Expires=Thu, 01 Jan 1970/);
    expectProblem(await ask('GET', '/api/v1/me', { headers: { cookie } }), 401, 'unauthorized');
  });

  it('ends by itself after twelve hours of real time, whatever the town clock says', async () => {
    const town = new MemoryTown();
    const ask = asking(town);
    const { cookie } = await signIn(ask);
    town.trial.advance(HALF_A_DAY * 2);
    town.realClock.advance(HALF_A_DAY - 1);
    expect((await ask('GET', '/api/v1/me', { headers: { cookie } })).status).toBe(200);
    town.realClock.advance(1);
    expectProblem(await ask('GET', '/api/v1/me', { headers: { cookie } }), 401, 'unauthorized');
  });

  it('does not help a request that brings a wrong token', async () => {
    const ask = asking(new MemoryTown());
    const { cookie } = await signIn(ask);
    for (const authorization of ['Bearer guessed', 'Basic YWRtaW46YWRtaW4=', '']) {
      expectProblem(await ask('GET', '/api/v1/me', { headers: { cookie, authorization } }), 401, 'unauthorized');
    }
  });
});

describe('a page of another site', () => {
  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin', 204],
    ['none', 204],
  ])('sec-fetch-site: %s with the cookie is %i', async (from, status) => {
    const ask = asking(new MemoryTown());
    const { cookie } = await signIn(ask);
    const answer = await ask('DELETE', '/api/v1/session', { headers: { cookie, 'sec-fetch-site': from } });
    expect(answer.status).toBe(status);
  });

  it('may not be told from a program by its token: that is let through', async () => {
    const headers = { ...AS_OFFICER, 'sec-fetch-site': 'cross-site' };
    expect((await asking(new MemoryTown())('DELETE', '/api/v1/session', { headers })).status).toBe(204);
  });
});

it('who asks is told who they are, and whether this is the demo', async () => {
  const plain = await asking(new MemoryTown())('GET', '/api/v1/me');
  expect(plain.json).toEqual({ id: 'admin', name: 'administrator', role: 'administrator', demo: false });
  const demo = await asking(new MemoryTown().becomeDemo())('GET', '/api/v1/me');
  expect(demo.json.demo).toBe(true);
});
