import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../../src/history/events.ts';
import type { JournalRecord } from '../../../src/model/record.ts';
import type { Transition } from '../../../src/model/transition.ts';
import { Engine } from '../../../src/rules/engine.ts';
import { FiredAlerts } from '../../../src/rules/replay/fired.ts';
import { compareArrivals, PAST_TICK, ReplayRun } from '../../../src/rules/replay/run.ts';
import { versionOf } from '../../../src/rules/rulebook.ts';
import { journals } from '../support/journals.ts';
import { local, Timeline } from '../support/timeline.ts';
import { concentrator, KINDS, pressurePoint } from '../support/town.ts';

const MANY = { timeout: 60_000 };
const LOW = `- { id: low, type: threshold, kind: water-pressure, name: { zh: 低, en: Low }, when: pressure < 0.2, for: 10m, severity: major }
- { id: silent, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 3 intervals, severity: minor }
`;
const given = (text: string) => ({ text, version: versionOf(text) });

/** What the service's own engine made of a journal. */
function live(records: readonly JournalRecord[]): Transition[] {
  const told: Transition[] = [];
  const engine = new Engine(KINDS, (transition) => told.push(transition));
  for (const record of records) engine.feed(record);
  return told;
}

describe('P7: replay = live', () => {
  it('what the journal has gives the same transitions, byte for byte, in pieces of any size', MANY, () => {
    let seen = 0;
    fc.assert(
      fc.property(journals, fc.integer({ min: 1, max: 50 }), (records, size) => {
        const told: Transition[] = [];
        const run = new ReplayRun(KINDS, null, (transition) => told.push(transition));
        for (let at = 0; at < records.length; at += size) run.records(structuredClone(records.slice(at, at + size)));
        const was = live(records);
        seen += was.length;
        expect(JSON.stringify(told)).toBe(JSON.stringify(was));
      }),
      { numRuns: 30 },
    );
    expect(seen).toBeGreaterThan(100);
  });

  it(
    'by another rulebook it gives what the service would have found, had that been in force all the time',
    MANY,
    () => {
      fc.assert(
        fc.property(journals, (records) => {
          const run = new ReplayRun(KINDS, given(LOW), () => {});
          run.records(records);
          let isGiven = false;
          const others = records.flatMap((record) => {
            if (record.type !== 'change' || record.change.what !== 'rulebook') return [record];
            if (isGiven) return [];
            isGiven = true;
            return [{ ...record, change: { what: 'rulebook' as const, ...given(LOW) } }];
          });
          const fired = new FiredAlerts();
          for (const transition of live(others)) fired.take(transition);
          expect(run.result()).toEqual(fired.all());
        }),
        { numRuns: 20 },
      );
    },
  );
});

/** Of what a journal had, what the history kept. */
function past(records: readonly JournalRecord[], book: string | null = null) {
  const run = new ReplayRun(KINDS, book === null ? null : given(book));
  const [first, last] = [records[0] as JournalRecord, records.at(-1) as JournalRecord];
  run.begin(
    records.flatMap((record) => (record.type === 'sample' ? [] : eventsOf(record))),
    first.at,
    last.at + 1,
  );
  const rows = records.flatMap((record) =>
    record.type === 'sample' ? [{ receivedAt: record.at, sample: { ...record.sample } }] : [],
  );
  rows.sort((a, b) => a.sample.ts - b.sample.ts);
  for (let at = 0; at < rows.length; at += 7)
    run.rows(rows.slice(at, at + 7), rows[at + 7]?.sample.ts ?? Number.POSITIVE_INFINITY);
  run.upTo(last.at);
  return run;
}
const shown = (run: ReplayRun) =>
  run
    .result()
    .map(({ rule, subject, startedAt, firedAt, endedAt }) => ({ rule, id: subject.id, startedAt, firedAt, endedAt }));
function liveAlerts(records: readonly JournalRecord[]) {
  const fired = new FiredAlerts();
  for (const transition of live(records)) fired.take(transition);
  return fired.all();
}

