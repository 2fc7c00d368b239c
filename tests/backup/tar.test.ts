import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type TarEntry, tarEnd, tarEntries, tarHeader, tarPadding } from '../../src/backup/tar.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function entriesOf(path: string): Promise<(TarEntry | null)[]> {
  const file = await open(path);
  try {
    const entries: (TarEntry | null)[] = [];
    for await (const entry of tarEntries(file)) entries.push(entry);
    return entries;
  } finally {
    await file.close();
  }
}

const FILES: [name: string, size: number][] = [
  ['empty', 0],
  ['one', 1],
  ['history/a-block', 512],
  ['a-block-and-one', 513],
  ['n'.repeat(100), 10_000],
];

it('the system’s tar reads what is written, to the byte', () => {
  const folder = temporaryFolder();
  const tar = join(folder, 'a.tar');
  for (const [name, size] of FILES) {
    appendFileSync(
      tar,
      Buffer.concat([tarHeader(name, size, 1_795_000_000.9), Buffer.alloc(size, 'x'), tarPadding(size)]),
    );
  }
  appendFileSync(tar, tarEnd());
  execFileSync('tar', ['xf', tar, '-C', folder]);
  for (const [name, size] of FILES) {
    expect(readFileSync(join(folder, name)).equals(Buffer.alloc(size, 'x')), name).toBe(true);
    expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    expect(statSync(join(folder, name)).mtimeMs).toBe(1_795_000_000_000);
  }
});

it('what the system’s tar writes is read, to the byte', async () => {
  const folder = temporaryFolder();
  const tar = join(folder, 'a.tar');
  for (const [name, size] of FILES.filter(([name]) => !name.includes('/')))
    writeFileSync(join(folder, name), Buffer.alloc(size, name));
  execFileSync('tar', ['cf', tar, '--format=ustar', '-C', folder, 'empty', 'one', 'a-block-and-one', 'n'.repeat(100)]);
  const bytes = readFileSync(tar);
  const read = (await entriesOf(tar)).map((entry) => [
    entry?.name,
    bytes.toString('utf8', entry?.at, (entry?.at ?? 0) + (entry?.size ?? 0)),
  ]);
  expect(read).toEqual(
    ['empty', 'one', 'a-block-and-one', 'n'.repeat(100)].map((name) => [
      name,
      readFileSync(join(folder, name), 'utf8'),
    ]),
  );
});

it('a file of more than 8 GiB keeps its size, for the system’s tar as well', () => {
  const size = 9 * 1024 ** 3 + 5;
  const tar = join(temporaryFolder(), 'a.tar');
  writeFileSync(tar, tarHeader('large', size, 0));
  // It ends too soon, of course; what the header says is told all the same.
  const listed = execFileSync('sh', ['-c', `tar tvf ${tar} 2>/dev/null || true`], { encoding: 'utf8' });
  expect(listed).toContain(` ${size} `);
  return expect(entriesOf(tar).then(([entry]) => entry)).resolves.toMatchObject({ name: 'large', size });
});

it('what is no tar, or was cut off, ends in null', async () => {
  const path = join(temporaryFolder(), 'a.tar');
  writeFileSync(path, Buffer.alloc(2_000, 'no tar at all'));
  expect(await entriesOf(path)).toEqual([null]);
  writeFileSync(path, Buffer.concat([tarHeader('one', 1, 0), Buffer.from('x'), tarPadding(1)]));
  expect(await entriesOf(path)).toEqual([{ name: 'one', size: 1, at: 512 }, null]);
});

it('a name that does not fit is refused', () => {
  expect(() => tarHeader('n'.repeat(101), 0, 0)).toThrow('too long');
});
