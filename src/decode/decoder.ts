import type { Decoded, Rejected } from '../model/decoded.ts';
import type { Sample, Value } from '../model/sample.ts';
import { type FieldRules, readValue, show } from './fields.ts';
import { LIMITS } from './limits.ts';
import { type RawSample, readPayload, type Unreadable } from './raw.ts';
import { type Placed, placeTimes, readTime, type SentTime, type Window } from './time.ts';

/** What decoding needs to know of the registered devices. */
export interface DeviceDirectory {
  find(id: string): { kind: string; gateway: string | null; retiredAt: number | null } | undefined;
}

/** A message as the gate lets it in. */
export interface Message {
  /** Whoever is connected: the device itself or its gateway. */
  publisher: string;
  /** The kind and device of the topic. */
  kind: string;
  device: string;
  payload: Buffer;
  /** When it arrived, ms of the town. */
  arrival: number;
  /** The wall clock at that moment, ms, where it and the town's are far apart; otherwise null. */
  wall: number | null;
}

/** Gives back `ts`, or the next free millisecond when the device was given that one before. */
export type Unique = (device: string, ts: number) => number;

/** Bytes to samples or reasons. Pure but for `unique`, which remembers what it gave out. */
export class Decoder {
  readonly #fields: FieldRules;
  readonly #directory: DeviceDirectory;
  readonly #window: Window;
  readonly #unique: Unique;

  constructor(fields: FieldRules, directory: DeviceDirectory, window: Window, unique: Unique) {
    this.#fields = fields;
    this.#directory = directory;
    this.#window = window;
    this.#unique = unique;
  }

  /** Makes of a message all that can be made of it, or of its sample at the place `only`. Never throws, whatever the bytes. */
  decode(message: Message, only: number | null = null): Decoded {
    const decoded: Decoded = { samples: [], rejected: [], fields: [], unknown: [] };
    const raw = readPayload(message.payload, message.arrival);
    if (!Array.isArray(raw)) {
      decoded.rejected.push({ ...raw, device: message.device, field: null });
      return decoded;
    }
    const times = raw.map((item) => readTime(isUnreadable(item) ? undefined : item.time));
    const places = placeTimes(times, message.arrival, this.#window, message.wall);
    for (let place = 0; place < raw.length; place++) {
      if (only !== null && place !== only) continue;
      const item = raw[place] as RawSample | Unreadable;
      if (isUnreadable(item)) {
        decoded.rejected.push({ ...item, device: message.device, field: null, place });
        continue;
      }
      const source = this.#sourceOf(item, message);
      const rejected =
        'reason' in source
          ? source
          : this.#keep(source, item, times[place] as SentTime, places[place] as Placed, decoded);
      if (rejected !== null) decoded.rejected.push({ ...rejected, place });
    }
    return decoded;
  }

  /** The device that a sample is of, or why this publisher may not report for it. */
  #sourceOf(item: RawSample, message: Message): Source | Rejected {
    const id = item.device === undefined ? message.device : item.device;
    const named = typeof id === 'string' ? id : null;
    const reject = (reason: Rejected['reason'], detail: string): Rejected => ({
      reason,
      device: named,
      field: null,
      detail,
    });
    const found = named === null ? undefined : this.#directory.find(named);
    if (named === null || found === undefined) return reject('unknown-device', `${show(id)} is not registered`);
    if (named !== message.publisher && found.gateway !== message.publisher) {
      return reject('not-your-device', `${message.publisher} is not the gateway of ${named}`);
    }
    if (named === message.device && found.kind !== message.kind) {
      return reject('wrong-kind', `${named} is a ${found.kind}, not a ${message.kind}`);
    }
    if (found.retiredAt !== null) return reject('retired', `${named} was retired`);
    if (item.fields.length > LIMITS.fields) {
      return reject('too-many-fields', `${item.fields.length} fields; at most ${LIMITS.fields}`);
    }
    return { device: named, kind: found.kind };
  }

  /** Keeps the sample with what is usable of it; gives back why nothing is. */
  #keep(source: Source, item: RawSample, time: SentTime, place: Placed, decoded: Decoded): Rejected | null {
    const { device, kind } = source;
    const rules = this.#fields.get(kind);
    const values: Record<string, Value> = {};
    const unusable: Rejected[] = [];
    let usable = 0;
    for (const field of item.fields) {
      const rule = rules?.get(field.name);
      if (rule === undefined) {
        decoded.unknown.push({ kind, field: field.name.slice(0, 64), example: show(field.value) });
        continue;
      }
      const value = readValue(field.value, field.unit, rule);
      if (typeof value === 'object') unusable.push({ ...value, device, field: field.name });
      else {
        values[field.name] = value;
        usable++;
      }
    }
    if (usable === 0) {
      const detail = 'no field that its kind knows';
      return (
        unusable[0] ?? {
          reason: 'empty',
          device,
          field: null,
          detail,
          ...(item.fields.length > 0 && { isUnknownOnly: true as const }),
        }
      );
    }
    if (time.sent === null && time.unreadable) {
      const detail = `${show(item.time)} is no time: the arrival time was taken`;
      unusable.push({ reason: 'type', device, field: 'ts', detail });
    }
    decoded.fields.push(...unusable);
    const replaced = place.assigned === true || place.deviceTs !== undefined;
    const sample: Sample = { device, kind, ts: replaced ? this.#unique(device, place.ts) : place.ts, values };
    if (typeof item.seq === 'number' && Number.isSafeInteger(item.seq)) sample.seq = item.seq;
    if (place.deviceTs !== undefined) sample.deviceTs = place.deviceTs;
    if (place.assigned === true) sample.assigned = true;
    decoded.samples.push(sample);
    return null;
  }
}

/** The device that a sample is of, allowed and in service. */
interface Source {
  device: string;
  kind: string;
}

function isUnreadable(item: RawSample | Unreadable): item is Unreadable {
  return 'reason' in item;
}
