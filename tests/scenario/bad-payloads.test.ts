import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDevice } from '../support/service-client.ts';
import { LocalService } from './support/local-service.ts';
import { connectDevice, signIn } from './support/signed-in.ts';
import { Witness } from './support/witness.ts';

const SECRET = 'the-secret-of-these-devices';
const device = (id: string, kind: string, more: object = {}): TestDevice => ({
  ...{ id, kind, area: 'town-centre', organisation: 'urban-management', secret: SECRET, ...more },
});
const DEVICES = [
  device('WP-BAD', 'water-pressure'),
  device('LC-GATE', 'lighting-controller'),
  device('LC-CHILD', 'lighting-controller', { gateway: 'LC-GATE' }),
  device('LC-RETIRED', 'lighting-controller', { gateway: 'LC-GATE' }),
  device('LC-STRANGE', 'lighting-controller'),
];
const OWN = 'lailong/water-pressure/WP-BAD/telemetry';
const GATE = 'lailong/lighting-controller/LC-GATE/telemetry';
const CHILD = 'lailong/lighting-controller/LC-CHILD/telemetry';

interface Outcome {
  stored?: number;
  rejected?: number;
  /** Fields that could not be used of samples that could. */
  fields?: number;
  /** The dead letters' reasons, newest first. */
  letters: [reason: string, field: string | null][];
}

const whole = (reason: string): Outcome => ({ rejected: 1, letters: [[reason, null]] });
const json = (value: unknown) => JSON.stringify(value);

/** What is wrong, what is sent and where, and what becomes of it. */
const BAD: [string, { topic?: string; payload: string | Buffer }, Outcome][] = [
  ['text that is not JSON', { payload: 'pressure=0.31' }, whole('malformed')],
  ['JSON that was cut off', { payload: '{"pressure":0.31,"batt' }, whole('malformed')],
  ['a packet without a payload', { payload: '' }, whole('empty')],
  ['an array without samples', { topic: GATE, payload: '[]' }, whole('empty')],
  ['NaN', { payload: '{"pressure":NaN}' }, whole('malformed')],
  ['a bare number', { payload: '42' }, whole('malformed')],
  ['a byte-order mark', { payload: '\ufeff{"pressure":0.31}' }, whole('malformed')],
  ['bytes that are not UTF-8', { payload: Buffer.from('{"pressure":0.31,"\xff":1}', 'latin1') }, whole('malformed')],
  ['NUL in a string', { payload: '{"pressure":0.31,"a\\u0000":1}' }, whole('malformed')],
  ['300 KiB', { payload: json({ pressure: 0.31, note: 'x'.repeat(300 * 1024) }) }, whole('too-large')],
  ['depth 50', { payload: `${'['.repeat(50)}{"pressure":0.31}${']'.repeat(50)}` }, whole('too-deep')],
  ['10,000 samples', { payload: json(Array(10_000).fill({ pressure: 0.3 })) }, whole('too-many-samples')],
  [
    '65 fields',
    { payload: json(Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`field${at}`, 1]))) },
    whole('too-many-fields'),
  ],
  [
    'a number too large to be finite',
    { payload: '{"pressure":1e999}' },
    { rejected: 1, letters: [['type', 'pressure']] },
  ],
  ['a number in a string', { payload: '{"pressure":"0.31"}' }, { rejected: 1, letters: [['type', 'pressure']] }],
  [
    'a number in a string beside a good field',
    { payload: '{"pressure":"0.31","battery":80}' },
    { stored: 1, fields: 1, letters: [['type', 'pressure']] },
  ],
  [
    'a pressure in kPa sent as MPa',
    { payload: '{"pressure":310,"battery":80}' },
    { stored: 1, fields: 1, letters: [['out-of-range', 'pressure']] },
  ],
  [
    'a unit that is none of a pressure',
    { payload: json([{ bn: 'urn:dev:WP-BAD:', n: 'pressure', u: 'V', v: 3 }]) },
    { rejected: 1, letters: [['unit', 'pressure']] },
  ],
  ['fields that nobody knows', { topic: CHILD, payload: '{"lampslit":12}' }, whole('empty')],
  [
    'one bad sample among good ones',
    { payload: json([{ ts: Date.now() - 2_000, pressure: 0.31 }, 7, { ts: Date.now() - 1_000, pressure: 0.32 }]) },
    { stored: 2, rejected: 1, letters: [['malformed', null]] },
  ],
  [
    'a device that nobody registered',
    { topic: GATE, payload: '{"device":"LC-NOBODY","lampsLit":1}' },
    whole('unknown-device'),
  ],
  [
    'a device of another gateway',
    { topic: GATE, payload: '{"device":"LC-STRANGE","lampsLit":1}' },
    whole('not-your-device'),
  ],
  ['a device that is retired', { topic: GATE, payload: '{"device":"LC-RETIRED","lampsLit":1}' }, whole('retired')],
  [
    'a child under another kind',
    { topic: 'lailong/water-pressure/LC-CHILD/telemetry', payload: '{"pressure":0.31}' },
    whole('wrong-kind'),
  ],
];

