import { Aedes } from 'aedes';
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';
import { describe, expect, it, vi } from 'vitest';
import { MAX_PACKET_BYTES } from '../../src/broker/frame-limit.ts';
import { Door, topicOf } from './support/door.ts';
import { Peer } from './support/peer.ts';

const OWN = topicOf('WP-1');

function publish(topic: string, payload: string, more: Partial<IPublishPacket> = {}): IPublishPacket {
  return { cmd: 'publish', topic, payload, qos: 1, messageId: 7, dup: false, retain: false, ...more };
}

/** Resolves when everything that `peer` sent so far is handled. */
async function heard(peer: Peer): Promise<void> {
  peer.send({ cmd: 'pingreq' });
  expect((await peer.next()).cmd).toBe('pingresp');
}

describe('who may come in (P10)', () => {
  const secret = (text: string) => Buffer.from(text);

  it.each<[string, Partial<IConnectPacket>, number, string]>([
    ['nobody', {}, 4, ' unknown-device'],
    ['a stranger', { username: 'WP-9', password: secret('the-secret-of-WP-1') }, 4, 'WP-9 unknown-device'],
    ['a device with a wrong secret', { username: 'WP-1', password: secret('guess') }, 4, 'WP-1 wrong-secret'],
    ['a device without a secret', { username: 'WP-1' }, 4, 'WP-1 wrong-secret'],
    [
      'a device with another’s secret',
      { username: 'WP-1', password: secret('the-secret-of-WP-2') },
      4,
      'WP-1 wrong-secret',
    ],
    ['a device that was retired', { username: 'OLD', password: secret('the-secret-of-OLD') }, 5, 'OLD retired'],
    ['a guess at a retired one', { username: 'OLD', password: secret('guess') }, 4, 'OLD wrong-secret'],
  ])('%s is refused by CONNACK and written down', async (_who, fields, code, line) => {
    const door = await Door.open();
    const peer = await door.knock();
    expect(await peer.connect(fields)).toBe(code);
    expect(await peer.closed()).toEqual([]);
    expect(door.turnedAway()).toEqual([line]);
    expect(door.refused.list()[0]).toMatchObject({ at: 1_000, address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  });

  it.each([
    ['3.1.1', { protocolId: 'MQTT', protocolVersion: 4 }],
    ['3.1', { protocolId: 'MQIsdp', protocolVersion: 3, clientId: 'a-client-id-of-more-than-23-letters' }],
  ] as const)('a device with its secret comes in by MQTT %s', async (_version, fields) => {
    const door = await Door.open();
    await door.signIn('WP-1', fields);
    expect([door.broker.connected(), door.turnedAway()]).toEqual([1, []]);
  });

  it('MQTT 5 is told that its version is not spoken here [MQTT-3.1.2-2], and by whom it was asked', async () => {
    const door = await Door.open();
    const peer = await door.knock();
    const fields = { username: 'WP-1', password: secret('the-secret-of-WP-1'), protocolVersion: 5 as const };
    expect(await peer.connect(fields)).toBe(1);
    expect(await peer.closed()).toEqual([]);
    expect(door.turnedAway()).toEqual(['WP-1 protocol']);
  });

  it('nobody comes in while the journal is full: code 3, and in again when it is not', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    door.full = true;
    peer.send(publish(OWN, 'held'));
    await vi.waitFor(() => expect(door.gate.paused).toBe('the journal is full'));
    const late = await door.knock();
    expect(await late.connect({ username: 'WP-2', password: secret('the-secret-of-WP-2') })).toBe(3);
    expect(door.turnedAway()).toEqual(['WP-2 journal-full']);

    door.full = false;
    door.clock.advance(250);
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    await door.signIn('WP-2');
    expect(door.journal).toEqual(['WP-1 for WP-1: held']);
  });
});

describe('what a device may publish (P10)', () => {
  it.each([
    ['another’s topic', topicOf('WP-2'), 'not-your-device'],
    ['the topic of nobody', topicOf('WP-9'), 'not-your-device'],
    ['the topic of a gateway’s child', topicOf('LC-1-1'), 'not-your-device'],
    ['its own under another kind', 'lailong/gas-meter/WP-1/telemetry', 'wrong-kind'],
    ['a topic of another town', 'elsewhere/water-pressure/WP-1/telemetry', 'bad-topic'],
    ['an alert', 'lailong/alerts/water-company/a1', 'bad-topic'],
    ['a topic of the broker’s own', '$SYS/broker/uptime', 'bad-topic'],
    ['a topic that goes on', `${OWN}/more`, 'bad-topic'],
    ['a topic in other letters', OWN.toUpperCase(), 'bad-topic'],
    ['a topic with an empty name', 'lailong//WP-1/telemetry', 'bad-topic'],
    ['a topic with a line end', `${OWN}\n`, 'bad-topic'],
  ])('not on %s: no acknowledgement, nothing kept, the connection ends', async (_what, topic, reason) => {
    for (const qos of [0, 1, 2] as const) {
      const door = await Door.open();
      const peer = await door.signIn('WP-1');
      peer.send(publish(topic, 'x', { qos }));
      expect(await peer.closed()).toEqual([]);
      expect([door.journal, door.turnedAway()]).toEqual([[], [`WP-1 ${reason}`]]);
      expect(door.refused.list()[0]).toMatchObject({ topic, payload: 'x' });
    }
  });

  it('a gateway publishes for its children, and for nobody else', async () => {
    const door = await Door.open();
    const gateway = await door.signIn('LC-1');
    gateway.send(publish(topicOf('LC-1'), 'own'));
    gateway.send(publish(topicOf('LC-1-1'), 'child', { messageId: 8 }));
    expect([await gateway.next(), await gateway.next()]).toMatchObject([{ messageId: 7 }, { messageId: 8 }]);
    expect(door.journal).toEqual(['LC-1 for LC-1: own', 'LC-1 for LC-1-1: child']);
    gateway.send(publish(OWN, 'foreign'));
    await gateway.closed();
    expect(door.turnedAway()).toEqual(['LC-1 not-your-device']);
  });

  it('the one that breaks a rule ends its own connection alone', async () => {
    const door = await Door.open();
    const [good, bad] = [await door.signIn('WP-1'), await door.signIn('WP-2')];
    bad.send(publish(OWN, 'forged'));
    await bad.closed();
    good.send(publish(OWN, 'mine'));
    expect(await good.next()).toMatchObject({ cmd: 'puback' });
    expect(door.journal).toEqual(['WP-1 for WP-1: mine']);
  });
});

describe('a breach of MQTT ends the connection, and is written down', () => {
  /** A PUBLISH that no library would make. */
  const raw = (topic: string) => {
    const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from([0, 7, 0x78])]);
    return Buffer.concat([Buffer.from([0x32, body.length]), body]);
  };

  it.each([
    ['a wildcard in a topic', raw('lailong/water-pressure/+/telemetry')],
    ['all topics', raw('#')],
    ['no topic', raw('')],
    ['a topic of a hundred levels', raw('/'.repeat(100))],
    ['a packet of no type', Buffer.from([0x00, 0x00])],
    ['a second CONNECT', Buffer.from('101000044d5154540402000000046d6f7265', 'hex')],
  ])('%s', async (_what, bytes) => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    peer.sendBytes(bytes);
    expect(await peer.closed()).toEqual([]);
    expect([door.journal, door.turnedAway()]).toEqual([[], ['WP-1 protocol']]);
    expect(door.refused.list()[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a PUBLISH before CONNECT', raw(OWN)],
  ])('%s, from somebody who never said a name', async (_what, bytes) => {
    const door = await Door.open();
    const peer = await door.knock();
    peer.sendBytes(bytes);
    expect(await peer.closed()).toEqual([]);
    expect(door.turnedAway()).toEqual([' protocol']);
  });

  it.each(['break', 'reset'] as const)('but a connection that just breaks is none: %s', async (how) => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    peer[how]();
    await vi.waitFor(() => expect(door.broker.connected()).toBe(0));
    expect(door.turnedAway()).toEqual([]);
  });

  it('a packet over 1 MiB is noticed at its header; one of just 1 MiB is none', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    const most = MAX_PACKET_BYTES - OWN.length - 4;
    peer.send(publish(OWN, 'x'.repeat(most)));
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
    expect(door.journal[0]).toHaveLength('WP-1 for WP-1: '.length + most);

    peer.sendBytes(Buffer.from([0x32, 0x81, 0x80, 0x40]));
    expect(await peer.closed()).toEqual([]);
    expect(door.turnedAway()).toEqual(['WP-1 packet-too-large']);
    expect(door.journal).toHaveLength(1);
  });

  it('a packet over 1 MiB is none for somebody who has not signed in, either', async () => {
    const door = await Door.open();
    const peer = await door.knock();
    peer.sendBytes(Buffer.from([0x10, 0xff, 0xff, 0x7f]));
    expect(await peer.closed()).toEqual([]);
    expect(door.turnedAway()).toEqual([' packet-too-large']);
  });
});

