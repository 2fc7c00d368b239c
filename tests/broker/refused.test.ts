import { expect, it } from 'vitest';
import { RefusedLog } from '../../src/broker/refused.ts';
import { TrialClock } from '../../src/kernel/clock.ts';

function log() {
  const clock = new TrialClock(1_000);
  const counted: string[] = [];
  return { clock, counted, log: new RefusedLog(clock, (reason) => counted.push(reason)) };
}

it('keeps who was turned away, the newest first', () => {
  const { log: it, clock } = log();
  it.add('wrong-secret', 'WP-1', '192.0.2.1:1');
  clock.advance(5);
  it.add('not-your-device', 'WP-2', '192.0.2.2:2', 'a/topic', Buffer.from('{"pressure":0.3}'));
  expect(it.list()).toEqual([
    {
      ...{ at: 1_005, id: 'WP-2', address: '192.0.2.2:2', reason: 'not-your-device' },
      ...{ topic: 'a/topic', payload: '{"pressure":0.3}', count: 1 },
    },
    { at: 1_000, id: 'WP-1', address: '192.0.2.1:1', reason: 'wrong-secret', topic: null, payload: null, count: 1 },
  ]);
});

it('is one line for each id and reason, with how often and the last time, so that one device does not push out the rest', () => {
  const { log: it, clock, counted } = log();
  it.add('wrong-secret', 'WP-1', '192.0.2.1:1');
  for (let again = 0; again < 5_000; again++) {
    clock.advance(1);
    it.add('wrong-secret', 'WP-2', `192.0.2.2:${again}`);
  }
  it.add('retired', 'WP-1', '192.0.2.1:1');
  expect(it.list().map(({ id, reason, count, at }) => [id, reason, count, at])).toEqual([
    ['WP-1', 'retired', 1, 6_000],
    ['WP-2', 'wrong-secret', 5_000, 6_000],
    ['WP-1', 'wrong-secret', 1, 1_000],
  ]);
  expect(counted).toHaveLength(5_002);
});

it('keeps a thousand, and forgets who was not seen for longest', () => {
  const { log: it } = log();
  for (let id = 0; id < 1_000; id++) it.add('unknown-device', `X-${id}`, '');
  it.add('unknown-device', 'X-0', '');
  it.add('unknown-device', 'X-NEW', '');
  const ids = it.list().map(({ id }) => id);
  expect([ids.length, ids[0], ids[1], ids.includes('X-1')]).toEqual([1_000, 'X-NEW', 'X-0', false]);
});

it('is not filled by whoever sends long names, topics and payloads', () => {
  const { log: it } = log();
  it.add('bad-topic', 'i'.repeat(65_000), '', 't'.repeat(65_000), Buffer.alloc(1_000_000, 112));
  const [entry] = it.list();
  expect([entry?.id.length, entry?.topic?.length, entry?.payload?.length]).toEqual([80, 256, 512]);
});
