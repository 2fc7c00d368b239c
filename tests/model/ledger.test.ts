import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balance, type Ledger, type LedgerParts, ledgerPoints } from '../../src/model/ledger.ts';

const kinds = <T>(value: fc.Arbitrary<T>) => fc.dictionary(fc.constantFrom('a', 'b', 'c'), value);
const count = fc.nat(1_000);

/** What is pending, stored, double and rejected of each kind; what was received follows from it. */
const balancedParts: fc.Arbitrary<LedgerParts> = kinds(
  fc.record({ stored: count, merged: count, duplicate: count, pending: count, atGate: count, byStore: count }),
).map((found) => {
  const parts: LedgerParts = { intake: { kinds: {}, fieldsRejected: 0, fieldsUnknown: 0 }, history: {}, pending: {} };
  for (const [kind, { stored, merged, duplicate, pending, atGate, byStore }] of Object.entries(found)) {
    parts.intake.kinds[kind] = { received: stored + duplicate + pending + atGate + byStore, rejected: atGate };
    parts.history[kind] = { stored, merged, duplicate, rejected: byStore };
    parts.pending[kind] = pending;
  }
  return parts;
});

describe('the loss ledger (P2)', () => {
  it('of nothing is balanced', () => {
    const nothing = balance({ intake: { kinds: {}, fieldsRejected: 0, fieldsUnknown: 0 }, history: {}, pending: {} });
    expect(nothing).toEqual({
      ...{ received: 0, stored: 0, merged: 0, duplicate: 0, rejected: 0, pending: 0 },
      ...{ imported: 0, balanced: true, byKind: {} },
    });
  });

  it('is balanced when each sample that was received is stored, double, rejected or pending, and adds up by kind', () => {
    fc.assert(
      fc.property(balancedParts, (parts) => {
        const { byKind, balanced, merged, imported, ...sums } = balance(parts);
        expect(balanced).toBe(true);
        expect(sums.received).toBe(sums.stored + sums.duplicate + sums.rejected + sums.pending);
        for (const [name, sum] of Object.entries(sums)) {
          const rows = Object.values(byKind).map((row) => row[name as keyof typeof row]);
          expect(sum).toBe(rows.reduce((a, b) => a + b, 0));
        }
        expect(merged).toBe(Object.values(parts.history).reduce((all, one) => all + one.merged, 0));
      }),
    );
  });

  it('is not balanced when one sample is missing or too many, wherever', () => {
    const place = fc.constantFrom('received', 'stored', 'duplicate', 'rejected', 'pending');
    fc.assert(
      fc.property(balancedParts, place, fc.constantFrom(-1, 1), (parts, where, by) => {
        const [kind] = Object.keys(parts.pending);
        if (kind === undefined) return;
        const [intake, history] = [parts.intake.kinds[kind], parts.history[kind]];
        if (intake === undefined || history === undefined) return;
        if (where === 'received') intake.received += by;
        else if (where === 'pending') parts.pending[kind] = (parts.pending[kind] ?? 0) + by;
        else history[where as 'stored'] += by;
        expect(balance(parts).balanced).toBe(false);
      }),
    );
  });

  it('is not balanced when one kind has too many what another has too few', () => {
    const intake = {
      kinds: { a: { received: 2, rejected: 0 }, b: { received: 0, rejected: 0 } },
      fieldsRejected: 0,
      fieldsUnknown: 0,
    };
    const row = { stored: 1, merged: 0, duplicate: 0, rejected: 0 };
    const ledger = balance({ intake, history: { a: row, b: row }, pending: {} });
    expect([ledger.received, ledger.stored, ledger.balanced]).toEqual([2, 2, false]);
  });

  it('a kind that only one part knows is a row of its own', () => {
    const intake = { kinds: { gone: { received: 1, rejected: 1 } }, fieldsRejected: 0, fieldsUnknown: 0 };
    expect(balance({ intake, history: {}, pending: { fresh: 3 } })).toMatchObject({
      byKind: { gone: { received: 1, rejected: 1 }, fresh: { received: 0, pending: 3 } },
      balanced: false,
    });
  });
});

it('the ledger is a point for the whole and one for each kind', () => {
  const counts = { received: 10, stored: 7, duplicate: 1, rejected: 1, pending: 1 };
  const history = { store: 'duckdb', state: 'up' as const, lagSeconds: 2, backlogBytes: 3, journalBytes: 4 };
  const ledger: Ledger = {
    ...{
      ...counts,
      merged: 2,
      imported: 0,
      balanced: true,
      since: '',
      fields: { rejected: 0, unknown: 0 },
      deadLettersPurged: 0,
    },
    ...{ byKind: { 'gas-meter': counts }, history: { ...history, journalMaxBytes: 5 } },
  };
  const merged = { 'gas-meter': { stored: 7, merged: 2, duplicate: 1, rejected: 1 } };
  const { lagSeconds, backlogBytes, journalBytes } = history;
  expect(ledgerPoints(ledger, merged, 60_000)).toEqual([
    {
      ...{ series: 'ledger', tags: { kind: 'all' }, ts: 60_000 },
      fields: { ...counts, merged: 2, lagSeconds, backlogBytes, journalBytes },
    },
    {
      ...{ series: 'ledger', tags: { kind: 'gas-meter' }, ts: 60_000 },
      fields: { ...counts, merged: 2, lagSeconds: null, backlogBytes: null, journalBytes: null },
    },
  ]);
});

it('imported rows stand beside the ledger, and do not unbalance it', () => {
  const intake = { kinds: { 'gas-meter': { received: 3, rejected: 0 } }, fieldsRejected: 0, fieldsUnknown: 0 };
  const counts = { stored: 3, merged: 0, duplicate: 0, rejected: 0 };
  const history = { 'gas-meter': { ...counts, imported: 40 }, 'smart-pole': { ...counts, stored: 0, imported: 2 } };
  expect(balance({ intake, history, pending: {} })).toMatchObject({
    received: 3,
    stored: 3,
    imported: 42,
    balanced: true,
  });
});
