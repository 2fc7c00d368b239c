import { expect, it } from 'vitest';
import type { Principal } from '../../src/http/principal.ts';
import { Sessions } from '../../src/http/sessions.ts';
import { TrialClock } from '../../src/kernel/clock.ts';

const LI: Principal = { id: 'li', name: 'Li', role: 'duty-officer' };

it('a session is found by its id, and by no other', () => {
  const sessions = new Sessions(new TrialClock(0));
  const id = sessions.begin(LI);
  expect(sessions.find(id)).toEqual(LI);
  expect(sessions.find(`${id}x`)).toBe(null);
  expect(Buffer.from(id, 'base64url')).toHaveLength(32);
  expect(sessions.begin(LI)).not.toBe(id);
});

it('one ends without the others', () => {
  const sessions = new Sessions(new TrialClock(0));
  const [one, other] = [sessions.begin(LI), sessions.begin(LI)];
  sessions.end(one);
  expect([sessions.find(one), sessions.find(other)]).toEqual([null, LI]);
});

it('keeps ten thousand, and then forgets the oldest, so that nobody fills the memory', () => {
  const sessions = new Sessions(new TrialClock(0));
  const ids = Array.from({ length: 10_001 }, () => sessions.begin(LI));
  expect(sessions.find(ids[0] as string)).toBe(null);
  expect(sessions.find(ids[1] as string)).toEqual(LI);
  expect(sessions.find(ids[10_000] as string)).toEqual(LI);
});
