import { expect } from 'vitest';
import type { Ledger } from '../../src/model/ledger.ts';
import type { JournalRecord, SampleRecord } from '../../src/model/record.ts';
import type { FoundRow, Remains } from './remains.ts';
import type { ScriptedDevice } from './scripted-device.ts';

/**
 * Checks that everything that was acknowledged is there exactly once. All that was sent is acknowledged by now, so all of
 * it must be there; what had to be sent more than once may have been received as often.
 */
export function expectEverythingOnce(devices: readonly ScriptedDevice[], remains: Remains, ledger: Ledger): void {
  const samples = remains.journal.filter((record) => record.type === 'sample');
  expectJournalTellsWhatWasSent(devices, samples);
  expectHistoryTellsTheJournal(samples, remains.rows);
  const rejected = expectLettersTellTheRest(devices, remains);
  expect(ledger.balanced).toBe(true);
  expect(ledger.pending).toBe(0);
  expect(ledger.received).toBe(samples.length + rejected);
  expect(ledger.rejected).toBe(rejected);
  expect(ledger.stored + ledger.duplicate).toBe(samples.length);
  expect(ledger.stored - ledger.merged).toBe(remains.rows.length);
}

function expectJournalTellsWhatWasSent(devices: readonly ScriptedDevice[], samples: readonly SampleRecord[]): void {
  const received = new Map<string, SampleRecord[]>();
  for (const record of samples) {
    const key = `${record.sample.device} ${record.sample.seq}`;
    received.set(key, [...(received.get(key) ?? []), record]);
  }
  const wrong: string[] = [];
  for (const device of devices) {
    for (const [seq, { ts, values, message }] of device.samples) {
      const key = `${device.user} ${seq}`;
      const found = received.get(key) ?? [];
      received.delete(key);
      const most = device.transmissions[message] as number;
      if (found.length < 1 || found.length > most) wrong.push(`${key}: sent ${most} times, kept ${found.length} times`);
      for (const { sample } of found) {
        if (ts !== null && sample.ts !== ts) wrong.push(`${key}: sent for ${ts}, kept for ${sample.ts}`);
        if (!equal(sample.values, values)) wrong.push(`${key}: sent ${show(values)}, kept ${show(sample.values)}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect([...received.keys()], 'samples that nobody sent').toEqual([]);
}

/** Lays the journal's samples over each other field by field, as plainly as it can be written (P6). */
function expectHistoryTellsTheJournal(samples: readonly SampleRecord[], rows: readonly FoundRow[]): void {
  const wanted = new Map<string, Record<string, unknown>>();
  const wrong: string[] = [];
  for (const { sample } of samples) {
    const key = `${sample.device} ${sample.ts}`;
    if (sample.assigned === true && wanted.has(key)) wrong.push(`${key}: a given time was given before`);
    wanted.set(key, { ...wanted.get(key), ...sample.values });
  }
  for (const { device, ts, values } of rows) {
    const key = `${device} ${ts}`;
    const want = wanted.get(key);
    if (want === undefined) wrong.push(`${key}: a row that no sample made, or a second one`);
    else if (!equal(want, values)) wrong.push(`${key}: wanted ${show(want)}, found ${show(values)}`);
    wanted.delete(key);
  }
  expect(wrong).toEqual([]);
  expect([...wanted.keys()], 'rows that are missing').toEqual([]);
}

/** Gives back how many samples were rejected. */
function expectLettersTellTheRest(devices: readonly ScriptedDevice[], { letters }: Remains): number {
  const kept = new Map<string, number>();
  for (const { topic, payload } of letters) {
    const key = `${topic} ${/"seq":(\d+)/.exec(payload ?? '')?.[1]}`;
    kept.set(key, (kept.get(key) ?? 0) + 1);
  }
  const wrong: string[] = [];
  for (const device of devices) {
    for (const [seq, message] of device.unusable) {
      const key = `${device.topic} ${seq}`;
      const count = kept.get(key) ?? 0;
      kept.delete(key);
      const most = device.transmissions[message] as number;
      if (count < 1 || count > most) wrong.push(`${key}: sent ${most} times, ${count} letters`);
    }
  }
  expect(wrong).toEqual([]);
  expect([...kept.keys()], 'letters that nobody sent').toEqual([]);
  return letters.length;
}

/** Whether the journal holds everything that a round should have in it. */
export function expectAMixedJournal(records: readonly JournalRecord[], ledger: Ledger): void {
  expect(records.some((record) => record.type === 'sample' && record.sample.assigned === true)).toBe(true);
  expect(ledger.merged).toBeGreaterThan(0);
  expect(ledger.duplicate).toBeGreaterThan(0);
  expect(ledger.rejected).toBeGreaterThan(0);
}

function equal(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function show(values: unknown): string {
  return JSON.stringify(values);
}
