import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPacket, publishPackets, text } from '../support/mqtt-packets.ts';
import { LocalService } from './support/local-service.ts';
import { RawSocket } from './support/raw-socket.ts';
import { connectDevice } from './support/signed-in.ts';
import { Witness } from './support/witness.ts';

const SECRET = 'the-secret-of-the-bad-one';
const ID = 'WP-BAD';
const OWN = `lailong/water-pressure/${ID}/telemetry`;
/** CONNACK that lets in [MQTT-3.2]. */
const WELCOME = Buffer.from([0x20, 2, 0, 0]);

const publishOn = (topic: string, payload = '{"pressure":0.31}') =>
  publishPackets(text(topic), [{ id: 1, payload, again: false }]);
/** The header of a PUBLISH of 2 MiB, and as much of it as the service reads before it hears enough. */
const TWO_MEBIBYTES = Buffer.concat([
  Buffer.from([0x32, 0x80, 0x80, 0x80, 0x01]),
  text(OWN),
  Buffer.alloc(64 * 1024, 120),
]);

/** What a signed-in device sends that costs it the connection, and what GET /devices/refused says of it. */
const REFUSED: [string, Buffer, { reason: string; topic: string | null }][] = [
  ['a packet of 2 MiB', TWO_MEBIBYTES, { reason: 'packet-too-large', topic: null }],
  ...(
    [
      ['another device’s topic', 'lailong/water-pressure/WITNESS/telemetry', 'not-your-device'],
      ['the topic of a device that is none', 'lailong/water-pressure/WP-NOBODY/telemetry', 'not-your-device'],
      ['its own id under another kind', `lailong/gas-meter/${ID}/telemetry`, 'wrong-kind'],
      ['a kind that does not exist', `lailong/tea-kettle/${ID}/telemetry`, 'wrong-kind'],
      ['another town', `elsewhere/water-pressure/${ID}/telemetry`, 'bad-topic'],
      ['no telemetry topic at all', 'hello', 'bad-topic'],
      ['a topic of the broker’s own', '$SYS/broker/clients', 'bad-topic'],
      ['a topic with control characters', `lailong/water-pressure/${ID}\u0007/telemetry`, 'bad-topic'],
    ] as const
  ).map(([name, topic, reason]): (typeof REFUSED)[number] => [name, publishOn(topic), { reason, topic }]),
];

/** What is no MQTT at all, or not by its rules: the connection ends, and that is all. */
const BREACHES: [string, Buffer][] = [
  ['a topic with wildcards', publishOn('lailong/water-pressure/+/telemetry')],
  ['a topic with a NUL', publishOn(`lailong/water-pressure/${ID}\0/telemetry`)],
  ['an empty topic', publishOn('')],
  ['a packet of a type that does not exist', Buffer.from([0x00, 0x02, 0x61, 0x62])],
  ['a second CONNECT', connectPacket('again', ID, SECRET)],
  ['a length of five bytes', Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0x01])],
];

describe('P3: what is no payload but a breach ends its own connection, and nothing else', () => {
  let service: LocalService;
  let witness: Witness;

  beforeAll(async () => {
    service = await LocalService.start();
    await service.register([
      { id: ID, kind: 'water-pressure', area: 'town-centre', organisation: 'water-company', secret: SECRET },
    ]);
    witness = await Witness.call(service, connectDevice);
  });
  afterAll(() => service.stop());

  async function signIn(): Promise<RawSocket> {
    const socket = await RawSocket.open(service);
    socket.send(connectPacket('raw', ID, SECRET));
    await socket.answered(WELCOME.length);
    expect(socket.received).toEqual(WELCOME);
    return socket;
  }

  /** Sends it, sees the connection closed without an acknowledgement, and the ledger as it was. */
  async function costsTheConnection(bytes: Buffer): Promise<void> {
    const before = await service.ledger();
    const socket = await signIn();
    socket.send(bytes);
    await socket.closed();
    expect(socket.received).toEqual(WELCOME);
    expect((await service.ledger()).received).toBe(before.received);
  }

  it.each(REFUSED)(
    '%s: no acknowledgement, nothing in the ledger, a line in /devices/refused',
    async (_name, bytes, wanted) => {
      const began = Date.now();
      await costsTheConnection(bytes);
      const { items } = await service.api<{ items: Refusal[] }>('/devices/refused');
      const [newest] = items;
      expect(newest).toMatchObject({ id: ID, ...wanted });
      expect(newest?.address).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(Date.parse(newest?.at ?? '')).toBeGreaterThanOrEqual(began);
      await witness.testify();
    },
  );

  it.each(BREACHES)('%s: the connection ends', async (_name, bytes) => {
    await costsTheConnection(bytes);
    await witness.testify();
  });

  it('another protocol at the door: an HTTP request is shown out', async () => {
    const socket = await RawSocket.open(service);
    socket.send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await socket.closed();
    expect(socket.received.length).toBe(0);
    await witness.testify();
  });

  it('half a packet holds up nobody, and is nothing when its connection breaks', async () => {
    const before = await service.ledger();
    const halfConnect = await RawSocket.open(service);
    halfConnect.send(connectPacket('half', ID, SECRET).subarray(0, 20));
    const halfPublish = await signIn();
    const packet = publishOn(OWN);
    halfPublish.send(packet.subarray(0, packet.length - 5));
    await witness.testify();
    expect(halfPublish.isClosed).toBe(false);
    halfPublish.socket.destroy();
    await witness.testifyInFull();
    expect((await service.ledger()).received - before.received).toBe(2);
  });

  it('a packet in pieces of one byte is a packet', async () => {
    const socket = await signIn();
    socket.socket.setNoDelay(true);
    for (const byte of publishOn(OWN)) socket.send(Buffer.from([byte]));
    await socket.answered(WELCOME.length + 4);
    expect(socket.received.subarray(4)).toEqual(Buffer.from([0x40, 2, 0, 1]));
  });

  it('a client that never reads is served like any other, and holds up nobody', async () => {
    const before = await service.ledger();
    const socket = await signIn();
    socket.socket.pause();
    const count = 20_000;
    const packets = Array.from({ length: count }, (_, at) => ({
      id: at + 1,
      payload: `{"ts":${Date.now() - at},"pressure":0.3}`,
      again: false,
    }));
    socket.send(publishPackets(text(OWN), packets));
    for (let spoken = 0; spoken < 20; spoken++) await witness.testify();
    await witness.testifyInFull();
    expect((await service.ledger()).received - before.received).toBe(count + 21);
    // All its acknowledgements wait for it.
    socket.socket.resume();
    await socket.answered(WELCOME.length + count * 4);
  });
});

interface Refusal {
  at: string;
  id: string;
  address: string;
  reason: string;
  topic: string | null;
}
