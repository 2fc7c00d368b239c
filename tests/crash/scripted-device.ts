import { telemetryTopic } from '../../src/model/topic.ts';
import type { Feed } from '../support/connection.ts';
import type { TestDevice } from '../support/service-client.ts';
import type { Dice } from './dice.ts';

type Values = Record<string, number>;

/** A sample as it was sent. */
export interface SentSample {
  /** null where none was sent, and the gate had to give one. */
  ts: number | null;
  values: Values;
  /** The message that it was in. */
  message: number;
}

interface Shape {
  kind: string;
  /** What the rules look at: mostly `good`, for a while `bad`. */
  signal: { field: string; good: number; bad: number };
  /** Holds a figure that no other sample of the device has. */
  counter: { field: string; scale: number };
  /** A third field, 0..100. */
  third: string;
  attributes: Record<string, unknown>;
}

const SHAPES: Shape[] = [
  {
    kind: 'water-pressure',
    signal: { field: 'pressure', good: 0.31, bad: 0.1 },
    counter: { field: 'flow', scale: 0.001 },
    third: 'battery',
    attributes: { role: 'end', minPressure: 0.14 },
  },
  {
    kind: 'gas-meter',
    signal: { field: 'leak', good: 0, bad: 60 },
    counter: { field: 'volume', scale: 1 },
    third: 'battery',
    attributes: {},
  },
  {
    kind: 'lighting-controller',
    signal: { field: 'voltage', good: 224, bad: 0 },
    counter: { field: 'energy', scale: 1 },
    third: 'dim',
    attributes: { lamps: 30 },
  },
];

/** The kinds that there are such devices of. */
export const KINDS: readonly string[] = SHAPES.map(({ kind }) => kind);

const DAY = 86_400_000;
/** Town time between two samples of a device that tells of the past days, ms; a device that is up to date: 10. */
const PAST_STEP = 5_000;
const REMEMBERED = 40;

/**
 * A device whose samples come new, late, twice, in parts, corrected, several in a message, without a time, and unusable.
 * Every sample carries a `seq` of its own, and it remembers all that it sent.
 */
export class ScriptedDevice implements Feed {
  readonly clientId: string;
  readonly user: string;
  readonly secret: string;
  readonly topic: string;
  readonly registration: TestDevice;
  /** Usable samples by their seq. */
  readonly samples = new Map<number, SentSample>();
  /** Of what cannot be used, by seq: the message that it was in. */
  readonly unusable = new Map<number, number>();
  /** How often each message was sent. */
  readonly transmissions: number[] = [];
  /** Samples in the messages that were acknowledged. */
  samplesAcknowledged = 0;
  /** How many samples each message holds. */
  readonly #sizes: number[] = [];
  readonly #shape: Shape;
  readonly #dice: Dice;
  readonly #step: number;
  #ts: number;
  #seq = 0;
  /** Times that were left out, to come late. */
  readonly #late: number[] = [];
  /** What is left to say of samples that were sent in part. */
  readonly #parts: { ts: number; values: Values }[] = [];
  /** The newest rows, as they were last sent. */
  readonly #rows: { ts: number; values: Values }[] = [];

  /** The `number`th device; some tell of the past two weeks in quick steps, others of now. */
  constructor(number: number, dice: Dice) {
    const shape = SHAPES[number % SHAPES.length] as Shape;
    const id = `C-${number}`;
    this.#shape = shape;
    this.#dice = dice;
    this.#step = number % 2 === 0 ? PAST_STEP : 10;
    this.#ts = Date.now() - (number % 2 === 0 ? 14 * DAY : 600_000);
    this.secret = `the-secret-of-crash-device-${number}`;
    this.registration = {
      id,
      kind: shape.kind,
      area: 'town-centre',
      organisation: 'town',
      attributes: shape.attributes,
      secret: this.secret,
    };
    this.clientId = this.user = id;
    this.topic = telemetryTopic('lailong', shape.kind, id);
  }

  next(): string {
    const message = this.transmissions.length;
    this.transmissions.push(1);
    this.#sizes.push(1);
    const cast = this.#dice.cast();
    const late = this.#late[0];
    const part = this.#parts[0];
    const row = this.#rows[this.#dice.below(Math.max(1, this.#rows.length))];
    if (cast < 0.02) return this.#unusable(message, this.#text(++this.#seq, this.#ts, { [this.#shape.third]: 1e12 }));
    if (cast < 0.03) return this.#unusable(message, `{"seq":${++this.#seq},`);
    if (cast < 0.05) return this.#sample(message, null, this.#fresh());
    if (cast < 0.08) {
      this.#sizes[message] = 3;
      return `[${[1, 2, 3].map(() => this.#sample(message, this.#tick(), this.#fresh())).join(',')}]`;
    }
    if (cast < 0.14) return this.#sample(message, this.#tick(), this.#halved());
    if (cast < 0.2 && part !== undefined) {
      this.#parts.shift();
      return this.#sample(message, part.ts, part.values);
    }
    if (cast < 0.26 && late !== undefined) {
      this.#late.shift();
      return this.#sample(message, late, this.#fresh());
    }
    if (cast < 0.32 && row !== undefined) return this.#sample(message, row.ts, row.values);
    if (cast < 0.38 && row !== undefined) {
      return this.#sample(message, row.ts, { ...row.values, [this.#shape.third]: this.#dice.below(101) });
    }
    if (cast < 0.44) this.#late.push(this.#tick());
    return this.#sample(message, this.#tick(), this.#fresh());
  }

  acknowledged(index: number): void {
    this.samplesAcknowledged += this.#sizes[index] as number;
  }

  sentAgain(index: number): void {
    this.transmissions[index]!++;
  }

  #unusable(message: number, text: string): string {
    this.unusable.set(this.#seq, message);
    return text;
  }

  #sample(message: number, ts: number | null, values: Values): string {
    const seq = ++this.#seq;
    this.samples.set(seq, { ts, values, message });
    if (ts !== null) {
      const row = this.#rows.find((known) => known.ts === ts);
      if (row === undefined) this.#rows.push({ ts, values });
      else row.values = { ...row.values, ...values };
      if (this.#rows.length > REMEMBERED) this.#rows.shift();
    }
    return this.#text(seq, ts, values);
  }

  #text(seq: number, ts: number | null, values: Values): string {
    return JSON.stringify({ ...(ts === null ? {} : { ts }), seq, ...values });
  }

  #tick(): number {
    this.#ts += this.#step;
    return this.#ts;
  }

  /** All fields of a new sample. */
  #fresh(): Values {
    const { signal, counter, third } = this.#shape;
    // 24 steps are two minutes of the past: long enough for rules that want a minute.
    const bad = Math.floor(this.#ts / this.#step / 24) % 4 === 0;
    return {
      [signal.field]: bad ? signal.bad : signal.good,
      [counter.field]: Math.round((this.#seq + 1) * counter.scale * 1_000) / 1_000,
      [third]: this.#dice.below(101),
    };
  }

  /** A new sample of which the third field follows later. */
  #halved(): Values {
    const { third } = this.#shape;
    const { [third]: rest = 0, ...first } = this.#fresh();
    this.#parts.push({ ts: this.#ts, values: { [third]: rest } });
    return first;
  }
}
