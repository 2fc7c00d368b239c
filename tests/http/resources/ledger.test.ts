import { expect, it } from 'vitest';
import { asking } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

it('the ledger has the shape of CONTRACT.md §4', async () => {
  const { status, json } = await asking(new MemoryTown())('GET', '/api/v1/ledger');
  expect(status).toBe(200);
  expect(json).toEqual({
    received: 10,
    stored: 7,
    merged: 1,
    imported: 0,
    duplicate: 1,
    rejected: 1,
    pending: 1,
    balanced: true,
    since: '2026-11-01T00:00:00.000Z',
    fields: { rejected: 3, unknown: 12 },
    deadLettersPurged: 0,
    byKind: { 'water-pressure': { received: 10, stored: 7, duplicate: 1, rejected: 1, pending: 1 } },
    history: {
      store: 'duckdb',
      state: 'up',
      lagSeconds: 0.4,
      backlogBytes: 0,
      journalBytes: 73_400_320,
      journalMaxBytes: 8_589_934_592,
    },
  });
});

it('a ledger that does not balance is told as it is', async () => {
  const town = new MemoryTown();
  const ledger = town.ledger();
  town.ledger = () => ({ ...ledger, pending: 0, balanced: false });
  expect((await asking(town)('GET', '/api/v1/ledger')).json).toMatchObject({ pending: 0, balanced: false });
});
