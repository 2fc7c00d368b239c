import { describe, expect, it } from 'vitest';
import { Session } from '../../src/console/session.ts';

const ME = { id: 'demo', name: 'Demo duty officer', role: 'duty-officer', demo: true };

/** A service that keeps its sessions in memory, and whether opening its page signs in. */
function aService({ signsInAlone }: { signsInAlone: boolean }) {
  const service = { signsInAlone, reachable: true, signedIn: false, asked: [] as string[] };
  const session = new Session(async (url, init) => {
    service.asked.push(url);
    if (!service.reachable) throw new TypeError('fetch failed');
    if (url === '/') {
      service.signedIn ||= service.signsInAlone;
      return new Response('<!doctype html>');
    }
    if (url === '/api/v1/session') service.signedIn = String(init?.body).includes('correct-token');
    return service.signedIn ? Response.json(ME) : Response.json({ title: 'sign in first' }, { status: 401 });
  });
  const changes: string[] = [];
  session.subscribe(() => changes.push(session.standing().state));
  return { service, session, changes };
}

describe('the session of the page', () => {
  it('knows whose it is once it was asked', async () => {
    const { service, session } = aService({ signsInAlone: true });
    service.signedIn = true;
    expect(session.standing()).toEqual({ state: 'asking' });
    await session.open();
    expect(session.standing()).toEqual({ state: 'signed-in', me: ME });
    expect(service.asked).toEqual(['/api/v1/me']);
  });

  it('gets a new session from the page itself after one was lost, once for all that were refused, and asks again', async () => {
    const { service, session, changes } = aService({ signsInAlone: true });
    await session.open();
    service.signedIn = false;
    service.asked.length = 0;
    const answers = await Promise.all(['/a', '/b', '/c'].map((url) => session.ask(url, {})));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(service.asked.filter((url) => url === '/')).toHaveLength(1);
    expect(changes).not.toContain('signed-out');
  });

  it('holds back what is asked while a renewal is under way', async () => {
    const { service, session } = aService({ signsInAlone: true });
    const refused = session.ask('/a', {});
    await expect.poll(() => service.asked.includes('/')).toBe(true);
    await Promise.all([refused, session.ask('/b', {})]);
    expect(service.asked).toEqual(['/a', '/', '/api/v1/me', '/a', '/b']);
  });

  it('is signed out where opening the page gives no session, and passes the refusal on', async () => {
    const { service, session } = aService({ signsInAlone: false });
    const answer = await session.ask('/api/v1/ledger', {});
    expect(answer.status).toBe(401);
    expect(session.standing()).toEqual({ state: 'signed-out' });
    expect(service.asked).toEqual(['/api/v1/ledger', '/', '/api/v1/me']);
  });

  it('does not take a service that cannot be reached for one that refuses', async () => {
    const { service, session } = aService({ signsInAlone: true });
    await session.open();
    service.reachable = false;
    await expect(session.ask('/a', {})).rejects.toThrow('fetch failed');
    await expect(session.open()).rejects.toThrow('fetch failed');
    expect(session.standing()).toEqual({ state: 'signed-in', me: ME });
  });

  it('begins with a token, and only with one that is known', async () => {
    const { session } = aService({ signsInAlone: false });
    await session.open();
    expect((await session.begin('wrong-token')).status).toBe(401);
    expect(session.standing()).toEqual({ state: 'signed-out' });
    expect((await session.begin('correct-token')).ok).toBe(true);
    expect(session.standing()).toEqual({ state: 'signed-in', me: ME });
  });
});
