/*
 * The few packets of MQTT 3.1.1 that a publisher needs, written by hand: a client library would take more of the machine
 * than the broker that is measured.
 */

const CONNACK = 2;
const PUBACK = 4;

/** CONNECT with a clean session and no keepalive, so that the measured service is not asked for pings. */
export function connectPacket(clientId: string, user: string, secret: string): Buffer {
  const protocol = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0xc2, 0, 0]);
  const body = Buffer.concat([protocol, text(clientId), text(user), text(secret)]);
  return Buffer.concat([Buffer.from([0x10]), remainingLength(body.length), body]);
}

/** DISCONNECT */
export const DISCONNECT = Buffer.from([0xe0, 0]);

/** One PUBLISH of QoS 1, ready to be written into a buffer. */
export interface Publish {
  id: number;
  /** Text of ASCII letters. */
  payload: string;
  /** Sent before and never acknowledged [MQTT-3.3.1-1]. */
  again: boolean;
}

/** The bytes of several PUBLISH packets on one topic. */
export function publishPackets(topic: Buffer, packets: readonly Publish[]): Buffer {
  let size = 0;
  for (const { payload } of packets) size += 5 + topic.length + 2 + payload.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { id, payload, again } of packets) {
    bytes[at++] = again ? 0x3a : 0x32;
    let rest = topic.length + 2 + payload.length;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    at += topic.copy(bytes, at);
    bytes[at++] = id >>> 8;
    bytes[at++] = id & 255;
    at += bytes.write(payload, at, 'latin1');
  }
  return bytes.subarray(0, at);
}

/** A string as MQTT writes it: two bytes of length, then UTF-8. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >>> 8, bytes.length & 255]), bytes]);
}

function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** What a broker answers a publisher. */
export interface Answers {
  /** CONNACK with its return code; 0 lets in. */
  connected(code: number): void;
  /** PUBACK of a packet id. */
  acknowledged(id: number): void;
}

/** Reads a broker's answers from chunks however they are cut. @throws Error on a packet that a publisher never gets */
export class AnswerReader {
  readonly #answers: Answers;
  #rest: Buffer = Buffer.alloc(0);

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    // CONNACK and PUBACK are four bytes each.
    for (; at + 4 <= bytes.length; at += 4) {
      const type = (bytes[at] as number) >>> 4;
      const last = bytes[at + 3] as number;
      if (type === PUBACK) this.#answers.acknowledged(((bytes[at + 2] as number) << 8) | last);
      else if (type === CONNACK) this.#answers.connected(last);
      else throw new Error(`a publisher was sent a packet of type ${type}`);
    }
    this.#rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }
}
