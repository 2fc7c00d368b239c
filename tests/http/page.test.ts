import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { asking, expectProblem } from './support/asking.ts';
import { MemoryTown, OFFICER_TOKEN } from './support/town.ts';

/** A demo whose console is built. */
function builtDemo(): MemoryTown {
  const folder = join(temporaryFolder(), 'console');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Townpulse</title>');
  writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'assets/main-1a2b3c.js'), 'console.log(1)');
  writeFileSync(join(folder, '..', 'outside.txt'), 'a secret');
  const town = new MemoryTown().becomeDemo();
  town.page = folder;
  return town;
}

const opened = (town: MemoryTown, headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
  asking(town)('GET', '/', { headers, remoteAddress });

describe('the page', () => {
  it('is never kept by the browser; what carries its hash in its name always is', async () => {
    const ask = asking(builtDemo());
    const page = await ask('GET', '/', { headers: {} });
    expect([page.status, page.text]).toEqual([200, '<!doctype html><title>Townpulse</title>']);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['cache-control']).toBe('no-store');
    const script = await ask('GET', '/assets/main-1a2b3c.js', { headers: {} });
    expect([script.status, script.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    const icon = await ask('GET', '/favicon.svg', { headers: {} });
    expect([icon.status, icon.headers['cache-control']]).toEqual([200, 'no-cache']);
  });

  it('lets nobody out of its folder', async () => {
    const ask = asking(builtDemo());
    for (const path of [
      '/assets/../../outside.txt',
      '/assets/%2e%2e/%2e%2e/outside.txt',
      '/..%2foutside.txt',
      '/assets/',
    ]) {
      const answer = await ask('GET', path, { headers: {} });
      expect([path, answer.status, answer.text.includes('a secret')]).toEqual([path, 404, false]);
    }
  });

  it('that is not built yet says how to build it', async () => {
    const answer = await opened(new MemoryTown(), {});
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('npm run build')]);
  });
});

describe('the demo signs its page in by itself', () => {
  it.each(['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST'])('opened as %s', async (host) => {
    const town = builtDemo();
    const page = await opened(town, { host });
    const cookie = String(page.headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
  });

  it('as the duty officer of the demo, who is no administrator', async () => {
    const ask = asking(builtDemo());
    const page = await ask('GET', '/', { headers: { host: 'localhost:8080' } });
    const cookie = String(page.headers['set-cookie']).split(';', 1)[0] as string;
    expect((await ask('GET', '/api/v1/me', { headers: { cookie } })).json).toEqual({
      id: 'demo',
      name: 'Duty officer of the demo',
      role: 'duty-officer',
      demo: true,
    });
    expectProblem(await ask('POST', '/api/v1/devices', { headers: { cookie }, payload: {} }), 403, 'forbidden');
  });

  it.each([
    ['a foreign name that was made to point here', 'evil.example', '127.0.0.1'],
    ['a foreign name that begins like ours', 'localhost.evil.example', '127.0.0.1'],
    ['a foreign name that ends like ours', 'evil.example:127.0.0.1', '127.0.0.1'],
    ['another machine', 'localhost:8080', '203.0.113.7'],
    ['a wildcard name', '127.0.0.1.nip.io', '127.0.0.1'],
  ])('but not opened as %s', async (_what, host, remoteAddress) => {
    const page = await opened(builtDemo(), { host }, remoteAddress);
    expect([page.status, page.headers['set-cookie']]).toEqual([200, undefined]);
  });

  it('but not through a proxy', async () => {
    const page = await opened(builtDemo(), { host: 'localhost', 'x-forwarded-for': '203.0.113.7' });
    expect(page.headers['set-cookie']).toBe(undefined);
  });

  it('but not outside the demo', async () => {
    const town = builtDemo();
    town.demo = null;
    expect((await opened(town, { host: 'localhost' })).headers['set-cookie']).toBe(undefined);
  });

  it('but leaves alone who has signed in already', async () => {
    const ask = asking(builtDemo());
    const { headers } = await ask('POST', '/api/v1/session', { headers: {}, payload: { token: OFFICER_TOKEN } });
    const cookie = String(headers['set-cookie']).split(';', 1)[0] as string;
    const page = await ask('GET', '/', { headers: { host: 'localhost', cookie } });
    expect(page.headers['set-cookie']).toBe(undefined);
    expect((await ask('GET', '/api/v1/me', { headers: { cookie } })).json.id).toBe('li');
  });

  it('again once that session has ended', async () => {
    const town = builtDemo();
    const ask = asking(town);
    const headers = { host: 'localhost' };
    const first = String((await ask('GET', '/', { headers })).headers['set-cookie']).split(';', 1)[0] as string;
    expect((await ask('GET', '/', { headers: { ...headers, cookie: first } })).headers['set-cookie']).toBe(undefined);
    town.realClock.advance(13 * 3_600_000);
    const again = await ask('GET', '/', { headers: { ...headers, cookie: first } });
    expect(again.headers['set-cookie']).toMatch(/^townpulse_session=/);
  });
});
