import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileSink, readBackup } from '../../src/backup/archive.ts';
import { BACKUP_FORMAT } from '../../src/backup/manifest.ts';
import { DATA_FORMAT } from '../../src/kernel/store.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { manifestOf, THREE_FILES, writeBackup } from './support/manifest.ts';

/** Keeps what it is handed, by name. */
class Kept implements FileSink {
  readonly files = new Map<string, Buffer>();
  #name = '';
  async open(name: string) {
    this.#name = name;
    this.files.set(name, Buffer.alloc(0));
  }
  async write(chunk: Buffer) {
    this.files.set(this.#name, Buffer.concat([this.files.get(this.#name) as Buffer, chunk]));
  }
  async close() {}
}

/** Where the text first stands in the file. */
const placeOf = (file: string, text: string | Buffer) => readFileSync(file).indexOf(text);

/** Turns one bit of the file. */
function spoil(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
}

const refused = (file: string, code: string, words: string) =>
  expect(readBackup(file)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });

describe('a backup', () => {
  it('gives back its manifest and every file to the byte', async () => {
    const files = { ...THREE_FILES, 'history/2026-10.parquet': Buffer.from('sealed'), empty: Buffer.alloc(0) };
    const kept = new Kept();
    expect(await readBackup(await writeBackup(files), kept)).toEqual(manifestOf(files));
    expect([...kept.files.keys()]).toEqual(Object.keys(files));
    for (const [name, bytes] of Object.entries(files)) expect(kept.files.get(name)?.equals(bytes), name).toBe(true);
  });

  it('can be opened and checked with tar and sha256sum alone', async () => {
    const file = await writeBackup(THREE_FILES);
    const folder = temporaryFolder();
    execFileSync('tar', ['xf', file, '-C', folder]);
    const told = execFileSync('sh', ['-c', 'sha256sum --strict -c SHA256SUMS'], { cwd: folder, encoding: 'utf8' });
    const names = ['manifest.json', ...Object.keys(THREE_FILES)];
    expect(told.trim().split('\n')).toEqual(names.map((name) => `${name}: OK`));
  });

  it.each(Object.keys(THREE_FILES))('with one bit turned in %s is damaged, and says where', async (name) => {
    const file = await writeBackup(THREE_FILES);
    const content = (THREE_FILES as Record<string, Buffer>)[name] as Buffer;
    // 'readings ' stands in the manifest as well, so the last of it counts.
    spoil(file, readFileSync(file).lastIndexOf(content.subarray(-9)));
    await refused(file, 'invalid', `damaged (${name} does not have the checksum`);
  });

  it('with one bit turned in the manifest is damaged', async () => {
    const file = await writeBackup(THREE_FILES);
    spoil(file, placeOf(file, '"town": "lailong"') + 10);
    await refused(file, 'invalid', 'manifest.json does not have the checksum');
  });

  it('with one bit turned in the checksums is damaged', async () => {
    const file = await writeBackup(THREE_FILES);
    spoil(file, readFileSync(file).lastIndexOf('  townpulse.mdb') - 1);
    await refused(file, 'invalid', 'townpulse.mdb does not have the checksum');
  });

  it('is cut off wherever it is cut', async () => {
    const whole = readFileSync(await writeBackup(THREE_FILES));
    const at = (text: string) => whole.indexOf(text, whole.indexOf('"contains"'));
    const cuts = {
      'in a header': at('cli.token') + 100,
      'in a file': at('history.duckdb') + 600_000,
      'between two files': at('townpulse.mdb'),
      'before the checksums': at('SHA256SUMS'),
      'in the checksums': at('SHA256SUMS') + 520,
    };
    for (const [where, length] of Object.entries(cuts)) {
      const file = join(temporaryFolder(), 'cut.tar');
      writeFileSync(file, whole);
      truncateSync(file, length);
      await expect(readBackup(file), where).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringContaining('cut off'),
      });
    }
  });

  it('lists what it holds: another file in the place of one is damage', async () => {
    const file = await writeBackup(THREE_FILES);
    const other = await writeBackup({ ...THREE_FILES, 'cli.token': Buffer.from('another-token-of-tests\n') });
    const bytes = readFileSync(file);
    const foreign = readFileSync(other);
    const at = (of: Buffer) => of.indexOf('cli.token', of.indexOf('"contains"'));
    foreign.copy(bytes, at(bytes), at(foreign), at(foreign) + 1_024);
    writeFileSync(file, bytes);
    await refused(file, 'invalid', 'cli.token does not have the checksum');
  });
});

describe('what is no backup that can be read here', () => {
  it.each([
    ['nothing', ''],
    ['a text', 'town: lailong\n'.repeat(100)],
  ])('%s is refused in words', async (_what, text) => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, text);
    await refused(file, 'invalid', 'no backup made by townpulse backup');
  });

  it('a tar of something else is refused in words', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'manifest.json'), '{"what":"something else","format":1,"dataFormat":1}');
    execFileSync('tar', ['cf', join(folder, 'a.tar'), '-C', folder, 'manifest.json']);
    await refused(join(folder, 'a.tar'), 'invalid', 'no backup made by townpulse backup');
  });

  it('a file that is not there is named', () => refused('/nowhere/town.tar', 'invalid', '/nowhere/town.tar'));

  it.each([
    ['backup format', { format: BACKUP_FORMAT + 1 }],
    ['data format', { dataFormat: DATA_FORMAT + 1 }],
  ])('a newer %s is refused in words, whatever else it holds', async (_what, more) => {
    await refused(
      await writeBackup(THREE_FILES, { ...more, ledger: 'newer' as never }),
      'data-newer',
      'newer Townpulse',
    );
  });

  it.each(['../evil', '/etc/evil', 'a/../../evil', '.hidden', 'a/b/c'])('a file named %s is refused', async (name) => {
    const text = `${JSON.stringify(manifestOf({ 'cli.token': Buffer.alloc(0) })).replace('cli.token', name)}\n`;
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'manifest.json'), text);
    execFileSync('tar', ['cf', join(folder, 'a.tar'), '-C', folder, 'manifest.json']);
    await refused(join(folder, 'a.tar'), 'invalid', 'its manifest cannot be read');
  });
});
