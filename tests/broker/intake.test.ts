import { describe, expect, it } from 'vitest';
import { Intake } from '../../src/broker/intake.ts';
import type { Decoded } from '../../src/model/decoded.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryStore } from '../support/temporary.ts';

const sample = (kind: string) => ({ device: 'D', kind, ts: 1, values: { x: 1 } });
const rejected = { reason: 'malformed' as const, device: 'D', field: null, detail: '' };
const decoded = (parts: Partial<Decoded>): Decoded => ({
  samples: [],
  rejected: [],
  fields: [],
  unknown: [],
  ...parts,
});

async function intake() {
  const store = await temporaryStore();
  const open = () => new Intake(store, SMALL_KINDS);
  const it = open();
  const count = (messages: { kind: string; decoded: Decoded }[], newestGiven = 0) =>
    store.transaction(() => it.count(messages, newestGiven));
  return { store, it, count, reopen: open };
}

describe("the gate's half of the ledger", () => {
  it('counts nothing before anything came', async () => {
    const { it } = await intake();
    expect(it.counts()).toEqual({ kinds: {}, fieldsRejected: 0, fieldsUnknown: 0, newestGiven: 0 });
  });

  it('counts samples by their own kind, what was rejected by its topic’s, and fields beside them', async () => {
    const { it, count } = await intake();
    const kind = 'lighting-controller';
    const unknown = [{ kind, field: 'colour', example: 'warm' }];
    await count([
      { kind, decoded: decoded({ samples: [sample(kind), sample('water-pressure')], rejected: [rejected], unknown }) },
      { kind, decoded: decoded({ samples: [sample(kind)], fields: [rejected, rejected] }) },
    ]);
    await count([{ kind: 'water-pressure', decoded: decoded({ rejected: [rejected, rejected] }) }]);
    expect(it.counts()).toMatchObject({
      kinds: { 'lighting-controller': { received: 3, rejected: 1 }, 'water-pressure': { received: 3, rejected: 2 } },
      fieldsRejected: 2,
      fieldsUnknown: 1,
    });
  });

  it('survives a restart, and remembers the newest time that it gave', async () => {
    const { count, reopen } = await intake();
    await count([{ kind: 'water-pressure', decoded: decoded({ samples: [sample('water-pressure')] }) }], 5_000);
    await count([], 4_000);
    expect(reopen().counts()).toMatchObject({ kinds: { 'water-pressure': { received: 1 } }, newestGiven: 5_000 });
  });

  it('counts nothing of a transaction that failed', async () => {
    const { it, store } = await intake();
    const failing = store.transaction(() => {
      it.count([{ kind: 'water-pressure', decoded: decoded({ rejected: [rejected] }) }], 1);
      throw new Error('the samples could not be written');
    });
    await expect(failing).rejects.toThrow('could not be written');
    expect(it.counts()).toMatchObject({ kinds: {}, newestGiven: 0 });
  });

  it('counts kinds that the town does not have together, so that nobody fills the ledger with names', async () => {
    const { it, count } = await intake();
    for (let kind = 0; kind < 50; kind++) {
      await count([{ kind: `kind-${kind}`, decoded: decoded({ rejected: [rejected] }) }]);
    }
    expect(it.counts().kinds).toEqual({ unknown: { received: 50, rejected: 50 } });
  });
});

describe('fields that a kind does not know', () => {
  const unknown = (field: string, example: string, kind = 'water-pressure') => [
    { kind, decoded: decoded({ unknown: [{ kind, field, example }] }) },
  ];

  it('are counted with the last example', async () => {
    const { it, count } = await intake();
    await count(unknown('colour', 'red'));
    await count(unknown('colour', 'blue'));
    await count(unknown('shape', 'round'));
    await count(unknown('colour', 'warm', 'lighting-controller'));
    expect(it.unknownFields()).toEqual([
      { kind: 'lighting-controller', field: 'colour', count: 1, example: 'warm' },
      { kind: 'water-pressure', field: 'colour', count: 2, example: 'blue' },
      { kind: 'water-pressure', field: 'shape', count: 1, example: 'round' },
    ]);
  });

  it('are two hundred a kind at most; those past it are counted in the sum alone', async () => {
    const { it, count } = await intake();
    for (let field = 0; field < 205; field++) await count(unknown(`field-${field}`, 'x'));
    await count(unknown('field-7', 'again'));
    await count(unknown('colour', 'warm', 'lighting-controller'));
    const found = it.unknownFields();
    expect([found.length, it.counts().fieldsUnknown]).toEqual([201, 207]);
    expect(found).toContainEqual({ kind: 'water-pressure', field: 'field-7', count: 2, example: 'again' });
  });
});
