import { expect, it } from 'vitest';
import { asking, expectProblem } from '../support/asking.ts';
import { MemoryTown, NOW } from '../support/town.ts';

it('the newest values have the shape of CONTRACT.md §4', async () => {
  const town = new MemoryTown();
  town.devices.add({ id: 'WP-0001' });
  town.verdicts.set('WP-0001', 'breach');
  town.newest.set('WP-0001', {
    ts: NOW - 60_000,
    receivedAt: NOW - 59_880,
    values: { pressure: 0.312, tamper: false },
    flags: ['clock'],
    online: true,
    clockOffsetMs: 120,
  });
  const { status, json } = await asking(town)('GET', '/api/v1/devices/WP-0001/latest');
  expect(status).toBe(200);
  expect(json).toEqual({
    device: 'WP-0001',
    kind: 'water-pressure',
    ts: '2026-11-23T12:30:05.000Z',
    receivedAt: '2026-11-23T12:30:05.120Z',
    values: { pressure: 0.312, tamper: false },
    flags: ['clock'],
    online: true,
    clockOffsetMs: 120,
    verdict: 'breach',
  });
});

it('a device that sends no time has no clock to be off', async () => {
  const town = new MemoryTown();
  town.devices.add({ id: 'WP-0001' });
  const values = { pressure: 0.3 };
  town.newest.set('WP-0001', { ts: NOW, receivedAt: NOW, values, flags: [], online: false, clockOffsetMs: null });
  const { json } = await asking(town)('GET', '/api/v1/devices/WP-0001/latest');
  expect(json).toMatchObject({ clockOffsetMs: null, online: false, flags: [], verdict: 'unknown' });
});

it('a device that never reported is 404, in other words than one that is not registered', async () => {
  const town = new MemoryTown();
  town.devices.add({ id: 'WP-0001' });
  const ask = asking(town);
  const silent = await ask('GET', '/api/v1/devices/WP-0001/latest');
  const nobody = await ask('GET', '/api/v1/devices/WP-0002/latest');
  expectProblem(silent, 404, 'not-found');
  expectProblem(nobody, 404, 'not-found');
  expect(silent.json.detail).toBe('WP-0001 is registered, and has not reported yet');
  expect(nobody.json.detail).toBe('no device WP-0002 is registered');
});
