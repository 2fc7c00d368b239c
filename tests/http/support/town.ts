import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Principal } from '../../../src/http/principal.ts';
import type { FaultKind, RunningFault } from '../../../src/http/resources/demo-faults.ts';
import type { LightingRate, PastLightingRate } from '../../../src/http/resources/lighting-rate.ts';
import type { StandingMaintenance } from '../../../src/http/resources/maintenance.ts';
import type { ReadingItem } from '../../../src/http/resources/readings.ts';
import type { Replay } from '../../../src/http/resources/replays.ts';
import type { HttpParts } from '../../../src/http/server.ts';
import { TrialClock } from '../../../src/kernel/clock.ts';
import { TownError } from '../../../src/kernel/errors.ts';
import { silentLogger } from '../../../src/kernel/logger.ts';
import type { TownClock } from '../../../src/kernel/town-clock.ts';
import type { Exclusion } from '../../../src/model/exclusion.ts';
import { balance } from '../../../src/model/ledger.ts';
import type { PatrolInput } from '../../../src/model/patrol.ts';
import { instant } from '../../../src/model/primitives.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { SMALL_KINDS, SMALL_TOWN } from '../../support/kinds.ts';
import { MemoryAlerts } from './alerts.ts';
import { MemoryRegistry } from './registry.ts';

export const ADMIN_TOKEN = 'admin-token-of-the-test';
export const OFFICER_TOKEN = 'officer-token-of-the-test';
export const AS_ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
export const AS_OFFICER = { authorization: `Bearer ${OFFICER_TOKEN}` };

/** The town's now in these tests. */
export const NOW = Date.parse('2026-11-23T20:31:05.000+08:00');

const PRINCIPALS: Record<string, Principal> = {
  [ADMIN_TOKEN]: { id: 'admin', name: 'administrator', role: 'administrator' },
  [OFFICER_TOKEN]: { id: 'li', name: 'Li', role: 'duty-officer' },
};

const HOURS = { low: 0.97, high: 0.98, reported: 0.98, coverage: 0.99 };
const SOURCES = { telemetry: 2_970, patrol: 0, meter: 0 };

/** A small town in memory, with everything that the API stands on. */
export class MemoryTown implements HttpParts {
  readonly log = silentLogger;
  readonly realClock = new TrialClock(Date.parse('2026-11-24T01:00:00Z'));
  readonly trial = new TrialClock(NOW);
  clock: TownClock = { clock: this.trial, trial: this.trial };
  readonly town = SMALL_TOWN;
  readonly kinds = SMALL_KINDS;
  readonly devices = new MemoryRegistry(this.trial);
  readonly administration = this.devices;
  readonly alerts = new MemoryAlerts();
  readonly verdicts = new Map<string, Verdict>();
  readonly newest = new Map<string, ReturnType<HttpParts['latest']>>();
  /** Stored readings of one metric, by device. */
  readonly stored: { device: string; area: string; metric: string; ts: number; value: number }[] = [];
  readonly letters: ReturnType<HttpParts['deadLetters']['list']>[number][] = [];
  /** What was asked to be replayed, and by whom. */
  readonly replays: object[] = [];
  readonly turnedAway: ReturnType<HttpParts['refused']['list']>[number][] = [];
  readonly faults: RunningFault[] = [];
  readonly notReady: Record<string, string> = {};
  historyDown = false;
  page = join(import.meta.dirname, 'no-console');

  demo: HttpParts['demo'] = null;

  readonly tokens = { authenticate: (token: string) => PRINCIPALS[token] ?? null };
  readonly metrics = { text: async () => 'townpulse_samples_total 7\n' };
  readonly refused = { list: () => this.turnedAway };
  readonly makeBackup: HttpParts['makeBackup'] = async () => ({
    manifest: { madeAt: '2026-11-23T12:31:05.000Z', town: 'lailong' },
    stream: Readable.from(['the bytes ', 'of a backup'], { objectMode: false }),
  });
  exportRows: HttpParts['exportRows'] = async ({ format }) => ({
    stream: Readable.from(['device,ts\n', 'WP-1,1970-01-01T00:00:00.001Z\n'], { objectMode: false }),
    bytes: format === 'csv' ? null : 40,
  });
  readonly verdictOf = (device: string) => this.verdicts.get(device) ?? 'unknown';
  readonly latest = (device: string) => this.newest.get(device);

