import { expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown, NOW } from '../support/town.ts';

function turnedAway(...entries: [at: number, id: string, reason: string][]): MemoryTown {
  const town = new MemoryTown();
  for (const [at, id, reason] of entries)
    town.turnedAway.push({ at, id, reason, address: '192.0.2.7:5012', topic: null, payload: null, count: 1 });
  return town;
}

it('who was turned away has the shape of CONTRACT.md §4', async () => {
  const town = new MemoryTown();
  town.turnedAway.push({
    at: NOW,
    id: 'WP-0001',
    address: '192.0.2.7:5012',
    reason: 'not-your-device',
    topic: 'lailong/water-pressure/WP-0002/telemetry',
    payload: '{"pressure":0.3}',
    count: 3,
  });
  const { status, json } = await asking(town)('GET', '/api/v1/devices/refused');
  expect(status).toBe(200);
  expect(json).toEqual({
    items: [
      {
        at: '2026-11-23T12:31:05.000Z',
        id: 'WP-0001',
        address: '192.0.2.7:5012',
        reason: 'not-your-device',
        topic: 'lailong/water-pressure/WP-0002/telemetry',
        payload: '{"pressure":0.3}',
        count: 3,
      },
    ],
    next: null,
  });
});

it('the newest comes first, page after page, those of one moment too', async () => {
  const town = turnedAway(
    [NOW - 2, 'A', 'wrong-secret'],
    [NOW, 'B', 'wrong-secret'],
    [NOW, 'B', 'bad-topic'],
    [NOW, 'A', 'bad-topic'],
    [NOW - 1, 'C', 'retired'],
  );
  const found = (await walk(asking(town), '/api/v1/devices/refused', 2)) as { id: string; reason: string }[];
  expect(found.map(({ id, reason }) => `${id} ${reason}`)).toEqual([
    'A bad-topic',
    'B bad-topic',
    'B wrong-secret',
    'C retired',
    'A wrong-secret',
  ]);
});

it('a parameter that it does not know is 422', async () => {
  const answer = await asking(new MemoryTown())('GET', '/api/v1/devices/refused?reason=retired');
  expect(expectProblem(answer, 422, 'invalid')).toEqual(['reason']);
});
