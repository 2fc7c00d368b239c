import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/kernel/folder.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('a folder that is made', () => {
  it('has those above it, each with its mode', () => {
    const above = join(temporaryFolder(), 'a');
    makeFolder(join(above, 'b'), 0o700);
    expect(statSync(above).mode & 0o777).toBe(0o700);
    expect(statSync(join(above, 'b')).mode & 0o777).toBe(0o700);
  });

  it('stays as it is where it is there', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'mine'), { mode: 0o700 });
    makeFolder(join(folder, 'mine'), 0o755);
    expect(statSync(join(folder, 'mine')).mode & 0o777).toBe(0o700);
  });

  it.each(['/proc/x', '/proc/x/y/z'])('%s is refused at once, where no folder can be', (path) => {
    expect(() => makeFolder(path)).toThrow('ENOENT');
    expect(existsSync(path)).toBe(false);
  });

  it('is refused below a file, and under the name of a link to nowhere', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('/nowhere', join(folder, 'link'));
    expect(() => makeFolder(join(folder, 'file', 'town'))).toThrow('ENOTDIR');
    expect(() => makeFolder(join(folder, 'link'))).toThrow('EEXIST');
  });
});
