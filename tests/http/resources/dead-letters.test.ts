import { describe, expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown, NOW } from '../support/town.ts';

const LETTER = {
  topic: 'lailong/water-pressure/WP-0001/telemetry',
  device: 'WP-0001',
  reason: 'type' as const,
  field: 'pressure',
  detail: '"0.3" is no number',
  payload: '{"pressure":"0.3"}',
  replayed: false,
};

/** Five letters, a minute apart, the last at NOW. */
function fiveLetters(): MemoryTown {
  const town = new MemoryTown();
  for (let id = 1; id <= 5; id++) town.letters.push({ ...LETTER, id, at: NOW - (5 - id) * 60_000 });
  town.letters.push({ ...LETTER, id: 6, at: NOW, device: null, field: null, reason: 'malformed', payload: null });
  return town;
}

const idsOf = (items: unknown[]) => items.map((item) => (item as { id: string }).id);

describe('dead letters', () => {
  it('have the shape of CONTRACT.md §4', async () => {
    const { status, json } = await asking(fiveLetters())('GET', '/api/v1/dead-letters?limit=2');
    expect(status).toBe(200);
    expect(json.items).toEqual([
      {
        ...LETTER,
        id: '6',
        at: '2026-11-23T12:31:05.000Z',
        device: null,
        field: null,
        reason: 'malformed',
        payload: null,
      },
      { ...LETTER, id: '5', at: '2026-11-23T12:31:05.000Z' },
    ]);
    expect(json.next).toEqual(expect.any(String));
  });

  it.each([
    ['reason=malformed', ['6']],
    ['device=WP-0001', ['5', '4', '3', '2', '1']],
    ['device=WP-0002', []],
    ['from=2026-11-23T20:28:05%2B08:00&to=2026-11-23T20:30:05%2B08:00', ['3', '2']],
    [`from=${NOW}`, ['6', '5']],
    [`to=${NOW - 180_000}`, ['1']],
  ])('?%s: from is inclusive, to is not', async (query, ids) => {
    const { json } = await asking(fiveLetters())('GET', `/api/v1/dead-letters?${query}`);
    expect(idsOf(json.items)).toEqual(ids);
  });

  it('come page by page, the newest first, also when new ones arrive between', async () => {
    const town = fiveLetters();
    const ask = asking(town);
    const first = await ask('GET', '/api/v1/dead-letters?limit=2&device=WP-0001');
    town.letters.push({ ...LETTER, id: 7, at: NOW });
    const second = await ask('GET', `/api/v1/dead-letters?limit=2&device=WP-0001&cursor=${first.json.next}`);
    expect([idsOf(first.json.items), idsOf(second.json.items)]).toEqual([
      ['5', '4'],
      ['3', '2'],
    ]);
    expect(idsOf(await walk(ask, '/api/v1/dead-letters', 3))).toEqual(['7', '6', '5', '4', '3', '2', '1']);
  });

  it.each([
    ['reason=typo', 'reason', 'did you mean type?'],
    ['from=yesterday', 'from', 'is no instant: write 2026-01-15T20:00:00+08:00'],
    ['from=2026-01-15T20:00:00', 'from', 'is no instant'],
    ['cursor=bm9uc2Vuc2U', 'cursor', 'is no cursor of this list'],
    ['id=5', 'id', 'unknown key'],
  ])('?%s is 422 by its name', async (query, path, hint) => {
    const answer = await asking(fiveLetters())('GET', `/api/v1/dead-letters?${query}`);
    expect(expectProblem(answer, 422, 'invalid')).toEqual([path]);
    expect(answer.json.errors[0].message).toContain(hint);
  });
});

describe('a dead letter', () => {
  it('is shown by its id', async () => {
    const { status, json } = await asking(fiveLetters())('GET', '/api/v1/dead-letters/5');
    expect([status, json]).toEqual([200, { ...LETTER, id: '5', at: '2026-11-23T12:31:05.000Z' }]);
  });

  it.each([
    ['/7', 404, 'not-found'],
    ['/five', 422, 'invalid'],
    ['/0', 422, 'invalid'],
  ])('%s is %i', async (path, status, code) => {
    expectProblem(await asking(fiveLetters())('GET', `/api/v1/dead-letters${path}`), status, code);
  });
});

describe('a replay', () => {
  const replay = (town: MemoryTown, body: unknown) =>
    asking(town)('POST', '/api/v1/dead-letters/replay', { payload: body as object });

  it('is asked for by ids, and says of each that is refused why', async () => {
    const town = fiveLetters();
    const { status, json } = await replay(town, { ids: ['3', '99'] });
    expect(status).toBe(200);
    expect(json).toEqual({
      replayed: 1,
      refused: [{ id: '99', reason: 'there is no such letter' }],
      refusedInAll: 1,
      refusedAgain: 0,
    });
    expect(town.replays).toEqual([{ ids: [3, 99], by: 'admin' }]);
  });

  it('or by a reason', async () => {
    const town = fiveLetters();
    expect((await replay(town, { reason: 'store-rejected' })).json).toMatchObject({ replayed: 2, refusedAgain: 1 });
    expect(town.replays).toEqual([{ reason: 'store-rejected', by: 'admin' }]);
  });

  it.each([
    [{}, ['ids']],
    [{ ids: ['3'], reason: 'type' }, ['ids']],
    [{ ids: [] }, ['ids']],
    [{ ids: ['three'] }, ['ids.0']],
    [{ reason: 'typo' }, ['reason']],
  ])('%j is 422 by its path', async (body, paths) => {
    const town = fiveLetters();
    expect(expectProblem(await replay(town, body), 422, 'invalid')).toEqual(paths);
    expect(town.replays).toEqual([]);
  });
});
