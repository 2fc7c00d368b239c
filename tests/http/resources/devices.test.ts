import { describe, expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { AS_ADMIN, AS_OFFICER, MemoryTown } from '../support/town.ts';

/** What CONTRACT.md §4 registers. */
const EXAMPLE = {
  id: 'WP-0001',
  kind: 'water-pressure',
  name: { zh: '末端测压点', en: 'End point' },
  area: 'village',
  road: null,
  parent: null,
  organisation: 'water-company',
  location: [118.4, 33.9],
  attributes: { role: 'end', minPressure: 0.14 },
  reportInterval: 300,
};

const DEVICE_KEYS = [
  'aliases',
  'area',
  'attributes',
  'componentCode',
  'gateway',
  'gridCell',
  'id',
  'inService',
  'kind',
  'location',
  'maintainer',
  'name',
  'organisation',
  'owner',
  'parent',
  'power',
  'reportInterval',
  'retiredAt',
  'road',
  'sampleInterval',
];

describe('registering a device', () => {
  it('answers 201 with the device and its credentials, and says where it is', async () => {
    const town = new MemoryTown();
    const ask = asking(town);
    const answer = await ask('POST', '/api/v1/devices', { payload: EXAMPLE });
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe('/api/v1/devices/WP-0001');
    expect(Object.keys(answer.json).sort()).toEqual(['credentials', 'device']);
    expect(answer.json.device).toMatchObject(EXAMPLE);
    expect(Object.keys(answer.json.device).sort()).toEqual(DEVICE_KEYS);
    expect(answer.json.credentials).toEqual({ username: 'WP-0001', secret: 'secret-number-1' });
    expect(town.devices.deeds).toEqual(['admin registers WP-0001']);
  });

  it('never shows the secret again', async () => {
    const ask = asking(new MemoryTown());
    const { json } = await ask('POST', '/api/v1/devices', { payload: { ...EXAMPLE, secret: 'a-vendors-own-secret' } });
    expect(json.credentials.secret).toBe('a-vendors-own-secret');
    for (const path of ['/devices', '/devices/WP-0001']) {
      expect((await ask('GET', `/api/v1${path}`)).text).not.toContain('a-vendors-own-secret');
    }
  });

  it('takes everything that DESIGN.md §4 says of a device', async () => {
    const ask = asking(new MemoryTown());
    const all = {
      ...EXAMPLE,
      ...{ gateway: 'WP-0000', sampleInterval: 60, power: 'switched', owner: '水投集团', maintainer: '供水所' },
      ...{ aliases: ['861234567890123'], gridCell: 'LL-01', componentCode: '321311' },
      inService: { from: '2026-11-01T00:00:00+08:00', to: null },
    };
    const { json } = await ask('POST', '/api/v1/devices', { payload: all });
    expect(json.device).toEqual({
      ...all,
      inService: { from: '2026-10-31T16:00:00.000Z', to: null },
      retiredAt: null,
    });
  });

  it('takes instants of the service in epoch milliseconds, too', async () => {
    const ask = asking(new MemoryTown());
    const inService = { from: Date.parse('2026-11-01T00:00:00Z'), to: null };
    const { json } = await ask('POST', '/api/v1/devices', { payload: { ...EXAMPLE, inService } });
    expect(json.device.inService).toEqual({ from: '2026-11-01T00:00:00.000Z', to: null });
  });

  it('refuses one that is there already: 409', async () => {
    const ask = asking(new MemoryTown());
    await ask('POST', '/api/v1/devices', { payload: EXAMPLE });
    const again = await ask('POST', '/api/v1/devices', { payload: EXAMPLE });
    expect(expectProblem(again, 409, 'conflict')).toEqual([]);
    expect(again.json.detail).toContain('WP-0001');
  });

  it('names everything that does not fit by its path: 422', async () => {
    const ask = asking(new MemoryTown());
    const { kind: _, ...rest } = EXAMPLE;
    const wrong = {
      ...rest,
      area: 'no id',
      reportInterval: 0.5,
      location: [118.4, 133.9],
      colour: 'red',
      secret: 'short',
    };
    const answer = await ask('POST', '/api/v1/devices', { payload: wrong });
    const paths = expectProblem(answer, 422, 'invalid');
    expect(paths.sort()).toEqual(['area', 'colour', 'kind', 'location.1', 'reportInterval', 'secret']);
    const messages = Object.fromEntries(
      answer.json.errors.map((e: { path: string; message: string }) => [e.path, e.message]),
    );
    expect(messages.kind).toBe('is missing');
    expect(messages.colour).toContain('unknown key');
    expect(answer.text).not.toContain('"short"');
  });

  it('hands on what the registry finds wrong, path by path', async () => {
    const ask = asking(new MemoryTown());
    const attributes = { minPressure: '0.14' };
    const answer = await ask('POST', '/api/v1/devices', { payload: { ...EXAMPLE, attributes } });
    expect(expectProblem(answer, 422, 'invalid')).toEqual(['attributes.minPressure']);
    expect((await ask('GET', '/api/v1/devices')).json.items).toEqual([]);
  });

  it('says how a time in service is written, and that it ends after it begins', async () => {
    const ask = asking(new MemoryTown());
    const said = async (inService: unknown) => {
      const answer = await ask('POST', '/api/v1/devices', { payload: { ...EXAMPLE, inService } });
      expect(expectProblem(answer, 422, 'invalid')).toEqual(['inService']);
      return answer.json.errors[0].message;
    };
    expect(await said('sometimes')).toContain('always, auto');
    expect(await said({ from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' })).toContain('ends before it begins');
  });

  it('asks for a body', async () => {
    const ask = asking(new MemoryTown());
    expect(expectProblem(await ask('POST', '/api/v1/devices'), 422, 'invalid')).toEqual(['']);
  });
});

/** Six devices that differ in everything a list can be filtered by. */
function sixDevices(): MemoryTown {
  const town = new MemoryTown();
  const { devices, verdicts } = town;
  devices.add({ id: 'WP-2', area: 'village' });
  devices.add({ id: 'WP-1', area: 'lailong', organisation: 'urban-management' });
  devices.add({ id: 'LC-1', kind: 'lighting-controller', organisation: 'urban-management', parent: 'F-1' });
  devices.add({ id: 'LC-2', kind: 'lighting-controller', area: 'lailong', parent: 'F-1' });
  devices.add({ id: 'LC-3', kind: 'lighting-controller' });
  devices.add({ id: 'OLD', retiredAt: Date.parse('2026-10-01T00:00:00Z') });
  verdicts.set('WP-2', 'breach').set('LC-1', 'breach').set('LC-3', 'ok');
  return town;
}

describe('the list of devices', () => {
  it.each([
    ['', ['LC-1', 'LC-2', 'LC-3', 'OLD', 'WP-1', 'WP-2']],
    ['kind=lighting-controller', ['LC-1', 'LC-2', 'LC-3']],
    ['area=village', ['LC-1', 'LC-3', 'OLD', 'WP-2']],
    ['area=lailong', ['LC-1', 'LC-2', 'LC-3', 'OLD', 'WP-1', 'WP-2']],
    ['organisation=urban-management', ['LC-1', 'WP-1']],
    ['parent=F-1', ['LC-1', 'LC-2']],
    ['verdict=breach', ['LC-1', 'WP-2']],
    ['verdict=unknown', ['LC-2', 'OLD', 'WP-1']],
    ['q=lc-', ['LC-1', 'LC-2', 'LC-3']],
    ['kind=lighting-controller&parent=F-1&area=village&verdict=breach&organisation=urban-management&q=1', ['LC-1']],
    ['verdict=silent', []],
  ])('?%s', async (query, ids) => {
    const { status, json } = await asking(sixDevices())('GET', `/api/v1/devices?${query}`);
    expect(status).toBe(200);
    expect(json.items.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(json.next).toBe(null);
  });

  it('shows each device with its verdict', async () => {
    const { json } = await asking(sixDevices())('GET', '/api/v1/devices');
    expect(Object.keys(json.items[0]).sort()).toEqual([...DEVICE_KEYS, 'verdict'].sort());
    expect(json.items[0]).toMatchObject({ id: 'LC-1', verdict: 'breach', retiredAt: null, inService: 'always' });
    expect(json.items[3]).toMatchObject({ id: 'OLD', verdict: 'unknown', retiredAt: '2026-10-01T00:00:00.000Z' });
  });

  it.each([
    ['kind=water-presure', 'kind', 'water-pressure'],
    ['area=vilage', 'area', 'village'],
    ['organisation=water-compny', 'organisation', 'water-company'],
    ['parent=F-2', 'parent', 'F-1'],
    ['verdict=breech', 'verdict', 'breach'],
    ['colour=red', 'colour', 'unknown key'],
    ['limit=1001', 'limit', '1000'],
    ['limit=0', 'limit', '1'],
    ['limit=many', 'limit', 'number'],
    ['cursor=nonsense', 'cursor', 'is no cursor of this list'],
    ['q=a&q=b', 'q', 'string'],
  ])('?%s is 422 by its name', async (query, path, hint) => {
    const answer = await asking(sixDevices())('GET', `/api/v1/devices?${query}`);
    expect(expectProblem(answer, 422, 'invalid')).toEqual([path]);
    expect(answer.json.errors[0].message).toContain(hint);
  });

  it('keeps its filters and its order from page to page', async () => {
    const found = (await walk(asking(sixDevices()), '/api/v1/devices?kind=lighting-controller', 2)) as { id: string }[];
    expect(found.map(({ id }) => id)).toEqual(['LC-1', 'LC-2', 'LC-3']);
  });

  it('loses and repeats nobody when devices come and go between two pages', async () => {
    const town = sixDevices();
    const ask = asking(town);
    const first = await ask('GET', '/api/v1/devices?limit=3');
    town.devices.add({ id: 'AA-1' });
    town.devices.add({ id: 'ZZ-1' });
    const rest = await ask('GET', `/api/v1/devices?limit=10&cursor=${first.json.next}`);
    expect(rest.json.items.map(({ id }: { id: string }) => id)).toEqual(['OLD', 'WP-1', 'WP-2', 'ZZ-1']);
  });
});

describe('one device', () => {
  it('is shown with its verdict', async () => {
    const { status, json } = await asking(sixDevices())('GET', '/api/v1/devices/LC-1');
    expect(status).toBe(200);
    expect(Object.keys(json).sort()).toEqual([...DEVICE_KEYS, 'verdict'].sort());
    expect(json).toMatchObject({ id: 'LC-1', parent: 'F-1', verdict: 'breach' });
  });

  it.each([
    ['GET', ''],
    ['GET', '/latest'],
    ['PATCH', ''],
    ['POST', '/credentials'],
    ['POST', '/retire'],
  ] as const)('%s …%s of nobody is 404 and names who was asked for', async (method, path) => {
    const payload = method === 'GET' ? {} : { payload: {} };
    const answer = await asking(new MemoryTown())(method, `/api/v1/devices/NOBODY${path}`, payload);
    expectProblem(answer, 404, 'not-found');
    expect(answer.json.detail).toContain('NOBODY');
  });

  it('is changed where the change names something, and nowhere else', async () => {
    const town = sixDevices();
    const ask = asking(town);
    const before = town.devices.find('LC-1');
    const change = { parent: null, owner: '来龙镇', attributes: { lamps: 30 } };
    const { status, json } = await ask('PATCH', '/api/v1/devices/LC-1', { payload: change });
    expect(status).toBe(200);
    expect(Object.keys(json).sort()).toEqual(DEVICE_KEYS);
    expect(json).toEqual({ ...before, ...change });
    expect(town.devices.deeds).toEqual(['admin amends LC-1']);
  });

  it('keeps its id and its secret out of a change', async () => {
    const ask = asking(sixDevices());
    const answer = await ask('PATCH', '/api/v1/devices/LC-1', {
      payload: { id: 'LC-9', secret: 'a-vendors-own-secret' },
    });
    expect(expectProblem(answer, 422, 'invalid')).toEqual(['id', 'secret']);
  });

  it('gets a new secret, as registering gives one', async () => {
    const town = sixDevices();
    const ask = asking(town);
    for (const body of [undefined, {}]) {
      const answer = await ask('POST', '/api/v1/devices/LC-1/credentials', body === undefined ? {} : { payload: body });
      expect(answer.status).toBe(201);
      expect(Object.keys(answer.json).sort()).toEqual(['credentials', 'device']);
      expect(answer.json.credentials).toEqual({ username: 'LC-1', secret: expect.stringMatching(/^secret-number-/) });
    }
    const named = { headers: { ...AS_ADMIN, 'content-type': 'application/json' } };
    expect((await ask('POST', '/api/v1/devices/LC-1/credentials', named)).status).toBe(201);
    const own = await ask('POST', '/api/v1/devices/LC-1/credentials', { payload: { secret: 'a-vendors-own-secret' } });
    expect(own.json.credentials.secret).toBe('a-vendors-own-secret');
    expect(town.devices.deeds).toEqual(Array(4).fill('admin rotates LC-1'));
    const short = await ask('POST', '/api/v1/devices/LC-1/credentials', { payload: { secret: 'short' } });
    expect(expectProblem(short, 422, 'invalid')).toEqual(['secret']);
  });

  it('is retired, and says since when', async () => {
    const town = sixDevices();
    const { status, json } = await asking(town)('POST', '/api/v1/devices/LC-1/retire');
    expect(status).toBe(200);
    expect(Object.keys(json).sort()).toEqual(DEVICE_KEYS);
    expect(json.retiredAt).toBe('2026-11-23T12:31:05.000Z');
  });

  it.each([
    ['POST', '/devices', EXAMPLE],
    ['PATCH', '/devices/LC-1', { owner: 'me' }],
    ['POST', '/devices/LC-1/credentials', {}],
    ['POST', '/devices/LC-1/retire', {}],
    ['POST', '/devices/import', { format: 'csv', text: 'id\n' }],
  ] as const)('%s %s is no business of a duty officer: 403', async (method, path, payload) => {
    const town = sixDevices();
    const answer = await asking(town)(method, `/api/v1${path}`, { headers: AS_OFFICER, payload });
    expectProblem(answer, 403, 'forbidden');
    expect(town.devices.deeds).toEqual([]);
  });
});
