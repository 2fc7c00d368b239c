import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { FrameLimit, MAX_PACKET_BYTES } from '../../src/broker/frame-limit.ts';

const publish = (bytes: number): Buffer =>
  generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(bytes), qos: 0, dup: false, retain: false } as Packet);

it('packets within the limit pass, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 3_000 }),
      (sizes, cut) => {
        const stream = Buffer.concat([...sizes.map(publish), generate({ cmd: 'pingreq' })]);
        const limit = new FrameLimit();
        for (let at = 0; at < stream.length; at += cut) expect(limit.accept(stream.subarray(at, at + cut))).toBe(true);
      },
    ),
  );
});

it('a packet over the limit is noticed at its header, before its bytes come', () => {
  const limit = new FrameLimit();
  expect(limit.accept(publish(10))).toBe(true);
  expect(limit.accept(publish(MAX_PACKET_BYTES + 10).subarray(0, 5))).toBe(false);
});

it('a packet of just the limit passes', () => {
  const payload = MAX_PACKET_BYTES - 3;
  expect(new FrameLimit().accept(publish(payload))).toBe(true);
  expect(new FrameLimit().accept(publish(payload + 1))).toBe(false);
});

it('a length that never ends is no length', () => {
  expect(new FrameLimit().accept(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80))).toBe(false);
});