  /** Turns the town into a demo. */
  becomeDemo(): this {
    const targets = [{ id: 'F-1', name: { zh: '回路1', en: 'Feeder 1' } }];
    const kinds: FaultKind[] = [{ fault: 'feeder-outage', targets }];
    this.demo = {
      officer: { id: 'demo', name: 'Duty officer of the demo', role: 'duty-officer' },
      faults: {
        kinds: () => kinds,
        running: () => this.faults,
        start: (fault, target, duration) => {
          if (!kinds.some((kind) => kind.fault === fault && kind.targets.some(({ id }) => id === target))) {
            const problems = [{ path: 'target', message: `${fault} cannot be given to ${target}` }];
            throw new TownError('invalid', 'no such fault', { problems });
          }
          const startedAt = this.trial.now();
          const started = {
            id: `fault-${this.faults.length + 1}`,
            fault,
            target,
            startedAt,
            endsAt: startedAt + duration,
          };
          this.faults.push(started);
          return started;
        },
        stop: (id) => {
          const at = this.faults.findIndex((fault) => fault.id === id);
          if (at >= 0) this.faults.splice(at, 1);
          return at >= 0;
        },
      },
    };
    return this;
  }

  readiness() {
    const checks = { journal: 'ok', history: 'ok', ...this.notReady };
    return { ready: checks.journal === 'ok', checks };
  }

  ledger() {
    const intake = { kinds: { 'water-pressure': { received: 10, rejected: 1 } }, fieldsRejected: 3, fieldsUnknown: 12 };
    const history = { 'water-pressure': { stored: 7, merged: 1, duplicate: 1, rejected: 0 } };
    return {
      ...balance({ intake, history, pending: { 'water-pressure': 1 } }),
      since: '2026-11-01T00:00:00.000Z',
      fields: { rejected: intake.fieldsRejected, unknown: intake.fieldsUnknown },
      deadLettersPurged: 0,
      history: {
        store: 'duckdb',
        state: 'up' as const,
        lagSeconds: 0.4,
        backlogBytes: 0,
        journalBytes: 73_400_320,
        journalMaxBytes: 8_589_934_592,
      },
    };
  }

  async importDevices(list: Parameters<HttpParts['importDevices']>[0], by: string, dryRun: boolean) {
    return this.devices.bring(list.text, by, dryRun);
  }

  readonly deadLetters: HttpParts['deadLetters'] = {
    list: ({ reason, device, from = 0, to = Infinity, before = Infinity, limit }) =>
      this.letters
        .filter((letter) => letter.id < before && letter.at >= from && letter.at < to)
        .filter((letter) => (reason ?? letter.reason) === letter.reason && (device ?? letter.device) === letter.device)
        .sort((a, b) => b.id - a.id)
        .slice(0, limit),
    get: (id) => this.letters.find((letter) => letter.id === id),
    replay: async (wish, by) => {
      this.replays.push({ ...wish, by });
      const known = (id: number) => this.letters.some((letter) => letter.id === id);
      if (!('ids' in wish)) return { replayed: 2, refused: [], refusedInAll: 0, refusedAgain: 1 };
      const refused = wish.ids.filter((id) => !known(id)).map((id) => ({ id, reason: 'there is no such letter' }));
      return { replayed: wish.ids.length - refused.length, refused, refusedInAll: refused.length, refusedAgain: 0 };
    },
  };