describe('what a device may subscribe to (P10)', () => {
  it.each(['#', '+/+/+/telemetry', OWN, '$SYS/#', 'lailong/alerts/#'])('not to %s', async (topic) => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    peer.send({ cmd: 'subscribe', messageId: 3, subscriptions: [{ topic, qos: 1 }] });
    expect(await peer.next()).toMatchObject({ cmd: 'suback', messageId: 3, granted: [128] });
    const other = await door.signIn('WP-2');
    other.send(publish(topicOf('WP-2'), 'x'));
    expect((await other.next()).cmd).toBe('puback');
    await heard(peer);
  });
});

describe('acknowledgements by quality of service (P1)', () => {
  it('QoS 0 is kept and not answered', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    peer.send(publish(OWN, 'x', { qos: 0 }));
    await heard(peer);
    await vi.waitFor(() => expect(door.journal).toEqual(['WP-1 for WP-1: x']));
  });

  it('QoS 1 is answered when it is synced, and not before', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    const release = door.hold();
    peer.send(publish(OWN, 'x'));
    let answered = false;
    const puback = peer.next().then((packet) => {
      answered = true;
      return packet;
    });
    // Somebody else comes and goes meanwhile: that it is not answered is no matter of having to wait.
    await heard(await door.signIn('WP-2'));
    expect(answered).toBe(false);
    release();
    expect(await puback).toMatchObject({ cmd: 'puback', messageId: 7 });
    expect(door.journal).toEqual(['WP-1 for WP-1: x']);
  });

  it('QoS 2 is received when it is synced, and completed when it is released', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    const release = door.hold();
    peer.send(publish(OWN, 'x', { qos: 2 }));
    let answered = false;
    const pubrec = peer.next().then((packet) => {
      answered = true;
      return packet;
    });
    await heard(await door.signIn('WP-2'));
    expect(answered).toBe(false);
    release();
    expect(await pubrec).toMatchObject({ cmd: 'pubrec', messageId: 7 });
    peer.send({ cmd: 'pubrel', messageId: 7 });
    expect(await peer.next()).toMatchObject({ cmd: 'pubcomp', messageId: 7 });
    expect(door.journal).toEqual(['WP-1 for WP-1: x']);
  });

  it('a retained message is a reading like another: the broker keeps none', async () => {
    const passedOn = vi.spyOn(Aedes.prototype, 'publish');
    const stop = () => passedOn.mockRestore();
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    passedOn.mockClear();
    for (const qos of [0, 1] as const) peer.send(publish(OWN, `${qos}`, { qos, retain: true }));
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
    expect(door.journal).toEqual(['WP-1 for WP-1: 0', 'WP-1 for WP-1: 1']);
    expect(passedOn.mock.calls.map(([packet]) => packet.topic)).toEqual([]);
    stop();
  });
});

