import { join } from 'node:path';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Store } from '../kernel/store.ts';
import type { Kinds } from '../model/kind.ts';
import { DuckDbHistory } from './duckdb/store.ts';
import { type Probed, probeInflux } from './influx/probe.ts';
import { InfluxHistory } from './influx/store.ts';
import type { HistoryStore } from './port.ts';
import { type HistorySettings, influxAddress } from './settings.ts';

/** What a store of readings stands on, besides its settings. */
export interface HistoryParts {
  dataDir: string;
  kinds: Kinds;
  /** Where one that lies on a server keeps what belongs to this machine. */
  store: Store;
  realClock: Clock;
}

/** The store of readings that the settings name, not opened yet. */
export function historyStoreOf(
  settings: HistorySettings,
  { dataDir, kinds, store, realClock }: HistoryParts,
): HistoryStore {
  if (settings.store === 'influxdb') return new InfluxHistory(influxAddress(settings), store, kinds, realClock);
  return new DuckDbHistory(join(dataDir, 'history.duckdb'), kinds, settings.memory);
}

/** Asks the server that keeps the history how it is, for the doctor; null where it is kept in the data directory. */
export async function probeHistory(settings: HistorySettings): Promise<Probed | null> {
  return settings.store === 'influxdb' ? probeInflux(influxAddress(settings), systemClock) : null;
}
