import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlertBook } from './alerts/book.ts';
import { MovePoints } from './alerts/move-points.ts';
import { Backup } from './backup/backup.ts';
import { Broker } from './broker/broker.ts';
import { Gate } from './broker/gate.ts';
import { countsSince, Intake } from './broker/intake.ts';
import { RefusedLog } from './broker/refused.ts';
import type { Settings } from './config/settings.ts';
import { DeadLetters } from './decode/deadletters.ts';
import { Decoder } from './decode/decoder.ts';
import { compileFields } from './decode/fields.ts';
import { Replay, type ReplayJournal } from './decode/replay.ts';
import { wallApart } from './decode/time.ts';
import { createUnique } from './decode/unique.ts';
import { Exporter } from './history/export/exporter.ts';
import { SeriesQueue } from './history/series-queue.ts';
import { SeriesWriter } from './history/series-writer.ts';
import { historyStoreOf } from './history/stores.ts';
import { HistoryUpkeep } from './history/upkeep.ts';
import { HistoryWriter } from './history/writer.ts';
import { addGauges } from './http/gauges.ts';
import { readinessOf } from './http/readiness.ts';
import { createHttp, type HttpParts } from './http/server.ts';
import { recordChanges } from './journal/changes.ts';
import { Journal, lastArrival } from './journal/journal.ts';
import { Ticker } from './journal/ticker.ts';
import { steadyClock, systemClock } from './kernel/clock.ts';
import { Closers } from './kernel/closers.ts';
import { takeDataDirectory } from './kernel/data-directory.ts';
import { messageOf } from './kernel/errors.ts';
import type { Logger } from './kernel/logger.ts';
import { Metrics } from './kernel/metrics.ts';
import { packageRoot } from './kernel/package-root.ts';
import { noPoint, type Point } from './kernel/points.ts';
import { openStore } from './kernel/store.ts';
import { openTownClock, type TownClock, type TrialRequest } from './kernel/town-clock.ts';
import { Live } from './live/live.ts';
import { balance, ledgerOf, ledgerPoints } from './model/ledger.ts';
import { instant } from './model/primitives.ts';
import { serviceState } from './model/service.ts';
import type { Town } from './model/town.ts';
import { logChannel } from './notify/log-channel.ts';
import { Outbox } from './notify/outbox.ts';
import { importDevices as importList } from './registry/import.ts';
import { loadKinds } from './registry/kinds.ts';
import { Maintenances } from './registry/maintenance.ts';
import { Patrols } from './registry/patrols.ts';
import { Registry } from './registry/registry.ts';
import { adminToken, Tokens } from './registry/tokens.ts';
import { loadTown } from './registry/town-folder.ts';
import { Compliance } from './reports/compliance.ts';
import { Exclusions } from './reports/exclusions.ts';
import { HourlyRecord } from './reports/hourly.ts';
import { Marks } from './reports/marks.ts';
import { PressureHours, watchedPressures } from './reports/record.ts';
import { LampWatch } from './rules/lamp-watch.ts';
import { LightingHours } from './rules/lighting-hours.ts';
import { LightingSeries } from './rules/lighting-series.ts';
import { replaysOf } from './rules/replay/shown.ts';
import { type RulebookChange, surroundings, TownRulebook } from './rules/rulebook-file.ts';
import { RuleRunner } from './rules/runner.ts';
import { lightingRateOf, Standing } from './rules/standing.ts';

/** How to run the service. */
export interface ServiceOptions {
  /** A trial clock instead of the machine's. */
  trial: TrialRequest | null;
  log: Logger;
  /** The simulated town behind the demo; it moves the clock itself. */
  demo?: DemoParts;
  /** Called at the instants at which a kill hurts most. */
  point?: Point;
  /** False gives up durability: for tests that must notice. */
  sync?: boolean;
}

/** What the demo adds to the service. */
export interface DemoParts extends NonNullable<HttpParts['demo']> {
  /** `ok`, or how far the making of history is. */
  progress(): string;
  /** Whether history is being made: then nobody is told of alerts. */
  isMakingHistory(): boolean;
}

/** A running service. */
export interface Service {
  httpPort: number;
  mqttPort: number;
  town: Town;
  clock: TownClock;
  /** Where the administrator's token lies; null where the settings give it. */
  tokenFile: string | null;
  /** Arrival of the newest record that was there at the start (ms); null on a first start. */
  resumedAt: number | null;
  /** Brings the registry to what a list says. @throws TownError `invalid` with every bad row */
  importDevices: HttpParts['importDevices'];
  /** Gives a device a secret; the old one is dead at once. */
  rotate(id: string): Promise<string>;
  /** Reads the rulebook's file anew. @throws TownError `rulebook-invalid`; the one in force stays */
  reloadRules(by: string): Promise<RulebookChange>;
  /** Why no reading is taken right now though the service runs (P5); null while they are. */
  held(): string | null;
  /** Stops in data order; resolves with what went wrong. Twice is once. */
  stop(): Promise<Error[]>;
}

