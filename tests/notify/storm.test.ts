import { expect, it, onTestFinished } from 'vitest';
import { AlertBook } from '../../src/alerts/book.ts';
import { type Clock, TrialClock } from '../../src/kernel/clock.ts';
import { type Logger, silentLogger } from '../../src/kernel/logger.ts';
import type { Transition } from '../../src/model/transition.ts';
import { logChannel } from '../../src/notify/log-channel.ts';
import { Outbox } from '../../src/notify/outbox.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { local, Timeline } from '../rules/support/timeline.ts';
import { gasMeter, pressurePoint } from '../rules/support/town.ts';
import { temporaryStore } from '../support/temporary.ts';

const MANY = 2_000;
const SILENT = `- { id: silent, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 3 intervals, severity: minor }`;
const LEAK = `- { id: leak, type: threshold, kind: gas-meter, name: { zh: 低报, en: Leak }, when: leak >= 25, severity: major }`;
const idOf = (prefix: string) => (_: unknown, index: number) => `${prefix}-${String(index + 1).padStart(4, '0')}`;

/** Whom all of it is told, with a clock whose waits end when the test says so; real time is measured. */
async function person() {
  const store = await temporaryStore();
  const lines: string[] = [];
  const note = (_fields: object, line: string) => void lines.push(line);
  const log: Logger = { ...silentLogger, warn: note, info: note };
  const ends: (() => void)[] = [];
  const realClock: Clock = {
    ...{ now: () => 0, every: () => ({ stop: () => {} }) },
    after: (_name, _ms, run) => {
      ends.push(run);
      return { stop: () => {} };
    },
  };
  const clocks = { clock: new TrialClock(local('2026-11-22T10:00')), realClock };
  const outbox = new Outbox(store, logChannel(log), clocks, silentLogger, () => null);
  const [book, checkpoint] = [new AlertBook(store), new Checkpoint(store)];
  onTestFinished(() => outbox.stop());
  outbox.start();
  const commit = async (town: Timeline, transitions: readonly Transition[]) => {
    await store.transaction(() => {
      outbox.add(book.take(transitions));
      checkpoint.save(town.engine, town.records.length + 1);
    });
    checkpoint.saved(town.engine);
    outbox.wake();
  };
  const all = async () => {
    while (outbox.waiting() > 0) await new Promise(setImmediate);
  };
  const allowed = () => {
    for (const end of ends.splice(0)) end();
  };
  return { lines, outbox, commit, all, allowed };
}

it('2,000 devices that fall silent at once cost one look, and their one person gets one message', async () => {
  const town = new Timeline(
    '2026-11-22T10:00',
    SILENT,
    Array.from({ length: MANY }, idOf('WP')).map((id) => pressurePoint(id)),
  );
  town.at('10:14:59');
  expect(town.found).toEqual([]);
  const began = performance.now();
  town.at('10:15:01');
  const ticked = performance.now();
  const fired = town.found.filter(({ step }) => step === 'fired');
  expect(fired).toHaveLength(MANY);
  // One tick decided all of them.
  expect(new Set(fired.map(({ at }) => at)).size).toBe(1);

  const { lines, outbox, commit, all } = await person();
  const before = performance.now();
  await commit(town, town.found);
  const committed = performance.now();
  await all();
  const told = performance.now();
  expect(lines).toEqual([
    expect.stringMatching(/^fired: 2000 alerts: WP-0001: Silent; WP-0002: Silent; .*; and 1995 more/),
  ]);
  for (const { alert } of fired) expect(outbox.toldOf(alert)).toMatchObject([{ outcome: 'sent', attempts: 1 }]);

  const [tick, commitMs, delivery] = [ticked - began, committed - before, told - committed].map(Math.round);
  if (process.env.TOWNPULSE_MEASURE) console.log({ tick, commit: commitMs, delivery });
  // An order of magnitude above what it takes: it is not each with each.
  expect(tick).toBeLessThan(2_000);
  expect(delivery).toBeLessThan(5_000);
});

it('2,000 devices that break one after the other are two messages: the first at once, the others together', async () => {
  const ids = Array.from({ length: MANY }, idOf('GM'));
  const town = new Timeline(
    '2026-11-22T10:00',
    LEAK,
    ids.map((id) => gasMeter(id)),
  ).at('10:01');
  const { lines, commit, all, allowed } = await person();
  for (let from = 0; from < MANY; from += 100) {
    const before = town.found.length;
    for (const id of ids.slice(from, from + 100)) town.reports(id, { leak: 60 });
    await commit(town, town.found.slice(before));
    if (from === 0) await all();
  }
  expect(lines).toEqual([expect.stringMatching(/^fired: 100 alerts: GM-0001: Leak; .*; and 95 more/)]);
  allowed();
  await all();
  expect(lines.slice(1)).toEqual([expect.stringMatching(/^fired: 1900 alerts: GM-0101: Leak; .*; and 1895 more/)]);
});

it('a leak that comes and goes and then lasts is told as standing once it flaps no more', async () => {
  const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1', { reportInterval: 60 })]);
  for (const minute of [10, 20, 30, 40]) {
    town.at(`10:${minute}`).reports('GM-1', { leak: 30 });
    if (minute < 40) town.at(`10:${minute + 1}`).reports('GM-1', { leak: 0 });
  }
  town.keepsReporting('GM-1', { leak: 60 }).at('14:00');
  const { lines, commit, all, allowed } = await person();
  for (const transition of town.found) {
    await commit(town, [transition]);
    allowed();
    await all();
  }
  expect(lines.map((line) => line.split(':')[0])).toEqual([
    ...['fired', 'resolved', 'fired', 'resolved', 'flapping', 'calmed, and still open'],
  ]);
  expect(lines.at(-1)).toMatch(/Leak \[firing, major, since 2026-11-22T02:40:00.000Z, decided by leak 30\]/);
});
