import { describe, expect, it } from 'vitest';
import { SMALL_KINDS, SMALL_TOWN } from '../../support/kinds.ts';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

describe('what devices may refer to', () => {
  it.each([
    ['/areas', SMALL_TOWN.areas],
    ['/organisations', SMALL_TOWN.organisations],
    ['/kinds', [...SMALL_KINDS.values()]],
  ])('%s', async (path, all) => {
    const ask = asking(new MemoryTown());
    const { status, json } = await ask('GET', `/api/v1${path}`);
    expect(status).toBe(200);
    expect(json).toEqual({ items: all, next: null });
    expect(await walk(ask, `/api/v1${path}`, 1)).toEqual(all);
    expect(expectProblem(await ask('GET', `/api/v1${path}?sort=name`), 422, 'invalid')).toEqual(['sort']);
  });

  it('an area says its level and its parent, a kind its fields with unit and range', async () => {
    const ask = asking(new MemoryTown());
    expect((await ask('GET', '/api/v1/areas')).json.items[1]).toEqual({
      id: 'village',
      name: { zh: '名', en: 'name' },
      level: 'village',
      parent: 'lailong',
    });
    const [kind] = (await ask('GET', '/api/v1/kinds')).json.items;
    expect(kind.fields.pressure).toEqual({
      type: 'number',
      unit: 'MPa',
      range: [0, 2.5],
      name: { zh: '名', en: 'name' },
    });
  });
});