  async readings(query: Parameters<HttpParts['readings']>[0]): Promise<ReadingItem[]> {
    if (this.historyDown) throw new TownError('unavailable', 'the history does not answer: connect ECONNREFUSED');
    const { kind, metric, devices, area, from, to, bucket, groupBy, limit, after } = query;
    const rows = this.stored
      .filter((row) => row.ts >= from && row.ts < to && row.metric === metric)
      .filter((row) => this.devices.find(row.device)?.kind === kind)
      .filter((row) => (devices?.includes(row.device) ?? true) && (area?.includes(row.area) ?? true));
    const items = new Map<string, ReadingItem & { all: number[] }>();
    for (const row of rows) {
      const ts = bucket ? bucket.origin + Math.floor((row.ts - bucket.origin) / bucket.width) * bucket.width : row.ts;
      const group = bucket ? (groupBy ? row[groupBy] : '') : row.device;
      const item = items.get(`${ts} ${group}`) ?? { ts, group, value: row.value, all: [] };
      items.set(`${ts} ${group}`, { ...item, all: [...item.all, row.value] });
    }
    const figures = (all: number[]) => ({
      mean: all.reduce((sum, value) => sum + value, 0) / all.length,
      min: Math.min(...all),
      max: Math.max(...all),
      count: all.length,
    });
    return [...items.values()]
      .sort((a, b) => a.ts - b.ts || (a.group < b.group ? -1 : 1))
      .filter(({ ts, group }) => after === undefined || ts > after.ts || (ts === after.ts && group > after.group))
      .slice(0, limit)
      .map(({ ts, group, value, all }) => {
        if (bucket === undefined) return value === undefined ? { ts, group } : { ts, group, value };
        const wanted = Object.entries(figures(all)).filter(([name]) => query.aggregates.some((one) => one === name));
        return { ts, group, aggregates: Object.fromEntries(wanted) };
      });
  }

  readonly windows: StandingMaintenance[] = [];
  readonly maintenance: HttpParts['maintenance'] = {
    list: (state) => this.windows.filter((window) => state === undefined || window.state === state),
    announce: async (notice, by) => {
      if (notice.subject.id === 'NOBODY') {
        const problems = [{ path: 'subject.id', message: 'no device NOBODY is registered' }];
        throw new TownError('invalid', '1 problem(s)', { problems });
      }
      const id = `window-${this.windows.length + 1}`;
      const window = { id, from: 1_000, ...notice, by, endedBy: null, state: 'running' as const };
      this.windows.unshift({ ...window, from: notice.from ?? 1_000 });
      return this.windows[0] as StandingMaintenance;
    },
    end: async (id, by) => {
      const known = this.windows.find((window) => window.id === id);
      if (known === undefined) throw new TownError('not-found', `no window ${id}`);
      return Object.assign(known, { state: 'over', endedBy: by, to: 2_000 });
    },
  };

  readonly excluded: Exclusion[] = [];
  readonly exclusions: HttpParts['exclusions'] = {
    list: () => this.excluded,
    enter: async (notice, by) => {
      if (notice.subject.id === 'NOBODY') {
        const problems = [{ path: 'subject.id', message: 'no pressure point NOBODY' }];
        throw new TownError('invalid', '1 problem(s)', { problems });
      }
      const exclusion = { id: `exclusion-${this.excluded.length + 1}`, ...notice, by, withdrawnBy: null };
      this.excluded.unshift(exclusion);
      return exclusion;
    },
    withdraw: async (id, by) => {
      const known = this.excluded.find((one) => one.id === id);
      if (known === undefined) throw new TownError('not-found', `no exclusion ${id}`);
      return Object.assign(known, { withdrawnBy: by });
    },
  };

  /** What was handed in, and by whom. */
  readonly patrols: { findings: readonly PatrolInput[]; by: string }[] = [];
  readonly takePatrols: HttpParts['takePatrols'] = async (findings, by) => {
    const wrong = findings.findIndex(({ device }) => device === 'NOBODY');
    if (wrong >= 0) {
      const problems = [{ path: `${wrong}.device`, message: 'no device NOBODY is registered' }];
      throw new TownError('invalid', '1 problem(s); none of the findings was taken', { problems });
    }
    this.patrols.push({ findings, by });
    return findings.map(({ device, ts, lit, by, validFor }) => ({
      device,
      ts: Date.parse(ts),
      lit: Number(lit),
      by,
      validFor,
    }));
  };

