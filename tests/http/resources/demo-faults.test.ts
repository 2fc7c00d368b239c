import { describe, expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { AS_OFFICER, MemoryTown } from '../support/town.ts';

const OUTAGE = { fault: 'feeder-outage', target: 'F-1' };

describe("the demo's faults", () => {
  it('are there in the demo alone', async () => {
    const ask = asking(new MemoryTown());
    expectProblem(await ask('GET', '/api/v1/demo/faults'), 404, 'not-found');
    expectProblem(await ask('GET', '/api/v1/demo/faults/kinds'), 404, 'not-found');
    expectProblem(await ask('POST', '/api/v1/demo/faults', { payload: OUTAGE }), 404, 'not-found');
    expectProblem(await ask('DELETE', '/api/v1/demo/faults/fault-1'), 404, 'not-found');
  });

  it('say what can fail, and where', async () => {
    const ask = asking(new MemoryTown().becomeDemo());
    const kind = { fault: 'feeder-outage', targets: [{ id: 'F-1', name: { zh: '回路1', en: 'Feeder 1' } }] };
    expect((await ask('GET', '/api/v1/demo/faults/kinds')).json).toEqual({ items: [kind], next: null });
  });

  it('begin, run for town time, and end before it when they are told to', async () => {
    const ask = asking(new MemoryTown().becomeDemo());
    const begun = await ask('POST', '/api/v1/demo/faults', { payload: { ...OUTAGE, duration: '30m' } });
    expect(begun.status).toBe(201);
    expect(begun.json).toEqual({
      ...OUTAGE,
      id: 'fault-1',
      startedAt: '2026-11-23T12:31:05.000Z',
      endsAt: '2026-11-23T13:01:05.000Z',
    });
    expect((await ask('GET', '/api/v1/demo/faults')).json).toEqual({ items: [begun.json], next: null });
    const ended = await ask('DELETE', '/api/v1/demo/faults/fault-1');
    expect([ended.status, ended.text]).toEqual([204, '']);
    expect((await ask('GET', '/api/v1/demo/faults')).json.items).toEqual([]);
    expectProblem(await ask('DELETE', '/api/v1/demo/faults/fault-1'), 404, 'not-found');
  });

  it('last a quarter of an hour unless it is said otherwise', async () => {
    const ask = asking(new MemoryTown().becomeDemo());
    const { json } = await ask('POST', '/api/v1/demo/faults', { payload: OUTAGE });
    expect(Date.parse(json.endsAt) - Date.parse(json.startedAt)).toBe(900_000);
  });

  it('are for whoever is signed in, and are told who that is', async () => {
    const town = new MemoryTown().becomeDemo();
    const by: string[] = [];
    const { faults } = town.demo as NonNullable<MemoryTown['demo']>;
    const start = faults.start;
    faults.start = (fault, target, duration, who) => {
      by.push(who);
      return start(fault, target, duration, who);
    };
    const { status } = await asking(town)('POST', '/api/v1/demo/faults', { headers: AS_OFFICER, payload: OUTAGE });
    expect([status, by]).toEqual([201, ['li']]);
  });

  it('walk page by page', async () => {
    const town = new MemoryTown().becomeDemo();
    const ask = asking(town);
    for (let at = 0; at < 3; at++) await ask('POST', '/api/v1/demo/faults', { payload: OUTAGE });
    const found = (await walk(ask, '/api/v1/demo/faults', 2)) as { id: string }[];
    expect(found.map(({ id }) => id)).toEqual(['fault-1', 'fault-2', 'fault-3']);
  });

  it.each([
    [{ ...OUTAGE, target: 'F-9' }, ['target']],
    [{ ...OUTAGE, duration: '15' }, ['duration']],
    [{ ...OUTAGE, duration: 15 }, ['duration']],
    [{ target: 'F-1', where: 'here' }, ['fault', 'where']],
  ])('%j is 422 by its paths', async (payload, paths) => {
    const answer = await asking(new MemoryTown().becomeDemo())('POST', '/api/v1/demo/faults', { payload });
    expect(expectProblem(answer, 422, 'invalid').sort()).toEqual(paths);
  });
});
