import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeDataDirectory } from '../../src/kernel/data-directory.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('the data directory', () => {
  it('is one process at a time, and says who holds it', () => {
    const folder = temporaryFolder();
    const release = takeDataDirectory(folder);
    expect(() => takeDataDirectory(folder)).toThrow(`held by process ${process.pid}`);
    release();
    takeDataDirectory(folder)();
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });

  it('is taken over from a dead process', async () => {
    const folder = temporaryFolder();
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: child.pid, started: '1' }));
    expect(() => takeDataDirectory(folder)()).not.toThrow();
  });

  it('is taken over when the pid is somebody else by now', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.ppid, started: '1' }));
    expect(() => takeDataDirectory(folder)()).not.toThrow();
  });

  it('is refused with advice when it is no directory', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => takeDataDirectory(join(folder, 'file'))).toThrow(/cannot be used .*TOWNPULSE_DATA_DIR/);
  });
});
