import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import { HistoryModel } from '../contract/history-model.ts';
import { crashSamples } from '../support/crash-samples.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KIND = 'water-pressure';

/** Lets a process write to `file`, and kills it when it has told `kill` for the `times`th time; else lets it finish. */
async function write(file: string, kill: string, times: number): Promise<{ commits: number; signal: string | null }> {
  const script = fileURLToPath(new URL('./history-writer.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let commits = 0;
  let left = times;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'history.commit.after') commits++;
    if (line === kill && --left === 0) child.kill('SIGKILL');
  }
  const [, signal] = await exited;
  return { commits, signal };
}

it('agrees with itself after kill -9: rows, counts and cursor, and goes on to the end', {
  timeout: 60_000,
}, async () => {
  const file = join(temporaryFolder(), 'history.duckdb');
  const samples = crashSamples();
  const model = new HistoryModel();
  let taken = 0;
  const plan = [
    { kill: 'history.commit.before', times: 1, dead: true },
    { kill: 'history.commit.after', times: 1, dead: true },
    { kill: 'history.commit.before', times: 2, dead: true },
    { kill: 'never', times: 1, dead: false },
  ];
  for (const { kill, times, dead } of plan) {
    const { commits, signal } = await write(file, kill, times);
    expect(signal).toBe(dead ? 'SIGKILL' : null);

    const store = new DuckDbHistory(file, SMALL_KINDS, '64MiB');
    const { cursor, counts } = await store.open();
    // What was told as committed is there, whatever came after.
    expect(cursor).toBeGreaterThanOrEqual(Math.min(samples.length, taken + commits * 10_000) + 1);
    for (const sample of samples.slice(taken, cursor - 1)) model.take(sample);
    taken = cursor - 1;
    if (taken > 0) expect(counts[KIND]).toEqual(model.counts);
    const identities = [...model.rows.keys()].map((key) => {
      const [device = '', ts] = key.split(' ');
      return { kind: KIND, device, ts: Number(ts) };
    });
    const rows = await store.rowsAt(KIND, identities);
    const values = new Map(rows.map((row) => [`${row.device} ${row.ts}`, row.values]));
    expect(await store.count(KIND)).toBe(model.rows.size);
    expect([...model.rows].filter(([key, row]) => !same(values.get(key), row.values))).toEqual([]);
    await store.close();
  }
  expect(taken).toBe(samples.length);
  const { merged, duplicate } = model.counts;
  expect(Math.min(merged, duplicate)).toBeGreaterThan(100);
});

function same(a: object | undefined, b: object): boolean {
  return a !== undefined && JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}