describe('a last will', () => {
  const will = (topic: string, more: object = {}) => ({
    topic,
    payload: Buffer.from('last'),
    qos: 1,
    retain: false,
    ...more,
  });

  it('on the device’s own topic is a reading, retained or not', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1', { will: will(OWN, { retain: true }) as never });
    peer.break();
    await vi.waitFor(() => expect(door.journal).toEqual(['WP-1 for WP-1: last']));
  });

  it('on another’s topic is refused', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1', { will: will(topicOf('WP-2')) as never });
    peer.break();
    await vi.waitFor(() => expect(door.turnedAway()).toEqual(['WP-1 not-your-device']));
    expect(door.journal).toEqual([]);
  });

  it('is not said by one that says goodbye', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1', { will: will(OWN) as never });
    peer.send({ cmd: 'disconnect' });
    await peer.closed();
    await vi.waitFor(() => expect(door.broker.connected()).toBe(0));
    expect(door.journal).toEqual([]);
  });

  it('of somebody who was not let in is never said', async () => {
    const door = await Door.open();
    const peer = await door.knock();
    const guess = { username: 'WP-1', password: Buffer.from('guess'), will: will(OWN) as never };
    expect(await peer.connect(guess)).toBe(4);
    await peer.closed();
    await vi.waitFor(() => expect(door.broker.connected()).toBe(0));
    expect(door.journal).toEqual([]);
  });
});

