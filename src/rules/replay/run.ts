import type { Device } from '../../model/device.ts';
import type { Kinds } from '../../model/kind.ts';
import type { Change, JournalRecord, NewRecord } from '../../model/record.ts';
import type { Sample } from '../../model/sample.ts';
import type { Transition } from '../../model/transition.ts';
import { Engine } from '../engine.ts';
import { LightingRecord } from '../lighting-record.ts';
import { type FiredAlert, FiredAlerts } from './fired.ts';

/** Town time between two ticks that are made anew for what the journal has no more, ms. */
export const PAST_TICK = 60_000;
/** So far ahead of its arrival a sample may be measured (DESIGN.md §4), ms. */
const AHEAD = 300_000;

/** A rulebook to replay by. */
export interface GivenRulebook {
  text: string;
  version: string;
}

/** A reading as the history kept it, and when it arrived (ms). */
export interface PastSample {
  receivedAt: number;
  sample: Sample;
}

/** Something that the history kept of the journal beside readings: a change, or that the service was away. */
export interface PastEvent {
  at: number;
  what: string;
  by: string;
  /** JSON. */
  detail: string;
}

/** Before every sample of an instant. */
const NOTHING: Sample = { device: '', kind: '', ts: Number.NEGATIVE_INFINITY, values: {} };

/** Nobody asks a replay for the record of the lighting rate: it would only take room. */
class NoRecord extends LightingRecord {
  override take(): void {}
}

/**
 * The engine of the service, fed once more. What the journal still has is fed as it is ({@link records}) and gives, by the
 * rulebooks of then, what it gave. What it has no more comes from the history ({@link begin}, {@link rows}, {@link upTo}): rows
 * in the order of their arrival, changes when they were made, ticks at a cadence of their own.
 */
export class ReplayRun {
  readonly #engine: Engine;
  readonly #fired = new FiredAlerts();
  readonly #given: GivenRulebook | null;
  #isGivenInForce = false;
  #offset = 0;
  /** What is still to come of the past, in the order of its arrival, behind those of it that were fed. */
  #waiting: PastSample[] = [];
  #fed = 0;
  #events: PastEvent[] = [];
  #outages: { from: number; to: number }[] = [];
  readonly #unknown = new Map<string, Device>();
  /** Samples that were fed. */
  samples = 0;
  #from = 0;
  #to = 0;
  /** Arrival of what was fed last: arrivals never go back. */
  #at = 0;
  #nextTick = 0;

  /** By the rulebook that is `given`, or by those that were in force. Each transition also goes to `tell`. */
  constructor(kinds: Kinds, given: GivenRulebook | null, tell: (transition: Transition) => void = () => {}) {
    this.#given = given;
    const told = (transition: Transition) => {
      this.#fired.take(transition);
      tell(transition);
    };
    this.#engine = new Engine(kinds, told, new NoRecord());
  }

