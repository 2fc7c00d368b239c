import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { TownError } from '../kernel/errors.ts';
import type { Point } from '../kernel/points.ts';
import type { Store } from '../kernel/store.ts';
import type { Kinds } from '../model/kind.ts';
import type { Town } from '../model/town.ts';
import { standardOffset } from '../model/zone.ts';
import { DuckDbHistory } from './duckdb/store.ts';
import { Marks } from './influx/marks.ts';
import { type Probed, probeInflux } from './influx/probe.ts';
import { Progress } from './influx/progress.ts';
import { InfluxHistory } from './influx/store.ts';
import type { HistoryStore } from './port.ts';
import { type HistorySettings, influxAddress } from './settings.ts';
import { type TransferTarget, unfinishedTransfer } from './transfer.ts';

/** The embedded history, in the data directory. */
const FILE = 'history.duckdb';
/** Where a copy lies until it takes its place. */
const COPY = 'history.copy';

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

/**
 * The store of readings that the settings name, not opened yet.
 * @throws TownError `data-dir-unusable` when it is half a copy of another one
 */
export function historyStoreOf(settings: HistorySettings, parts: HistoryParts): HistoryStore {
  const copy = unfinishedTransfer(parts.store);
  if (copy?.to === settings.store) {
    throw new TownError(
      'data-dir-unusable',
      `the history in ${copy.to} is half a copy of the one in ${copy.from}: finish it with townpulse history copy --from ${copy.from} --to ${copy.to} and what else it was begun with, or set TOWNPULSE_HISTORY=${copy.from}`,
    );
  }
  return storeAt(parts.dataDir, settings, parts);
}

/** The store that the settings name as the target of a copy. */
export function transferTargetOf(settings: HistorySettings, parts: HistoryParts): TransferTarget {
  const { dataDir } = parts;
  if (settings.store === 'influxdb') {
    return {
      store: storeAt(dataDir, settings, parts),
      begin: async () => {
        await new Progress(parts.store).forget();
        await new Marks(parts.store, 0).forget();
      },
      finish: async () => {},
    };
  }
  const folder = join(dataDir, COPY);
  return {
    store: storeAt(folder, settings, parts),
    begin: async () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { mode: 0o750 });
    },
    finish: async () => {
      if (existsSync(join(folder, FILE))) {
        // What is left of the log of the old file is none of the new one.
        rmSync(join(dataDir, `${FILE}.wal`), { force: true });
        renameSync(join(folder, FILE), join(dataDir, FILE));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function storeAt(
  folder: string,
  settings: HistorySettings,
  { kinds, town, store, realClock, point }: HistoryParts,
): HistoryStore {
  const options = { origin: -standardOffset(town.timeZone), point };
  if (settings.store === 'influxdb')
    return new InfluxHistory(influxAddress(settings), store, kinds, realClock, options);
  return new DuckDbHistory(join(folder, FILE), kinds, settings.memory, options);
}

/** Asks the server that keeps the history how it is, for the doctor; null where it is kept in the data directory. */
export async function probeHistory(settings: HistorySettings): Promise<Probed | null> {
  return settings.store === 'influxdb' ? probeInflux(influxAddress(settings), systemClock) : null;
}