const STOP_DEADLINE_MS = 20_000;
/** Of that, what history and rules have for catching up, each. */
const DRAIN_MS = 6_000;
const HOUSEKEEPING_MS = 5_000;
const PURGE_MS = 60_000;
/** So much longer than a sample may be late the figures that it may change are kept beside the rules. */
const BEYOND_LATE_MS = 5 * 86_400_000;
/** A device is online while it was heard within so many of its report intervals. */
const ONLINE_INTERVALS = 3;

/**
 * Starts the service. It is one straight function, in the order that data take: each step stands on those above it, and
 * what it opens is closed in reverse, at the end as after a failed start.
 * @throws TownError what keeps it from running, with every problem of the town's folder
 */
export async function startService(settings: Settings, options: ServiceOptions): Promise<Service> {
  const { log, point = noPoint, demo } = options;
  const { dataDir, host } = settings;
  const realClock = steadyClock;
  const closers = new Closers();
  const metrics = new Metrics();
  metrics.collectProcess();
  let phase: 'starting' | 'running' | 'stopping' = 'starting';

  try {
    // What the town is, from its files.
    const kinds = loadKinds(settings.devices);
    const { town, plan } = loadTown(settings.town);
    const rulebook = new TownRulebook(settings.town, surroundings(kinds, town, plan));

    // The one store, its clock, and the journal that everything passes through.
    closers.add('data directory', takeDataDirectory(dataDir));
    const store = await openStore(dataDir, { sync: options.sync ?? true });
    closers.add('store', () => store.close());
    const resumedAt = lastArrival(store);
    const clock = await openTownClock(store, resumedAt, options.trial);
    const journal = new Journal(store, clock.clock, settings.journal, ['history', 'rules', 'live'], point);
    const since = await countsSince(store, clock.clock.now());

    // 0: who is who. The files' part of the town goes through the journal like any other change.
    const registry = new Registry(store, journal, kinds, town, clock.clock);
    const patrols = new Patrols(registry, journal, clock.clock);
    const maintenance = new Maintenances(store, registry, journal, clock.clock, town);
    const { token, file: tokenFile, created: isTokenNew } = adminToken(dataDir, settings.adminToken);
    await recordChanges(store, journal, [
      { what: 'town', town },
      { what: 'rulebook', text: rulebook.book.text, version: rulebook.book.version },
    ]);
    const reloadRules = (by: string) =>
      rulebook.reload(({ text, version }) => recordChanges(store, journal, [{ what: 'rulebook', text, version }], by));

    // 1–3: the door, the gate, and what it makes of a message.
    const deadLetters = new DeadLetters(store, settings.deadletters);
    const intake = new Intake(store, kinds);
    const { unique, newest } = createUnique(intake.counts().newestGiven);
    const decoder = new Decoder(compileFields(kinds), registry, settings.decode, unique);
    const held = () => (journal.full() ? 'the journal is full' : store.shortOf(settings.disk.floor));
    const reached = (end: number) => history.reached(end);
    const into: ReplayJournal = { append: (records, alongside) => journal.append(records, alongside), held, reached };
    const gate = new Gate(
      {
        decode: (message) => {
          const arrival = journal.arrival();
          return decoder.decode({ ...message, arrival, wall: wallApart(arrival, systemClock.now()) });
        },
      },
      into,
      {
        count: (messages) => intake.count(messages, newest()),
        keep: (refused, at) => deadLetters.keep({ ...refused, kind: intake.countedAs(refused.kind) }, at),
      },
      realClock,
      log.child({ stage: 'broker' }),
      point,
    );
    const replay = new Replay(deadLetters, decoder, into, intake, log.child({ stage: 'decode' }));
    const refusals = metrics.counter('refused_total', 'Turned away at the MQTT door.', ['reason']);
    const refused = new RefusedLog(clock.clock, (reason) => refusals.inc({ reason }));
    const door = { town: town.id, host, port: settings.mqtt.port };
    const broker = new Broker(door, registry, gate, refused, log.child({ stage: 'broker' }));

    // 5–6: alerts and the telling of them, which the rules write into.
    const [queue, moves] = [new SeriesQueue(store), new MovePoints(store)];
    const alerts = new AlertBook(store, { moved: (alert, move) => queue.add(moves.of(alert, move)) });
    const suppressed = () => (demo?.isMakingHistory() ? 'history' : null);
    const channel = logChannel(log.child({ channel: 'log' }));
    const clocks = { clock: clock.clock, realClock };
    const outbox = new Outbox(store, channel, clocks, log.child({ stage: 'notify' }), suppressed);
    closers.add('notify', () => outbox.stop());

    // 4: what was, what is, and what is wrong; each follows the journal at its own pace.
    const historyStore = historyStoreOf(settings.history, { dataDir, kinds, town, store, realClock, point });
    const marks = new Marks(
      store,
      watchedPressures((id) => registry.find(id)?.inService === 'auto'),
    );
    const lampWatch = new LampWatch(store, registry, town);
    const lampMarks = new Marks(store, lampWatch);
    const history = new HistoryWriter(
      historyStore,
      journal,
      registry,
      { rejectedByStore: (record, detail) => deadLetters.keepRecord(town.id, record, detail) },
      realClock,
      log.child({ stage: 'history' }),
      point,
      marks,
      lampWatch.onto(lampMarks),
    );
    const upkeep = new HistoryUpkeep(historyStore, history, clocks, settings.history, log.child({ stage: 'history' }));
    const live = new Live(journal, store, realClock, log.child({ stage: 'live' }));
    const exporter = new Exporter(historyStore, dataDir, settings.disk.floor);
    exporter.start();
    closers.add('export', () => exporter.stop());
    const rules = new RuleRunner(
      kinds,
      journal,
      store,
      { take: (transitions) => outbox.add(alerts.take(transitions)), taken: () => outbox.wake() },
      realClock,
      log.child({ stage: 'rules' }),
      point,
    );
    const standing = new Standing(rules.engine, rules.checkpoint);
    const lagSeconds = () => history.lag(clock.clock.now(), clock.trial !== null);
    const parts = { history, lagSeconds, journal, store, letters: deadLetters };
    const ticker = new Ticker(journal, clock.clock, log.child({ stage: 'journal' }), {
      paused: () => gate.paused !== null,
      // A history that is being made lags behind the town's hours by far, and nobody is waiting for it.
      state: () => (demo?.isMakingHistory() ? null : serviceState(settings, parts, clock.clock.now())),
    });
    const ruleReplays = replaysOf({ journal, history: historyStore, alerts }, kinds, (text) => rulebook.read(text));
    closers.add('replay', () => ruleReplays.stop());

    addGauges(metrics, { journal, history, lagSeconds, rules, live, broker, alerts, outbox });

    const ledger = async () => {
      await journal.prepareCount(history.progress().cursor);
      return ledgerOf({
        ...{ since, intake: intake.counts(), history: history.progress(), journal, lagSeconds: lagSeconds() },
        ...{ store: settings.history.store, journalMaxBytes: settings.journal.maxBytes, letters: deadLetters },
      });
    };

    // The figures that are kept beside the readings.
    const records = [new LightingSeries(rules.checkpoint)];
    const series = new SeriesWriter({
      ...{ ...clocks, store, history: historyStore, queue, records, log: log.child({ stage: 'history' }) },
      gauges: async (at) => ledgerPoints(await ledger(), history.progress().counts, at),
    });
    const exclusions = new Exclusions({ store, points: registry, journal, marks, town, clock: clock.clock });
    const reported = { marks, points: registry, exclusions, history: historyStore, clock: clock.clock };
    const kept = { ...reported, registry, store, realClock, log: log.child({ stage: 'reports' }) };
    const hours = new PressureHours({ ...reported, town: town.id });
    const record = new HourlyRecord({ ...kept, hours, progress: () => history.progress() });
    const keep = settings.decode.maxAge + BEYOND_LATE_MS;
    const lampHours = new LightingHours({ ...kept, marks: lampMarks, rules, queue, watch: lampWatch, keep });
    const lampProgress = () => rules.alongWith(history.progress());
    const lampRecord = new HourlyRecord({ ...kept, marks: lampMarks, hours: lampHours, progress: lampProgress });
    const compliance = new Compliance({ ...reported, town, plan, record });

    const backup = new Backup({
      ...{ dataDir, floor: settings.disk.floor, town: town.id, store, history: historyStore, realClock },
      held: [journal, series, record, lampRecord],
      figures: (copy, { cursor, counts }) => {
        const copied = new Journal(copy, clock.clock, settings.journal, []);
        const pending = copied.countSamples(cursor);
        const ledger = balance({ intake: new Intake(copy, kinds).counts(), history: counts, pending });
        return { journal: { start: copied.start(), end: copied.end(0) }, ledger };
      },
      log: log.child({ stage: 'backup' }),
    });
    backup.start();
    closers.add('backup', () => backup.stop());

    // 8: the API and the page.
    const rotate = async (id: string, secret?: string) => {
      const issued = await registry.rotate(id, secret);
      broker.disconnect(id);
      return issued;
    };
    const importDevices: HttpParts['importDevices'] = (list, by, dryRun) =>
      importList(list, registry, { kinds, town }, by, dryRun);
    const http = createHttp(
      {
        ...{ log: log.child({ stage: 'http' }), tokens: new Tokens(token) },
        ...{ realClock, clock, town, kinds, metrics, importDevices, refused },
        ...{ compliance, ledger, maintenance, exclusions },
        page: join(packageRoot, 'dist/console'),
        demo: demo ?? null,
        devices: registry,
        administration: {
          register: (registrations, by) => registry.register(registrations, by),
          amend: (id, change, by) => registry.amend(id, change, by),
          rotate,
          retire: async (id, by) => {
            const device = await registry.retire(id, by);
            broker.disconnect(id);
            return device;
          },
        },
        deadLetters: {
          list: (query) => deadLetters.list(query),
          get: (id) => deadLetters.get(id),
          replay: (wish, by) => replay.replay(wish, by),
        },
        makeBackup: () => backup.make(),
        readings: (query) => historyStore.readings(query),
        exportRows: (query, signal) => exporter.make(query, signal),
        latest: (id) => {
          const known = live.of(id);
          const interval = registry.find(id)?.reportInterval ?? 0;
          if (known === undefined) return undefined;
          return { ...known, online: clock.clock.now() - known.heardAt <= ONLINE_INTERVALS * interval * 1_000 };
        },
        verdictOf: (id) => standing.verdictOf(id),
        lightingRate: lightingRateOf(rules, historyStore),
        facilities: (group) => standing.facilitiesNow(group),
        rules: { overview: () => standing.overview(), check: (text) => rulebook.check(text), reload: reloadRules },
        takePatrols: (findings, by) => patrols.take(findings, by),
        ...{ ruleReplays, why: standing.why({ newest: (id) => live.of(id), alerts }) },
        alerts: {
          list: (query) => alerts.list(query),
          get: (id) => {
            const entry = alerts.get(id);
            if (entry === undefined) return undefined;
            const { alert, history: moves } = entry;
            const correction = standing.correctionOf(alert);
            return { ...alert, correction, history: moves, notifications: outbox.toldOf(id) };
          },
        },
        readiness: () => {
          const [paused, speed] = [gate.paused ?? held(), clock.trial?.speed ?? null];
          const parts = { phase, paused, history: history.progress(), rulesError: rules.error(), speed };
          return readinessOf({ ...parts, demo: demo?.progress() ?? null });
        },
      },
      settings.http,
    );
    closers.add('http', () => http.close());

    // Everything is made; now it begins to move, from the end to the beginning.
    await history.start();
    closers.add('history', () => history.stop(DRAIN_MS));
    for (const [name, part] of Object.entries({ series, upkeep, reports: record, lampRecord, live })) {
      part.start();
      closers.add(name, () => part.stop());
    }
    rules.start();
    closers.add('rules', () => rules.stop(DRAIN_MS));
    outbox.start();
    await ticker.start();
    closers.add('ticks', () => ticker.stop());
    const housekeeping = realClock.every('housekeeping', HOUSEKEEPING_MS, () => {
      journal
        .trim(store.shortOf(settings.disk.floor) !== null)
        .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'the journal could not be trimmed'));
      void live.save();
      void journal.prepareCount(history.progress().cursor);
    });
    const purging = realClock.every('purge', PURGE_MS, () => {
      const failed = (error: unknown) => log.warn({ error: messageOf(error) }, 'dead letters could not be purged');
      deadLetters.purge(clock.clock.now()).catch(failed);
    });
    for (const timer of [housekeeping, purging]) closers.add('housekeeping', () => timer.stop());
    const httpPort = await http.listen(host);
    const mqttPort = await broker.listen();
    closers.add('broker', () => broker.stop());
    closers.add('trial clock', () => clock.trial?.stop());

    writeFileSync(join(dataDir, 'cli.url'), `http://${host}:${httpPort}\n`);
    if (isTokenNew) log.info({ file: tokenFile }, "the administrator's token was made; it lies in this file");
    if (clock.trial !== null) {
      log.warn({ now: instant(clock.clock.now()) }, 'TRIAL CLOCK: this town does not live in real time');
      if (demo === undefined) clock.trial.run(options.trial?.speed ?? 1);
    }
    phase = 'running';
    return {
      ...{ httpPort, mqttPort, town, clock, tokenFile, resumedAt, importDevices, reloadRules },
      ...{ rotate: async (id) => (await rotate(id)).credentials.secret, held },
      stop: () => {
        phase = 'stopping';
        return closers.close(realClock, STOP_DEADLINE_MS);
      },
    };
  } catch (error) {
    await closers.close(realClock, STOP_DEADLINE_MS);
    throw error;
  }
}