describe('P3: a bad payload costs nobody their connection', () => {
  let service: LocalService;
  let witness: Witness;
  let clients: Record<'WP-BAD' | 'LC-GATE', MqttClient>;

  beforeAll(async () => {
    service = await LocalService.start();
    await service.register(DEVICES);
    await service.api('/devices/LC-RETIRED/retire', {});
    witness = await Witness.call(service, connectDevice);
    const connect = (id: string) => connectDevice(service, id, SECRET);
    clients = { 'WP-BAD': await connect('WP-BAD'), 'LC-GATE': await connect('LC-GATE') };
  });
  afterAll(async () => {
    for (const client of Object.values(clients)) await client.endAsync(true);
    await service.stop();
  });

  async function publish(topic: string, payload: string | Buffer): Promise<void> {
    const client = clients[topic.includes('water-pressure/WP') ? 'WP-BAD' : 'LC-GATE'];
    await client.publishAsync(topic, payload, { qos: 1 });
    expect(client.connected).toBe(true);
  }

  it.each(BAD)('%s: acknowledged, and a dead letter says why', async (_name, { topic = OWN, payload }, outcome) => {
    const before = await service.ledger();
    await publish(topic, payload);
    const { stored = 0, rejected = 0, fields = 0, letters } = outcome;
    if (stored > 0) await service.drained(10_000);
    const after = await service.ledger();
    expect({
      stored: after.stored + after.pending - before.stored - before.pending,
      rejected: after.rejected - before.rejected,
      received: after.received - before.received,
      fields: after.fields.rejected - before.fields.rejected,
    }).toEqual({ stored, rejected, received: stored + rejected, fields });
    const { items } = await service.api<{ items: Letter[] }>(`/dead-letters?limit=${letters.length}`);
    expect(items.map(({ reason, field }) => [reason, field])).toEqual(letters);
    for (const letter of items) {
      expect(letter).toMatchObject({ topic, replayed: false });
      expect(letter.detail).not.toBe('');
      expect(letter.payload).toBe(Buffer.from(payload).subarray(0, 4_096).toString());
    }
    if (stored > 0) await witness.testifyInFull();
    else await witness.testify();
  });

  it('a new firmware does not flood: its unknown fields are counted, and one payload an hour is kept', async () => {
    await service.register([device('WP-NEW', 'water-pressure')]);
    const client = await signIn(service, 'WP-NEW', SECRET);
    const before = await service.ledger();
    for (let at = 0; at < 5; at++)
      await client.publishAsync('lailong/water-pressure/WP-NEW/telemetry', `{"turbidity":${at}}`, { qos: 1 });
    await witness.testify();
    const after = await service.ledger();
    expect(after.rejected - before.rejected).toBe(5);
    expect(after.fields.unknown - before.fields.unknown).toBe(5);
    const { items } = await service.api<{ items: Letter[] }>('/dead-letters?device=WP-NEW');
    expect(items.map(({ payload }) => payload)).toEqual(['{"turbidity":0}']);
  });

  it.each([
    ['24 samples dated 1970 are 24 readings, their spacing kept', 24, (at: number) => at * 300],
    ['a timestamp in 2099 becomes the time of arrival', 1, () => Date.parse('2099-01-01T00:00:00Z')],
  ])('%s', async (_name, count, ts) => {
    await service.register([device(`WP-CLOCK-${count}`, 'water-pressure')]);
    const client = await signIn(service, `WP-CLOCK-${count}`, SECRET);
    const began = Date.now();
    const samples = Array.from({ length: count }, (_, at) => ({ ts: ts(at), pressure: 0.3 + at / 1_000 }));
    await client.publishAsync(`lailong/water-pressure/WP-CLOCK-${count}/telemetry`, json(samples), { qos: 1 });
    await witness.testifyInFull();
    const { items } = await service.api<{ items: { ts: string; pressure: number }[] }>(
      `/readings?device=WP-CLOCK-${count}&metric=pressure&from=0`,
    );
    expect(items.map(({ pressure }) => pressure)).toEqual(samples.map(({ pressure }) => pressure));
    const times = items.map(({ ts }) => Date.parse(ts));
    expect(times.at(-1)).toBeGreaterThanOrEqual(began);
    expect(times.slice(1).map((time, at) => time - times[at]!)).toEqual(Array(count - 1).fill(300_000));
    expect(await service.api(`/devices/WP-CLOCK-${count}/latest`)).toMatchObject({ flags: ['clock'], online: true });
  });
});

interface Letter {
  topic: string;
  reason: string;
  field: string | null;
  detail: string;
  payload: string | null;
  replayed: boolean;
}
