import { randomBytes } from 'node:crypto';
import { connectAsync, type IClientOptions } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalService } from './support/local-service.ts';
import { connectDevice, signIn } from './support/signed-in.ts';
import { Witness } from './support/witness.ts';

const SECRET = 'the-secret-of-this-device';
const ID = 'WP-DOOR';
const BAD_CREDENTIALS = 4;
const NOT_AUTHORIZED = 5;

const device = (id: string, more: object = {}) => ({
  ...{ id, kind: 'water-pressure', area: 'town-centre', organisation: 'water-company', secret: SECRET, ...more },
});

describe('P10: default deny', () => {
  let service: LocalService;
  let witness: Witness;
  beforeAll(async () => {
    service = await LocalService.start();
    await service.register([device(ID), device('WP-GONE'), device('WP-TURNED')]);
    await service.api('/devices/WP-GONE/retire', {});
    witness = await Witness.call(service, connectDevice);
  });
  afterAll(() => service.stop());

  const refused = async () => {
    const { items } = await service.api<{ items: { id: string; reason: string }[] }>('/devices/refused');
    return items.map(({ id, reason }) => `${id} ${reason}`);
  };
  const knock = (options: IClientOptions) =>
    connectAsync(service.mqttUrl, { protocolVersion: 4, reconnectPeriod: 0, ...options }, false).then(
      (client) => client.endAsync(true).then(() => 'let in'),
      (error: { code?: number }) => error.code,
    );

  it.each<[string, IClientOptions, number, string]>([
    ['nobody', {}, BAD_CREDENTIALS, ' unknown-device'],
    ['a name without a secret', { username: ID }, BAD_CREDENTIALS, `${ID} wrong-secret`],
    ['a name with an empty secret', { username: ID, password: '' }, BAD_CREDENTIALS, `${ID} wrong-secret`],
    ['a wrong secret', { username: ID, password: `${SECRET}x` }, BAD_CREDENTIALS, `${ID} wrong-secret`],
    ['a stranger', { username: 'WP-NOBODY', password: SECRET }, BAD_CREDENTIALS, 'WP-NOBODY unknown-device'],
    ['a prototype’s name', { username: '__proto__', password: SECRET }, BAD_CREDENTIALS, '__proto__ unknown-device'],
    ['a retired device', { username: 'WP-GONE', password: SECRET }, NOT_AUTHORIZED, 'WP-GONE retired'],
  ])('MQTT: %s stays outside, and is on the list of the refused', async (_name, options, code, line) => {
    expect(await knock(options)).toBe(code);
    expect((await refused())[0]).toBe(line);
    await witness.testify();
  });

  it('MQTT: nobody subscribes to what devices say', async () => {
    const client = await signIn(service, ID, SECRET);
    for (const topic of ['#', 'lailong/#', `lailong/water-pressure/${ID}/telemetry`, '$SYS/#']) {
      await expect(client.subscribeAsync(topic, { qos: 1 })).rejects.toThrow();
    }
    const heard: string[] = [];
    client.on('message', (topic) => heard.push(topic));
    await witness.testify();
    await client.publishAsync(`lailong/water-pressure/${ID}/telemetry`, '{"pressure":0.3}', { qos: 1 });
    expect(heard).toEqual([]);
  });

  it('MQTT: a last will on another device’s topic is not heard', async () => {
    const topic = 'lailong/water-pressure/WITNESS/telemetry';
    const will = { topic, payload: Buffer.from('{"pressure":0.99}'), qos: 1 as const, retain: false };
    const before = await service.ledger();
    const client = await connectDevice(service, ID, SECRET, { will });
    client.stream.destroy();
    await expect.poll(refused).toContain(`${ID} not-your-device`);
    await witness.testify();
    expect((await service.ledger()).received - before.received).toBe(1);
  });

  it('MQTT: a client id taken by another user throws nobody off', async () => {
    const mine = await signIn(service, ID, SECRET, { clientId: 'the-same' });
    await service.register([device('WP-TWIN')]);
    await signIn(service, 'WP-TWIN', SECRET, { clientId: 'the-same' });
    await mine.publishAsync(`lailong/water-pressure/${ID}/telemetry`, '{"pressure":0.3}', { qos: 1 });
    expect(mine.connected).toBe(true);
  });

  it('MQTT: a rotated secret is dead at once, on the open connection too', async () => {
    const client = await signIn(service, 'WP-TURNED', SECRET);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const { credentials } = await service.api<{ credentials: { secret: string } }>(
      '/devices/WP-TURNED/credentials',
      {},
    );
    await closed;
    expect(await knock({ username: 'WP-TURNED', password: SECRET })).toBe(BAD_CREDENTIALS);
    expect(await knock({ username: 'WP-TURNED', password: credentials.secret })).toBe('let in');
    await witness.testify();
  });

  it('HTTP: every route of the API is shut to whoever has no token, or a wrong one', async () => {
    const { paths } = await service.api<{ paths: Record<string, Record<string, object>> }>('/openapi.json');
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, ID)] as const),
    );
    const guarded = routes.filter(([, path]) => path.startsWith('/api/v1') && path !== '/api/v1/session');
    expect(guarded.length).toBeGreaterThan(15);
    for (const [method, path] of [...guarded, ['GET', '/api/v1/nothing'] as const]) {
      for (const headers of [
        {},
        { authorization: `Bearer ${randomBytes(16).toString('hex')}` },
        { cookie: 'session=guessed' },
      ]) {
        const response = await fetch(service.url + path, { method, headers });
        expect([method, path, response.status]).toEqual([method, path, 401]);
        expect(await response.json()).toMatchObject({ code: 'unauthorized', status: 401 });
      }
    }
    for (const open of ['/healthz', '/readyz']) expect((await fetch(service.url + open)).status).toBe(200);
  });
});
