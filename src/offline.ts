import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AlertBook } from './alerts/book.ts';
import type { Settings } from './config/settings.ts';
import { type Imported, type ImportOrder, importTable } from './history/import/importer.ts';
import { historyStoreOf, transferTargetOf } from './history/stores.ts';
import { type TransferProgress, type Transferred, transfer, unfinishedTransfer } from './history/transfer.ts';
import { Journal, lastArrival } from './journal/journal.ts';
import { steadyClock, systemClock } from './kernel/clock.ts';
import { takeDataDirectory } from './kernel/data-directory.ts';
import { messageOf, type Problem, TownError } from './kernel/errors.ts';
import { noPoint } from './kernel/points.ts';
import { openStore, STORE_FILE, type Store } from './kernel/store.ts';
import { stoppedNow } from './kernel/town-clock.ts';
import type { Device, DeviceInput } from './model/device.ts';
import type { Kinds } from './model/kind.ts';
import { applyDefaults, checkDevices } from './registry/check.ts';
import { readDevices } from './registry/import.ts';
import { loadKinds } from './registry/kinds.ts';
import { Registry } from './registry/registry.ts';
import { loadTown } from './registry/town-folder.ts';
import { Marks } from './reports/marks.ts';
import { watchedPressures } from './reports/record.ts';
import { LampWatch } from './rules/lamp-watch.ts';
import { type ReplayWatch, replayPeriod } from './rules/replay/replay.ts';
import { type ShownResult, shownResult } from './rules/replay/shown.ts';
import { idsOf, loadRulebook } from './rules/rulebook.ts';
import {
  checkRulebook,
  RULEBOOK_FILE,
  type RulebookCheck,
  readRulebookFile,
  surroundings,
} from './rules/rulebook-file.ts';
import { readTests, type TestSurroundings } from './rules/table/read.ts';
import { type Outcome, runTest } from './rules/table/run.ts';

export { probeHistory } from './history/stores.ts';

/** The tests of the rules in a town's folder. */
export const TESTS_FILE = 'rules.test.yaml';

/** Checks a rulebook file, the town's own unless one is given. */
export function checkRulebookFile(settings: Settings, file: string | undefined): RulebookCheck & { path: string } {
  const kinds = loadKinds(settings.devices);
  const { town, plan } = loadTown(settings.town);
  const path = file ?? join(settings.town, RULEBOOK_FILE);
  return { ...checkRulebook(readRulebookFile(path), path, surroundings(kinds, town, plan)), path };
}

/** What came of a file of tests: everything that is wrong with the file, or of each test what came. */
export interface TestedFile {
  path: string;
  problems: readonly Problem[];
  outcomes: readonly (Outcome & { ms: number })[];
  /** Rules of the rulebook that no test of the file is about. */
  untested: readonly string[];
}

/** Runs a file of tests; `now` times them, ms. */
export function testRules(settings: Settings, path: string, now: () => number): TestedFile {
  const bad = (problems: readonly Problem[]): TestedFile => ({ path, problems, outcomes: [], untested: [] });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return bad([{ path, message: `the file cannot be read: ${messageOf(error)}` }]);
  }
  const kinds = loadKinds(settings.devices);
  const read = readTests(text, path, (town, rules) => surroundingsOf(path, town, rules, settings, kinds));
  if (!read.ok) return bad(read.problems);
  const outcomes = read.file.tests.map((test) => {
    const begun = now();
    return { ...runTest(test, read.file, kinds), ms: now() - begun };
  });
  const tested = new Set(read.file.tests.flatMap(({ rules }) => rules));
  const untested = read.file.book.rules.filter((rule) => !idsOf(rule).some((id) => tested.has(id)));
  return { path, problems: [], outcomes, untested: untested.map(({ id }) => id) };
}

/**
 * Replays a period of a data directory that no service runs on.
 * @throws TownError `data-dir-locked` where one does, `rulebook-invalid`, and whatever keeps the data from being read
 */
export async function replayOffline(
  settings: Settings,
  { from, to, text }: { from: number; to: number; text: string | null },
  watch: ReplayWatch,
): Promise<ShownResult> {
  const kinds = loadKinds(settings.devices);
  const { town, plan } = loadTown(settings.town);
  const rulebook = text === null ? null : loadRulebook(text, RULEBOOK_FILE, surroundings(kinds, town, plan));
  const given = rulebook === null ? null : { text: rulebook.text, version: rulebook.version };
  const { dataDir, history: stored } = settings;
  return withStore(dataDir, async (store) => {
    const journal = new Journal(store, systemClock, settings.journal, []);
    const history = historyStoreOf(stored, { dataDir, kinds, town, store, realClock: steadyClock, point: noPoint });
    await history.open();
    try {
      const sources = { journal, history, alerts: new AlertBook(store) };
      return shownResult(await replayPeriod({ from, to, rulebook: given }, sources, kinds, watch), from);
    } finally {
      await history.close();
    }
  });
}

