import { expect } from 'vitest';
import type { Ledger } from '../../src/model/ledger.ts';
import type { SampleRecord } from '../../src/model/record.ts';
import { HistoryModel } from '../contract/history-model.ts';
import type { Remains } from './remains.ts';
import type { ScriptedDevice } from './scripted-device.ts';

/**
 * Checks that everything that was acknowledged is there exactly once. All that was sent is acknowledged by now, so all of
 * it must be there; what had to be sent more than once may have been received as often.
 */
export function expectEverythingOnce(devices: readonly ScriptedDevice[], remains: Remains, ledger: Ledger): void {
  const samples = remains.journal.filter((record) => record.type === 'sample');
  expectJournalTellsWhatWasSent(devices, samples);
  const model = expectHistoryTellsTheJournal(samples, remains);
  const rejected = expectLettersTellTheRest(devices, remains);
  expectNewestValuesTellTheJournal(samples, remains);
  const { stored, merged, duplicate } = model.counts;
  expect(ledger).toMatchObject({
    ...{ received: samples.length + rejected, stored, merged, duplicate, rejected },
    ...{ pending: 0, balanced: true },
  });
  // A round in which one of these did not occur proves nothing about it.
  const flags = remains.rows.flatMap((row) => row.flags);
  const seen = {
    merged: merged > 0,
    duplicate: duplicate > 0,
    rejected: rejected > 0,
    late: flags.includes('late'),
    corrected: flags.includes('correction'),
    withoutTime: samples.some(({ sample }) => sample.assigned === true),
  };
  expect(seen).toEqual({
    ...{ merged: true, duplicate: true, rejected: true, late: true, corrected: true, withoutTime: true },
  });
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
  expectNothing(wrong);
  expectNothing([...received.keys()], 'samples that nobody sent');
}

/** Lays the journal's samples over each other field by field, as plainly as it can be written (P6). */
function expectHistoryTellsTheJournal(samples: readonly SampleRecord[], { rows }: Remains): HistoryModel {
  const model = new HistoryModel();
  const wrong: string[] = [];
  for (const { sample } of samples) {
    const key = `${sample.device} ${sample.ts}`;
    if (sample.assigned === true && model.rows.has(key)) wrong.push(`${key}: a given time was given before`);
    model.take(sample);
  }
  const missing = new Set(model.rows.keys());
  for (const { device, ts, values, flags } of rows) {
    const key = `${device} ${ts}`;
    const want = model.rows.get(key);
    if (want === undefined || !missing.delete(key)) wrong.push(`${key}: a row that no sample made, or a second one`);
    else if (!equal(want.values, values) || String([...want.flags].sort()) !== String([...flags].sort()))
      wrong.push(`${key}: wanted ${show(want.values)} ${[...want.flags]}, found ${show(values)} ${flags}`);
  }
  expectNothing(wrong);
  expectNothing([...missing], 'rows that are missing');
  return model;
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
  expectNothing(wrong);
  expectNothing([...kept.keys()], 'letters that nobody sent');
  return letters.length;
}

function expectNewestValuesTellTheJournal(samples: readonly SampleRecord[], { tables }: Remains): void {
  const newest: Record<string, { ts: number; values: object; heardAt: number }> = {};
  for (const { sample, at } of samples) {
    const { device, ts, values } = sample;
    const known = newest[JSON.stringify(device)];
    if (known === undefined || ts > known.ts) newest[JSON.stringify(device)] = { ts, values, heardAt: at };
    else Object.assign(known, { heardAt: at }, ts === known.ts ? { values: { ...known.values, ...values } } : {});
  }
  expect(tables.live).toMatchObject(newest);
}

/** A thousand wrong ones say no more than ten. */
function expectNothing(found: readonly string[], what?: string): void {
  expect({ count: found.length, some: found.slice(0, 10) }, what).toEqual({ count: 0, some: [] });
}

function equal(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function show(values: unknown): string {
  return JSON.stringify(values);
}
