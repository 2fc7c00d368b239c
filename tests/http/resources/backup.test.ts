import { expect, it } from 'vitest';
import { TownError } from '../../../src/kernel/errors.ts';
import { asking, expectProblem } from '../support/asking.ts';
import { AS_OFFICER, MemoryTown } from '../support/town.ts';

it('a backup streams as a tar, under a name that says of which town and when', async () => {
  const { status, headers, text } = await asking(new MemoryTown())('POST', '/api/v1/backup');
  expect([status, text]).toEqual([200, 'the bytes of a backup']);
  expect(headers['content-type']).toBe('application/x-tar');
  expect(headers['content-disposition']).toBe('attachment; filename="townpulse-lailong-20261123T123105Z.tar"');
  expect(headers['cache-control']).toBe('no-store');
});

it('is for administrators only: it holds tokens and secrets', async () => {
  let made = 0;
  const town = new MemoryTown();
  Object.assign(town, { makeBackup: async () => made++ });
  const ask = asking(town);
  expectProblem(await ask('POST', '/api/v1/backup', { headers: AS_OFFICER }), 403, 'forbidden');
  expectProblem(await ask('POST', '/api/v1/backup', { headers: {} }), 401, 'unauthorized');
  expect(made).toBe(0);
});

it.each([
  ['conflict', 409],
  ['unavailable', 503],
] as const)('one that cannot be made is %s', async (code, status) => {
  const town = new MemoryTown();
  const makeBackup = async () => {
    throw new TownError(code, 'another backup is being made: wait for it');
  };
  Object.assign(town, { makeBackup });
  expectProblem(await asking(town)('POST', '/api/v1/backup'), status, code);
});