  /** Feeds what the journal has. */
  records(records: readonly JournalRecord[]): void {
    for (const record of records) {
      if (record.type === 'sample') this.samples++;
      if (this.#given !== null && record.type === 'change' && record.change.what === 'rulebook')
        this.#putInForce(record.at);
      else this.#engine.feed(record);
    }
  }

  /** Begins with the past from `from` to `to`: `events` are all that the history has of the time before it and in it. */
  begin(events: readonly PastEvent[], from: number, to: number): void {
    const before = new Map<string, PastEvent>();
    const others: PastEvent[] = [];
    for (const event of events) {
      if (event.what === 'device') {
        const { device } = JSON.parse(event.detail) as { device: Device };
        // Before its first change a device has the values of its registration: it enters when it is heard of, at the latest.
        if (event.at >= from && !before.has(`device ${device.id}`) && !this.#unknown.has(device.id))
          this.#unknown.set(device.id, device);
        if (event.at < from) before.set(`device ${device.id}`, event);
      } else if (event.at < from && (event.what === 'town' || event.what === 'rulebook')) before.set(event.what, event);
      else if (event.at < from && event.what !== 'away') others.push(event);
    }
    // Their first town and rulebook are better than none where nothing is so old.
    for (const what of ['town', 'rulebook'])
      if (!before.has(what)) {
        const first = events.find((event) => event.what === what);
        if (first !== undefined) before.set(what, first);
      }
    const rank = ({ what }: PastEvent) => (what === 'town' ? 0 : what === 'rulebook' ? 1 : 2);
    for (const event of [...before.values()].sort((a, b) => rank(a) - rank(b))) this.#change(event, from);
    for (const event of others) this.#change(event, from);
    this.#events = events.filter(({ at }) => at >= from);
    this.#outages = this.#events
      .filter(({ what }) => what === 'away')
      .map((event) => ({ from: event.at - awayOf(event), to: event.at }));
    this.#from = this.#nextTick = from;
    this.#to = to;
  }

  /** Takes rows; every row measured before `until` is given by now. */
  rows(rows: readonly PastSample[], until: number): void {
    this.#waiting = this.#waiting.slice(this.#fed);
    this.#fed = 0;
    for (const row of rows) if (this.#isOfNow(row)) this.#waiting.push(row);
    this.#waiting.sort(compareArrivals);
    this.upTo(until - AHEAD);
  }

  /**
   * Takes the next of many rows that come in the order of their arrival, of those measured before `until`; {@link rows} with
   * no more of them ends it. What can be is fed at once, so that no row lives for long.
   */
  row(row: PastSample, until: number): void {
    if (!this.#isOfNow(row)) return;
    if (row.receivedAt >= until - AHEAD) {
      // Behind all that is fed before it: it is in no order yet among the others that wait.
      this.#waiting.push(row);
      return;
    }
    this.#feedWaiting(row);
    this.#passTo(row.receivedAt);
    this.#sample(row);
  }

  /** Lets the past go on to `until`, and not beyond its end: what arrived before is fed. */
  upTo(until: number): void {
    const at = Math.min(until, this.#to);
    this.#feedWaiting({ receivedAt: at, sample: NOTHING });
    this.#passTo(at);
  }

  /** What fired, in the order in which it did. */
  result(): FiredAlert[] {
    return this.#fired.all();
  }

  /** What arrived before was of another time; what arrives later is in the journal. */
  #isOfNow({ receivedAt }: PastSample): boolean {
    return receivedAt >= this.#from && receivedAt < this.#to;
  }

  /** Feeds those waiting that arrived before another. */
  #feedWaiting(other: PastSample): void {
    for (; this.#fed < this.#waiting.length; this.#fed++) {
      const row = this.#waiting[this.#fed] as PastSample;
      if (compareArrivals(row, other) >= 0) break;
      this.#passTo(row.receivedAt);
      this.#sample(row);
    }
  }

  /** Ticks and changes up to `at`. */
  #passTo(at: number): void {
    for (;;) {
      const event = this.#events[0];
      if (event !== undefined && event.at <= at && event.at <= this.#nextTick) {
        this.#events.shift();
        if (event.what === 'away') this.#feed({ type: 'tick', away: awayOf(event) }, event.at);
        else this.#change(event, event.at);
      } else if (this.#nextTick <= at) {
        // While the service was away it had no ticks: the first one after says for how long.
        const isAway = this.#outages.some(({ from, to }) => this.#nextTick > from && this.#nextTick < to);
        if (!isAway) this.#feed({ type: 'tick', away: 0 }, this.#nextTick);
        this.#nextTick += PAST_TICK;
      } else return;
    }
  }

  #sample({ receivedAt, sample }: PastSample): void {
    const newcomer = this.#unknown.size === 0 ? undefined : this.#unknown.get(sample.device);
    if (newcomer !== undefined) {
      this.#unknown.delete(sample.device);
      this.#feed({ type: 'change', change: { what: 'device', device: newcomer }, by: 'history' }, receivedAt);
    }
    this.#feed({ type: 'sample', sample }, receivedAt);
  }

  #change({ detail, by }: PastEvent, at: number): void {
    const change = JSON.parse(detail) as Change;
    if (change.what === 'device') this.#unknown.delete(change.device.id);
    if (change.what === 'rulebook' && this.#given !== null) this.#putInForce(at);
    else this.#feed({ type: 'change', change, by }, at);
  }

  #putInForce(at: number): void {
    if (this.#given === null || this.#isGivenInForce) return;
    this.#isGivenInForce = true;
    this.#feed({ type: 'change', change: { what: 'rulebook', ...this.#given }, by: 'replay' }, at);
  }

  #feed(record: NewRecord, at: number): void {
    this.#at = Math.max(this.#at, at);
    if (record.type === 'sample') this.samples++;
    // Not by a copy: of samples there are millions.
    const whole = record as { at?: number; offset?: number };
    whole.at = this.#at;
    whole.offset = ++this.#offset;
    this.#engine.feed(record as JournalRecord);
  }
}

/** The order in which rows arrived; of one instant that of their own times. */
export function compareArrivals(a: PastSample, b: PastSample): number {
  return a.receivedAt - b.receivedAt || a.sample.ts - b.sample.ts || (a.sample.device < b.sample.device ? -1 : 1);
}

/** For how long the service was away, ms. */
function awayOf({ detail }: PastEvent): number {
  return (JSON.parse(detail) as { ms: number }).ms;
}
