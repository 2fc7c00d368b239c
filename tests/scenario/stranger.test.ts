import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKEN } from '../support/service-client.ts';
import { isInstalled, run } from './support/command.ts';
import { LocalService } from './support/local-service.ts';

const missing = ['mosquitto_pub', 'curl'].filter((program) => !isInstalled(program));
const unless = missing.length === 0 ? '' : ` (needs ${missing.join(' and ')}: npm run servers)`;
const WITHIN_MS = 2_000;

/** What a stranger sends at `ts` (ms), and what must come of it: the newest values, and the pressures of the history. */
const FORMATS: [string, (ts: number) => unknown, { values: object; pressures: number[] }][] = [
  [
    'flat JSON',
    (ts) => ({ ts, seq: 42, pressure: 0.312, battery: 88 }),
    { values: { pressure: 0.312, battery: 88 }, pressures: [0.312] },
  ],
  [
    'an array with times in words, in milliseconds and in seconds',
    (ts) => [
      { ts: new Date(ts - 600_000).toISOString().replace('Z', '+00:00'), values: { pressure: 0.31 } },
      { ts: ts - 300_000, pressure: 0.309 },
      { ts: Math.floor(ts / 1_000), pressure: 0.308 },
    ],
    { values: { pressure: 0.308 }, pressures: [0.31, 0.309, 0.308] },
  ],
  [
    'SenML, in a unit that is not the kind’s',
    (ts) => [
      { bn: 'urn:dev:ID:', bt: ts / 1_000, n: 'pressure', u: 'kPa', v: 311 },
      { n: 'temperature', u: 'Cel', v: 14.5 },
    ],
    { values: { pressure: 0.311, temperature: 14.5 }, pressures: [0.311] },
  ],
  ['a reading without a time', () => ({ pressure: 0.305 }), { values: { pressure: 0.305 }, pressures: [0.305] }],
];

describe.skipIf(missing.length > 0)(`a stranger who knows CONTRACT.md, mosquitto_pub and curl${unless}`, () => {
  let service: LocalService;
  beforeAll(async () => {
    service = await LocalService.start();
  });
  afterAll(() => service.stop());

  async function curl<T>(path: string, ...more: string[]): Promise<T> {
    const auth = ['-sS', '--fail-with-body', '-H', `Authorization: Bearer ${TOKEN}`];
    const { code, out, err } = await run('curl', [...auth, ...more, `${service.url}/api/v1${path}`]);
    expect({ path, code, err, out: code === 0 ? '' : out }).toEqual({ path, code: 0, err: '', out: '' });
    return JSON.parse(out) as T;
  }

  it.each(FORMATS)(
    'registers a device, publishes %s by QoS 1 and reads it back within 2 s',
    async (name, make, wanted) => {
      const device = `WP-${name.replace(/\W+/g, '-').slice(0, 20)}`;
      const registration = { id: device, kind: 'water-pressure', area: 'town-centre', organisation: 'water-company' };
      const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify(registration)];
      const { credentials } = await curl<{ credentials: { username: string; secret: string } }>('/devices', ...json);
      const before = await curl<{ received: number; stored: number }>('/ledger');

      const message = JSON.stringify(make(Date.now())).replace('urn:dev:ID:', `urn:dev:${device}:`);
      const address = ['-h', '127.0.0.1', '-p', String(service.mqttPort), '-u', credentials.username];
      const topic = `lailong/water-pressure/${device}/telemetry`;
      const sent = await run('mosquitto_pub', [
        ...address,
        '-P',
        credentials.secret,
        '-q',
        '1',
        '-t',
        topic,
        '-m',
        message,
      ]);
      expect(sent).toEqual({ code: 0, out: '', err: '' });

      // The acknowledgement is there; now everything has two seconds, asked over and over as an impatient stranger does.
      const deadline = performance.now() + WITHIN_MS;
      const soon = async (check: () => Promise<void>) => {
        for (;;) {
          try {
            return await check();
          } catch (error) {
            if (performance.now() > deadline) throw error;
          }
        }
      };
      await soon(async () => {
        const latest = await curl(`/devices/${device}/latest`);
        expect(latest).toMatchObject({
          device,
          kind: 'water-pressure',
          flags: [],
          online: true,
          values: wanted.values,
        });
      });
      await soon(async () => {
        const { items } = await curl<{ items: { pressure: number }[] }>(`/readings?device=${device}&metric=pressure`);
        expect(items.map(({ pressure }) => pressure)).toEqual(wanted.pressures);
      });
      await soon(async () => {
        const ledger = await curl<{ received: number; stored: number }>('/ledger');
        expect(ledger).toMatchObject({
          ...{ received: before.received + wanted.pressures.length, stored: before.stored + wanted.pressures.length },
          ...{ pending: 0, rejected: 0, balanced: true },
        });
      });
    },
  );

  it('is answered in words where something is wrong', async () => {
    const wrong = { id: 'WP-0X', kind: 'water-presure', area: 'town-centre', organisation: 'water-company' };
    const args = ['-sS', '-H', `Authorization: Bearer ${TOKEN}`, '-H', 'Content-Type: application/json'];
    const { out } = await run('curl', [...args, '-d', JSON.stringify(wrong), `${service.url}/api/v1/devices`]);
    expect(JSON.parse(out)).toMatchObject({ status: 422, code: 'invalid' });
    expect(out).toContain('did you mean water-pressure');
    const refused = await run('mosquitto_pub', [
      ...['-h', '127.0.0.1', '-p', String(service.mqttPort), '-u', 'WP-0X', '-P', 'guessed', '-q', '1'],
      ...['-t', 'lailong/water-pressure/WP-0X/telemetry', '-m', '{"pressure":0.3}'],
    ]);
    expect(refused.code).not.toBe(0);
    const { items } = await curl<{ items: object[] }>('/devices/refused');
    expect(items).toContainEqual(expect.objectContaining({ id: 'WP-0X', reason: 'unknown-device' }));
  });
});