describe('client ids', () => {
  it('of two devices may be the same: neither throws the other off', async () => {
    const door = await Door.open();
    const one = await door.signIn('WP-1', { clientId: 'the-same' });
    const other = await door.signIn('WP-2', { clientId: 'the-same' });
    await heard(one);
    await heard(other);
    expect(door.broker.connected()).toBe(2);
  });

  it('cannot be spelt so that they are another’s', async () => {
    const door = await Door.open();
    const one = await door.signIn('WP-1', { clientId: '1/the-same' });
    const guess = { username: 'WP-1/1', password: Buffer.from('guess'), clientId: 'the-same' };
    expect(await (await door.knock()).connect(guess)).toBe(4);
    await heard(one);
  });

  it('of one device are its own: a connection that comes back takes the place of the one before', async () => {
    const door = await Door.open();
    const before = await door.signIn('WP-1', { clientId: 'the-same' });
    const after = await door.signIn('WP-1', { clientId: 'the-same' });
    await before.closed();
    await heard(after);
  });

  it('need not be given: a device may have several connections', async () => {
    const door = await Door.open();
    const [one, other] = [await door.signIn('WP-1'), await door.signIn('WP-1')];
    await heard(one);
    await heard(other);
  });
});

describe('a secret that is no good any more', () => {
  it('ends every connection of its device, and no other', async () => {
    const door = await Door.open();
    const [one, two] = [await door.signIn('WP-1'), await door.signIn('WP-1')];
    const other = await door.signIn('WP-2');
    door.broker.disconnect('WP-1');
    await one.closed();
    await two.closed();
    await heard(other);
  });

  it('leaves no last word to whoever held it', async () => {
    const door = await Door.open();
    const will = { topic: OWN, payload: Buffer.from('last'), qos: 1, retain: false };
    const peer = await door.signIn('WP-1', { will: will as never });
    door.broker.disconnect('WP-1');
    await peer.closed();
    await vi.waitFor(() => expect(door.broker.connected()).toBe(0));
    expect([door.journal, door.turnedAway()]).toEqual([[], []]);
  });
});

describe('the broker', () => {
  it('says what to do when its port is in use', async () => {
    const door = await Door.open();
    await expect(Door.open(door.port)).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringMatching(
        new RegExp(`MQTT port ${door.port} on 127.0.0.1 is in use: .*TOWNPULSE_MQTT_PORT`),
      ),
    });
  });

  it('answers what it took before it stops, and lets nobody in after (P12)', async () => {
    const door = await Door.open();
    const peer = await door.signIn('WP-1');
    const release = door.hold();
    peer.send(publish(OWN, 'x'));
    await heard(await door.signIn('WP-2'));
    const stopped = door.broker.stop();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(peer.isClosed).toBe(false);
    release();
    await stopped;
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    expect(await peer.closed()).toEqual([]);
    await expect(Peer.open(door.port)).rejects.toThrow('ECONNREFUSED');
    expect(door.journal).toEqual(['WP-1 for WP-1: x']);
  });
});