/** What a file of tests stands on: the folder that it names, its own where that is a town's, else the town of the settings. */
function surroundingsOf(
  path: string,
  townFolder: string | undefined,
  rules: string | undefined,
  settings: Settings,
  kinds: Kinds,
): TestSurroundings {
  const beside = dirname(path);
  const own = existsSync(join(beside, 'town.yaml')) ? beside : settings.town;
  const folder = townFolder === undefined ? own : resolve(beside, townFolder);
  const { town, plan } = loadTown(folder);
  const around = surroundings(kinds, town, plan);
  const rulebook = (file: string) => loadRulebook(readRulebookFile(file), file, around);
  const ownRules = existsSync(join(beside, RULEBOOK_FILE)) ? beside : folder;
  let devices: ReadonlyMap<string, Device> | null = null;
  return {
    ...{ kinds, town, book: rulebook(rules === undefined ? join(ownRules, RULEBOOK_FILE) : resolve(beside, rules)) },
    devices: () => {
      devices ??= devicesOf(folder, { kinds, town, isRegistered: () => false });
      return devices;
    },
    register: (input: DeviceInput) => {
      const device = applyDefaults(input, kinds);
      // A gateway may stand further down in the same test.
      return { device, problems: checkDevices([device], { kinds, town, isRegistered: () => true }) };
    },
    rulebook: (file) => rulebook(resolve(beside, file)),
  };
}

function devicesOf(folder: string, around: Parameters<typeof readDevices>[3]): Map<string, Device> {
  const file = join(folder, 'devices.csv');
  if (!existsSync(file)) return new Map();
  const { rows } = readDevices(readFileSync(file, 'utf8'), 'csv', 'wgs84', around);
  return new Map(rows.map(({ device }) => [device.id, applyDefaults(device, around.kinds)]));
}

/** Which history to copy where; `since` in ms. */
export interface HistoryMove {
  from: Settings['history']['store'];
  to: Settings['history']['store'];
  since: number;
  progress: (progress: TransferProgress) => void;
}

/**
 * Copies the town's history from one store into another, while the service is stopped.
 * @throws TownError `data-dir-locked` while it is not, `data-dir-unusable` where there is no town
 */
export function copyHistory(settings: Settings, { from, to, since, progress }: HistoryMove): Promise<Transferred> {
  const kinds = loadKinds(settings.devices);
  const { town } = loadTown(settings.town);
  const { dataDir, history } = settings;
  return withStore(dataDir, (store) => {
    const parts = { dataDir, town, store, realClock: steadyClock, point: noPoint };
    return transfer({
      ...{ kinds, since, store, progress },
      source: historyStoreOf({ ...history, store: from }, { ...parts, kinds }),
      targetOf: (all) => transferTargetOf({ ...history, store: to }, { ...parts, kinds: all }),
    });
  });
}

/**
 * Imports a table of readings into the history, while the service is stopped.
 * @throws TownError `invalid` with what is wrong in the file, by line and column; and as {@link copyHistory}
 */
export function importHistory(
  settings: Settings,
  order: ImportOrder,
  progress: (done: number, total: number) => void,
): Promise<Imported> {
  const kinds = loadKinds(settings.devices);
  const { town } = loadTown(settings.town);
  const { dataDir, history } = settings;
  return withStore(dataDir, (store) => {
    const now = stoppedNow(store, lastArrival(store));
    const nothingChanges = { append: () => Promise.reject(new Error('nobody is registered by an import')) };
    const devices = new Registry(store, nothingChanges, kinds, town, systemClock);
    // What is imported is made up for in the record by the next start: all of its hours count as closed.
    const pressures = new Marks(
      store,
      watchedPressures((id) => devices.find(id)?.inService === 'auto'),
    );
    const watch = new LampWatch(store, devices, town);
    const lamps = new Marks(store, watch);
    for (const marks of [pressures, lamps]) marks.close(now);
    const onlookers = [pressures, watch.onto(lamps)];
    const parts = { dataDir, kinds, town, store, realClock: steadyClock, point: noPoint };
    return importTable(order, { store: historyStoreOf(history, parts), kinds, devices, onlookers, now, progress });
  });
}

/** The copy that is only half made where the settings look for the history; null where it is none, or cannot be known. */
export async function halfCopyIn({ dataDir, history }: Settings): Promise<{ from: string; to: string } | null> {
  try {
    const store = await openStore(dataDir);
    const copy = unfinishedTransfer(store);
    await store.close();
    return copy?.to === history.store ? { from: copy.from, to: copy.to } : null;
  } catch {
    // Why the data cannot be read is another check's to say.
    return null;
  }
}

/** Opens the store of a data directory that nobody else uses, and lets it go afterwards. */
async function withStore<T>(dataDir: string, use: (store: Store) => Promise<T>): Promise<T> {
  if (!existsSync(join(dataDir, STORE_FILE))) {
    const message = `there is no town in ${dataDir}: set TOWNPULSE_DATA_DIR to the data directory`;
    throw new TownError('data-dir-unusable', message);
  }
  const release = takeDataDirectory(dataDir);
  try {
    const store = await openStore(dataDir);
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  } finally {
    release();
  }
}
