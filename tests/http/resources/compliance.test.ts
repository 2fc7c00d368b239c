import { describe, expect, it } from 'vitest';
import { TownError } from '../../../src/kernel/errors.ts';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

const NOW = '/api/v1/compliance/now?metric=pressure';

describe('pressure compliance', () => {
  it.each(['point', 'zone', 'town'])('now has the shape of CONTRACT.md §4: group=%s', async (group) => {
    const { status, json } = await asking(new MemoryTown())('GET', `${NOW}&group=${group}`);
    expect(status).toBe(200);
    expect(json.next).toBeNull();
    expect(json.items).toMatchObject([
      {
        group,
        id: 'Z-1',
        window: '1d',
        valid: 288,
        inBounds: 285,
        expected: 288,
        coverage: 1,
        target: 0.97,
        verdict: 'ok',
      },
    ]);
  });

  it('of a period says how long it is', async () => {
    const town = new MemoryTown();
    const ask = async (from: string, to: string) =>
      (await asking(town)('GET', `/api/v1/compliance?metric=pressure&group=zone&from=${from}&to=${to}`)).json.items[0];
    const month = await ask('2026-10-01T00:00:00%2B08:00', '2026-11-01T00:00:00%2B08:00');
    expect(month).toMatchObject({ window: '31d', from: '2026-09-30T16:00:00.000Z', to: '2026-10-31T16:00:00.000Z' });
    expect(await ask('2026-10-01T00:00:00Z', '2026-10-01T01:30:00Z')).toMatchObject({ window: '90m' });
  });

  it('walks its groups in their order, or tells of one', async () => {
    const town = new MemoryTown();
    const [item] = await town.compliance.now('zone');
    const ids = ['Z-1', 'Z-2', 'Z-3'];
    town.compliance.now = async () => ids.flatMap((id) => (item === undefined ? [] : [{ ...item, id }]));
    const found = (await walk(asking(town), `${NOW}&group=zone`, 2)) as { id: string }[];
    expect(found.map(({ id }) => id)).toEqual(ids);
    const { json } = await asking(town)('GET', `${NOW}&group=zone&id=Z-2`);
    expect(json.items.map(({ id }: { id: string }) => id)).toEqual(['Z-2']);
  });

  it.each([
    ['now?group=town', 'metric'],
    ['now?metric=flow&group=town', 'metric'],
    ['now?metric=pressure', 'group'],
    ['now?metric=pressure&group=village', 'group'],
    ['?metric=pressure&group=town&from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', 'from'],
  ])('refuses %s', async (path, wrong) => {
    const address = `/api/v1/compliance${path.startsWith('?') ? '' : '/'}${path}`;
    const answer = await asking(new MemoryTown())('GET', address);
    expectProblem(answer, 422, 'invalid');
    expect(answer.json.errors[0].path).toBe(wrong);
  });

  it('is unavailable while the history is', async () => {
    const town = new MemoryTown();
    town.compliance.now = () => Promise.reject(new TownError('unavailable', 'the history is not open now'));
    expectProblem(await asking(town)('GET', `${NOW}&group=town`), 503, 'unavailable');
  });
});