  readonly lightingRate: HttpParts['lightingRate'] = {
    now: (group) =>
      group === 'feeder' ? [] : [{ ...rate(NOW), group, sources: SOURCES, lastNight: null } satisfies LightingRate],
    month: (group, month, id = 'lailong') => [
      {
        ...{ group, id, name: rate(NOW).name, month },
        lampHours: { ...HOURS, expected: 1_000.5, lit: 970, out: 20.5, unknown: 10, watched: 300.25 },
        inspection: { ...HOURS, expected: 3_000, lit: 2_930, out: 40, unknown: 30, time: '21:00', nights: 30 },
      },
    ],
    past: async ({ group, from, to, limit, after }) => {
      const points: PastLightingRate[] = [];
      for (let ts = Math.ceil(from / 900_000) * 900_000; ts < to; ts += 900_000)
        points.push({ ...rate(ts), group, ts: instant(ts) });
      return points.filter(({ ts }) => after === undefined || ts > after.ts).slice(0, limit);
    },
  };

  facilities: HttpParts['facilities'] = (group) =>
    group === 'road'
      ? []
      : [
          {
            ...{ rule: 'lighting-facilities-intact', kind: 'lighting-controller', group, id: 'lailong' },
            ...{ name: rate(NOW).name, inService: 100, intact: 95, impaired: 3, unknown: 2, maintained: 1 },
            ...{ low: 0.95, high: 0.97, reported: 0.9694, coverage: 0.98, target: 0.95, verdict: 'ok', reason: null },
            ...{ impairedBy: { 'lighting-box-door': 3 }, at: instant(NOW) },
          },
        ];

  readonly compliance: HttpParts['compliance'] = {
    now: async (group) => [compliance(group, NOW - 86_400_000, NOW)],
    past: async (group, from, to) => [compliance(group, from, to)],
    raised: async (from, to) => {
      const mean = (mean: number, samples: number) => ({
        ...{ from: instant(from), to: instant(to), mean, samples, expected: 288, coverage: samples / 288 },
      });
      const point = (id: string) => ({ id, name: { zh: '点', en: 'Point' }, period: mean(0.26, 288) });
      return [
        { ...point('WP-0001'), baseline: mean(0.21, 288), raised: 0.05, reason: null },
        { ...point('WP-0002'), baseline: mean(0.2, 72), raised: null, reason: 'coverage' },
      ];
    },
  };

