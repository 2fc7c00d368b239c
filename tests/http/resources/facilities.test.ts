import { describe, expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

describe('facilities intact now', () => {
  it('are an interval with its coverage, by rule and group', async () => {
    const { status, json } = await asking(new MemoryTown())('GET', '/api/v1/facilities/now?group=town');
    expect(status).toBe(200);
    expect(json).toEqual({
      items: [
        {
          ...{ rule: 'lighting-facilities-intact', kind: 'lighting-controller', group: 'town', id: 'lailong' },
          name: { zh: '来龙镇', en: 'Lailong' },
          ...{ inService: 100, intact: 95, impaired: 3, unknown: 2, maintained: 1 },
          ...{ low: 0.95, high: 0.97, reported: 0.9694, coverage: 0.98, target: 0.95, verdict: 'ok', reason: null },
          ...{ impairedBy: { 'lighting-box-door': 3 }, at: '2026-11-23T12:31:05.000Z' },
        },
      ],
      next: null,
    });
  });

  it('of groups that no rule counts are an empty list, and pages walk them in their order', async () => {
    const town = new MemoryTown();
    expect((await asking(town)('GET', '/api/v1/facilities/now?group=road')).json).toEqual({ items: [], next: null });
    const [item] = town.facilities('town');
    const ids = ['park', 'centre', 'lake'];
    town.facilities = () => ids.flatMap((id) => (item === undefined ? [] : [{ ...item, id }]));
    const found = (await walk(asking(town), '/api/v1/facilities/now?group=village', 2)) as { id: string }[];
    expect(found.map(({ id }) => id)).toEqual(ids);
  });

  it.each([
    ['', 'group', 'is missing'],
    ['group=vilage', 'group', 'did you mean village?'],
  ])('?%s is 422 by its name', async (query, path, hint) => {
    const answer = await asking(new MemoryTown())('GET', `/api/v1/facilities/now?${query}`);
    expect(expectProblem(answer, 422, 'invalid')).toEqual([path]);
    expect(answer.json.errors[0].message).toContain(hint);
  });
});