describe('what the journal has no more', () => {
  function town() {
    const point = pressurePoint('WP-1', { attributes: {} });
    const logger = pressurePoint('WP-2', { reportInterval: 3_600, attributes: {} });
    const time = new Timeline('2026-11-22T08:00', LOW, [point, logger]);
    time.at('08:00:10').keepsReporting('WP-1', { pressure: 0.4 });
    time.at('08:30:10').keepsReporting('WP-1', { pressure: 0.1 });
    time.at('09:00:10').keepsReporting('WP-1', { pressure: 0.4 });
    // An hour late, out of order with what the other sends.
    time
      .at('09:10')
      .uploads('WP-2', { '08:15': { pressure: 0.1 }, '08:20': { pressure: 0.1 }, '08:40': { pressure: 0.1 } });
    time.at('09:40').fallsSilent('WP-1');
    return time.at('11:00');
  }

  it('is replayed from rows in the order of their arrival, with ticks made anew: the same alerts, to a tick', () => {
    const { records } = town();
    const [was, would] = [liveAlerts(records), past(records).result()];
    expect(was.length).toBeGreaterThanOrEqual(3);
    expect(would.map(({ rule, subject }) => [rule, subject.id])).toEqual(
      was.map(({ rule, subject }) => [rule, subject.id]),
    );
    for (const [index, one] of was.entries()) {
      expect(Math.abs((would[index]?.firedAt ?? 0) - one.firedAt)).toBeLessThanOrEqual(PAST_TICK);
      expect(Math.abs((would[index]?.startedAt ?? 0) - one.startedAt)).toBeLessThanOrEqual(PAST_TICK);
    }
  });

  it('comes to the same a row at a time, in windows of any width, however late rows arrived', MANY, () => {
    let [seen, late] = [0, 0];
    fc.assert(
      fc.property(journals, fc.integer({ min: 1, max: 90 }), (records, minutes) => {
        const [first, last] = [records[0] as JournalRecord, records.at(-1) as JournalRecord];
        const events = records.flatMap((record) => (record.type === 'sample' ? [] : eventsOf(record)));
        const rows = () =>
          records.flatMap((record) =>
            record.type === 'sample' ? [{ receivedAt: record.at, sample: { ...record.sample } }] : [],
          );
        const begun = (tell: (transition: Transition) => void) => {
          const run = new ReplayRun(KINDS, null, tell);
          run.begin(events, first.at, last.at + 1);
          return run;
        };
        const [whole, apiece]: [Transition[], Transition[]] = [[], []];
        const atOnce = begun((transition) => whole.push(transition));
        atOnce.rows(rows(), Number.POSITIVE_INFINITY);
        const oneByOne = begun((transition) => apiece.push(transition));
        const width = minutes * 60_000;
        const times = rows().map(({ sample }) => sample.ts);
        const end = Math.max(last.at, ...times) + 1;
        for (let from = Math.min(first.at, ...times); from < end; from += width) {
          const until = from + width;
          const window = rows().filter(({ sample }) => sample.ts >= from && sample.ts < until);
          for (const row of window.sort(compareArrivals)) oneByOne.row(row, until);
          oneByOne.rows([], until);
          late += window.filter(({ receivedAt }) => receivedAt >= until).length;
        }
        for (const run of [atOnce, oneByOne]) run.upTo(last.at + 1);
        seen += whole.length;
        expect(JSON.stringify(apiece)).toBe(JSON.stringify(whole));
        expect(oneByOne.samples).toBe(atOnce.samples);
      }),
      { numRuns: 20 },
    );
    expect(seen).toBeGreaterThan(50);
    expect(late).toBeGreaterThan(0);
  });

  it('goes by another rulebook from its beginning on, whatever was put in force meanwhile', () => {
    const { records } = town().rulebook('[]').at('11:05');
    const stricter = LOW.replace('0.2', '0.5');
    expect(shown(past(records, stricter))[0]).toMatchObject({
      rule: 'low',
      id: 'WP-1',
      startedAt: local('2026-11-22T08:00:10'),
    });
    expect(shown(past(records))[0]).toMatchObject({ rule: 'low', startedAt: local('2026-11-22T08:30:10') });
  });

  it('follows what was changed then, and takes the outages of the service for no silence', () => {
    const time = new Timeline('2026-11-22T08:00', LOW, [pressurePoint('WP-1'), pressurePoint('WP-3')]);
    time.at('08:00:10').keepsReporting('WP-1', { pressure: 0.4 }).keepsReporting('WP-3', { pressure: 0.1 });
    time.at('08:05').retires('WP-3').at('08:20:12').serviceIsAway('1h').at('09:50');
    expect(shown(past(time.records))).toEqual([]);
    expect(shown(past(time.records.filter(({ type }) => type !== 'tick')))).not.toEqual([]);
  });

  it('knows a device that was registered later from its first reading on, as it was registered', () => {
    const time = new Timeline('2026-11-22T08:00', LOW, [concentrator('LC-1')]);
    time.at('08:30');
    const { records } = time;
    const device = pressurePoint('WP-9');
    const at = local('2026-11-22T08:02');
    const run = new ReplayRun(KINDS, null);
    const events = records.flatMap((record) => (record.type === 'sample' ? [] : eventsOf(record)));
    const registered = {
      at: at + 1_200_000,
      what: 'device',
      by: 'x',
      detail: JSON.stringify({ what: 'device', device }),
    };
    run.begin([...events, registered], records[0]?.at ?? 0, at + 3_600_000);
    const rows = [0, 300_000, 600_000].map((after) => {
      const sample = { device: 'WP-9', kind: 'water-pressure', ts: at + after, values: { pressure: 0.1 } };
      return { receivedAt: at + after, sample };
    });
    run.rows(rows, Number.POSITIVE_INFINITY);
    expect(shown(run)[0]).toMatchObject({ rule: 'low', id: 'WP-9', startedAt: at });
    expect(run.samples).toBe(3);
  });
});
