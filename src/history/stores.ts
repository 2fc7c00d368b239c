import { join } from 'node:path';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Point } from '../kernel/points.ts';
import type { Store } from '../kernel/store.ts';
import type { Kinds } from '../model/kind.ts';
import type { Town } from '../model/town.ts';
import { standardOffset } from '../model/zone.ts';
import { DuckDbHistory } from './duckdb/store.ts';
import { type Probed, probeInflux } from './influx/probe.ts';
import { InfluxHistory } from './influx/store.ts';
import type { HistoryStore } from './port.ts';
import { type HistorySettings, influxAddress } from './settings.ts';

/** What a store of readings stands on, besides its settings. */
export interface HistoryParts {
  dataDir: string;
  kinds: Kinds;
  /** Its days and months begin at its own midnight. */
  town: Pick<Town, 'timeZone'>;
  /** Where one that lies on a server keeps what belongs to this machine. */
  store: Store;
  realClock: Clock;
  point: Point;
}

/** The store of readings that the settings name, not opened yet. */
export function historyStoreOf(
  settings: HistorySettings,
  { dataDir, kinds, town, store, realClock, point }: HistoryParts,
): HistoryStore {
  const options = { origin: -standardOffset(town.timeZone), point };
  if (settings.store === 'influxdb')
    return new InfluxHistory(influxAddress(settings), store, kinds, realClock, options);
  return new DuckDbHistory(join(dataDir, 'history.duckdb'), kinds, settings.memory, options);
}

/** Asks the server that keeps the history how it is, for the doctor; null where it is kept in the data directory. */
export async function probeHistory(settings: HistorySettings): Promise<Probed | null> {
  return settings.store === 'influxdb' ? probeInflux(influxAddress(settings), systemClock) : null;
}
