import { expect, it } from 'vitest';
import { asking, expectProblem } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

const importing = (town: MemoryTown) => (payload: object) =>
  asking(town)('POST', '/api/v1/devices/import', { payload });

it('an import says what it did, and shows the secrets of the new devices', async () => {
  const town = new MemoryTown();
  town.devices.add({ id: 'WP-1' });
  const { status, json } = await importing(town)({ format: 'csv', text: 'WP-1\nWP-2\n' });
  expect(status).toBe(200);
  expect(json).toEqual({
    created: ['WP-2'],
    changed: [],
    unchanged: 1,
    credentials: [{ username: 'WP-2', secret: 'secret-number-1' }],
  });
  expect(town.devices.deeds).toEqual(['admin imports 1']);
});

it('a dry run says what would change, and changes nothing', async () => {
  const town = new MemoryTown();
  const { json } = await importing(town)({ format: 'csv', text: 'WP-1\n', dryRun: true });
  expect(json).toEqual({ created: ['WP-1'], changed: [], unchanged: 0, credentials: [] });
  expect(town.devices.find('WP-1')).toBe(undefined);
  expect(town.devices.deeds).toEqual([]);
});

it('every bad row is named, and then nothing is imported', async () => {
  const town = new MemoryTown();
  const answer = await importing(town)({ format: 'csv', text: 'WP-1\nno id\nno id either\n' });
  expect(expectProblem(answer, 422, 'invalid')).toEqual(['line 2, id', 'line 3, id']);
  expect(town.devices.find('WP-1')).toBe(undefined);
});

it('hands on the format and the datum; WGS-84 unless said', async () => {
  const town = new MemoryTown();
  const lists: object[] = [];
  town.importDevices = async (list) => {
    lists.push(list);
    return { created: [], changed: [], unchanged: 0, credentials: [] };
  };
  await importing(town)({ format: 'json', text: '[]' });
  await importing(town)({ format: 'csv', text: '', datum: 'gcj02' });
  expect(lists).toEqual([
    { format: 'json', text: '[]', datum: 'wgs84' },
    { format: 'csv', text: '', datum: 'gcj02' },
  ]);
});

it('takes a list of more than a megabyte', async () => {
  const text = Array.from({ length: 100_000 }, (_, at) => `DEVICE-${at}`).join('\n');
  expect(text.length).toBeGreaterThan(1024 * 1024);
  const { json } = await importing(new MemoryTown())({ format: 'csv', text, dryRun: true });
  expect(json.created).toHaveLength(100_000);
});

it('a request that does not fit is 422 by its paths', async () => {
  const answer = await importing(new MemoryTown())({ format: 'xlsx', datum: 'gcj2', dryrun: true });
  expect(expectProblem(answer, 422, 'invalid').sort()).toEqual(['datum', 'dryrun', 'format', 'text']);
  expect(answer.text).toContain('did you mean gcj02?');
});
