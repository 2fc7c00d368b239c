import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStore, type StoreFile } from '../../src/kernel/store.ts';

/** A folder of its own for the running test, gone when it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'townpulse-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder for a whole file of tests, which removes it. */
export function folderOfTests(prefix: string): string {
  return mkdtempSync(join(tmpdir(), prefix));
}

/** A store of its own for the running test; unsynced, since no test here pulls a plug. */
export async function temporaryStore(folder = temporaryFolder()): Promise<StoreFile> {
  const store = await openStore(folder, { sync: false });
  onTestFinished(() => store.close());
  return store;
}