  readonly rules: HttpParts['rules'] = {
    overview: () => [
      {
        id: 'low-pressure',
        type: 'threshold',
        kind: 'water-pressure',
        name: { zh: '水压偏低', en: 'Low pressure' },
        severity: 'major',
        organisation: null,
        version: 'sha256:5d1c',
        verdicts: { ok: 29, breach: 1, silent: 0, unknown: 0, idle: 0 },
        worst: [{ subject: { type: 'device', id: 'WP-0001' }, verdict: 'breach' }],
      },
    ],
    check: (text) => {
      const lines = text.split('\n').filter((line) => line.startsWith('- id:'));
      const problems = text.includes('presure')
        ? [{ path: 'rules.yaml:3:9', message: 'no field presure (did you mean pressure?)' }]
        : [];
      return { rules: lines.length, problems };
    },
    reload: async (by) => {
      this.reloadedBy.push(by);
      if (this.spoiltRulebook !== null) throw this.spoiltRulebook;
      return { version: 'sha256:77', added: ['burst'], changed: [], reworded: [], removed: [], kept: 13 };
    },
  };
  readonly ruleReplays: HttpParts['ruleReplays'] = {
    start: ({ from, to, text }) => {
      if (text?.includes('presure'))
        throw new TownError('rulebook-invalid', 'rules.yaml: 1 problem(s)', { problems: [] });
      const tally = { was: 3, would: 2, fired: 0, missed: 1, earlier: 0, later: 0 };
      const alert: NonNullable<Replay['result']>['alerts'][number] = {
        difference: 'missed',
        rule: 'low-pressure',
        subject: { type: 'device', id: 'WP-0001' },
        title: { zh: '水压偏低', en: 'Low pressure' },
        severity: 'major',
        organisation: 'water-company',
        was: new Date(from).toISOString(),
        would: null,
      };
      const replay: Replay = {
        id: 'replay-1',
        state: 'done',
        ...{ progress: 1, error: null, rulebook: text === null ? null : 'sha256:77' },
        ...{ from: new Date(from).toISOString(), to: new Date(to).toISOString() },
        result: {
          ...{
            exactFrom: null,
            notes: [{ zh: '注', en: 'note' }],
            samples: 7,
            total: tally,
            bySeverity: { major: tally },
          },
          ...{ byOrganisation: { 'water-company': tally }, byRule: {}, alerts: [alert], more: 0 },
        },
      };
      this.replay = replay;
      return { ...replay, state: 'running', progress: 0, result: null };
    },
    find: (id) => (id === this.replay?.id ? this.replay : undefined),
    cancel: async (id) => (id === this.replay?.id ? { ...this.replay, state: 'cancelled' as const } : undefined),
  };
  readonly why: HttpParts['why'] = {
    account: (rule, subject) => {
      if (rule !== 'low-pressure') throw new TownError('not-found', `there is no rule ${rule}`);
      const at = new Date(NOW).toISOString();
      const text = { zh: '字', en: 'word' };
      return {
        ...{
          rule,
          version: 'sha256:5d1c',
          subject: { type: 'device', id: subject },
          at,
          verdict: 'breach',
          reason: null,
        },
        ...{ since: at, when: { text: 'pressure < 0.14', figures: '0.12 < 0.14', holds: true }, clear: null },
        samples: [{ device: subject, ts: at, receivedAt: at, values: { pressure: 0.12 } }],
        figures: [{ name: 'spread', value: 0.002, unit: 'MPa', text }],
        looked: [{ text, unit: 'MPa', values: [{ device: null, at, value: 0.12 }] }],
        ...{ expected: { devices: 1 }, exclusions: [{ device: 'WP-2', reason: 'no-limit', since: null, text }] },
        alert: { id: 'a1', startedAt: at, due: at, firedAt: null, heldBy: null },
        timeline: [{ at, alert: 'a1', to: 'pending', reason: 'condition', by: 'rules', text, because: text }],
        timeZone: 'Asia/Shanghai',
        ...{ next: { at, text }, sentences: { zh: ['句'], en: ['sentence'] } },
      };
    },
  };
  replay: Replay | null = null;
  readonly reloadedBy: string[] = [];
  /** What is wrong with the rulebook's file. */
  spoiltRulebook: Error | null = null;
}

function rate(at: number) {
  return {
    id: 'lailong',
    name: { zh: '来龙镇', en: 'Lailong' },
    dark: true,
    expected: 3000,
    lit: 2930,
    out: 40,
    unknown: 30,
    low: 0.9767,
    high: 0.9867,
    reported: 0.9865,
    coverage: 0.99,
    target: 0.97,
    verdict: 'ok' as const,
    reason: null,
    at: instant(at),
    revision: 1,
  };
}

/** What CONTRACT.md §4 shows. */
function compliance(group: 'point' | 'zone' | 'town', from: number, to: number) {
  return {
    ...{ group, id: 'Z-1', name: { zh: '一区', en: 'Zone 1' }, from: instant(from), to: instant(to) },
    ...{ valid: 288, inBounds: 285, expected: 288, low: 285 / 288, high: 285 / 288, rate: 285 / 288, coverage: 1 },
    ...{ excluded: 12, target: 0.97, verdict: 'ok' as const, reason: null },
  };
}
