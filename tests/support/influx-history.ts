import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfluxHistory } from '../../src/history/influx/store.ts';
import type { HistoryStore, StoreOptions } from '../../src/history/port.ts';
import type { InfluxAddress } from '../../src/history/settings.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { openStore, type Store } from '../../src/kernel/store.ts';
import { SMALL_KINDS } from './kinds.ts';

/** Where histories of a test file lie: a bucket of a real server each, and a folder for what is kept beside it. */
export class InfluxPlaces {
  /** Made with the first place: a suite that is skipped has no end at which it could go. */
  #folder: string | null = null;
  readonly #addresses = new Map<string, Promise<InfluxAddress>>();
  readonly #newAddress: () => Promise<InfluxAddress>;

  constructor(newAddress: () => Promise<InfluxAddress>) {
    this.#newAddress = newAddress;
  }

  newPlace(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'townpulse-influx-'));
    const place = join(this.#folder, String(this.#addresses.size));
    const address = this.#newAddress();
    // Not every place is gone to before its server ends.
    address.catch(() => {});
    this.#addresses.set(place, address);
    return place;
  }

  /** Where a place's bucket is. */
  async address(place: string): Promise<InfluxAddress> {
    const address = this.#addresses.get(place);
    if (address === undefined) throw new Error(`no such place: ${place}`);
    return address;
  }

  /** A history over a place: opened and closed together with its folder, as the service does at its start and end. */
  at(place: string, kinds = SMALL_KINDS, options: StoreOptions = {}): HistoryStore {
    let opened: { store: Store; history: InfluxHistory } | null = null;
    const history = (): InfluxHistory => {
      if (opened === null) throw new Error('not open');
      return opened.history;
    };
    const closed = new InfluxHistory(
      { url: 'http://127.0.0.1:1', bucket: 'none', timeout: 1 },
      NO_STORE,
      kinds,
      systemClock,
    );
    return {
      name: 'influxdb',
      open: async () => {
        if (opened === null) {
          const store = await openStore(place, { sync: false });
          opened = { store, history: new InfluxHistory(await this.address(place), store, kinds, systemClock, options) };
        }
        return opened.history.open();
      },
      rowsAt: (kind, identities) => history().rowsAt(kind, identities),
      commit: (batch) => history().commit(batch),
      readings: (query) => (opened?.history ?? closed).readings(query),
      keep: (points) => (opened?.history ?? closed).keep(points),
      series: (query) => (opened?.history ?? closed).series(query),
      seriesSums: (query) => (opened?.history ?? closed).seriesSums(query),
      rows: (query) => (opened?.history ?? closed).rows(query),
      events: (after, limit) => (opened?.history ?? closed).events(after, limit),
      eventsEnd: () => (opened?.history ?? closed).eventsEnd(),
      kept: () => (opened?.history ?? closed).kept(),
      count: (kind, from) => (opened?.history ?? closed).count(kind, from),
      countBeside: (from) => (opened?.history ?? closed).countBeside(from),
      rollUp: (until) => (opened?.history ?? closed).rollUp(until),
      drop: (horizons) => (opened?.history ?? closed).drop(horizons),
      interrupt: () => opened?.history.interrupt(),
      copyTo: (directory) => history().copyTo(directory),
      close: async () => {
        const now = opened;
        opened = null;
        await now?.history.close();
        await now?.store.close();
      },
    };
  }

  remove(): void {
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }
}

const NO_STORE = { table: () => ({}) } as unknown as Store;
