import { describe, expect, it } from 'vitest';
import { asking, expectProblem } from '../support/asking.ts';
import { AS_OFFICER, MemoryTown } from '../support/town.ts';

const PERIOD = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00+08:00' };

describe('replays', () => {
  it('are begun, looked at until they are done, and called off', async () => {
    const ask = asking(new MemoryTown());
    const begun = await ask('POST', '/api/v1/rules/replay', { payload: { ...PERIOD, rulebook: '[]' } });
    expect([begun.status, begun.json]).toEqual([
      202,
      {
        ...{ id: 'replay-1', state: 'running', progress: 0, error: null, result: null, rulebook: 'sha256:77' },
        ...{ from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T16:00:00.000Z' },
      },
    ]);
    const { json } = await ask('GET', '/api/v1/rules/replay/replay-1');
    expect(json).toMatchObject({
      state: 'done',
      result: { total: { was: 3, would: 2 }, alerts: [{ difference: 'missed' }] },
    });
    expect((await ask('DELETE', '/api/v1/rules/replay/replay-1')).json).toMatchObject({ state: 'cancelled' });
  });

  it('need no other rulebook', async () => {
    const { json } = await asking(new MemoryTown())('POST', '/api/v1/rules/replay', { payload: PERIOD });
    expect(json.rulebook).toBeNull();
  });

  it('are refused for a period that is none, a bad rulebook, and by whoever is no administrator', async () => {
    const ask = asking(new MemoryTown());
    const path = '/api/v1/rules/replay';
    expectProblem(await ask('POST', path, { payload: { ...PERIOD, to: PERIOD.from } }), 422, 'invalid');
    expectProblem(await ask('POST', path, { payload: { from: PERIOD.from } }), 422, 'invalid');
    expectProblem(await ask('POST', path, { payload: { ...PERIOD, rulebook: 'presure' } }), 422, 'rulebook-invalid');
    expectProblem(await ask('POST', path, { payload: PERIOD, headers: AS_OFFICER }), 403, 'forbidden');
    expectProblem(await ask('GET', `${path}/none`), 404, 'not-found');
    expectProblem(await ask('DELETE', `${path}/none`), 404, 'not-found');
  });
});
