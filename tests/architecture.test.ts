import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');
const EVERYWHERE = ['model', 'kernel'];
/** What fits stages together: the running service, and what works on its files while it is stopped. */
const COMPOSITIONS = ['src/app.ts', 'src/offline.ts'];

interface Import {
  file: string;
  /** Relative to the root, or a package's name. */
  target: string;
  line: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts') && statSync(join(ROOT, file)).isFile());
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const statements = text.matchAll(
    /^\s*(?:import|export)\b[^;'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm,
  );
  return [...statements].map((match) => {
    const name = (match[1] ?? match[2] ?? match[3]) as string;
    const target = name.startsWith('.') ? normalize(join(dirname(file), name)) : name;
    return { file, target, line: match[0].trim() };
  });
}

const stageOf = (file: string) => (file.startsWith('src/') ? (file.split('/')[1] as string) : null);
const all = [...sources('src'), ...sources('simulators'), ...sources('dashboards')];
const imports = all.flatMap(importsOf);

describe('the house', () => {
  it('lets no stage import another', () => {
    const allowed = ({ file, target }: Import): boolean => {
      const from = stageOf(file);
      const to = stageOf(target);
      if (from === null || to === null || from === to || EVERYWHERE.includes(to)) return true;
      if (COMPOSITIONS.includes(file)) return to !== 'cli' && to !== 'console';
      if (from === 'config') return target.endsWith('/settings.ts');
      if (from === 'cli') return ['app.ts', 'offline.ts', 'config', 'rules', 'backup'].includes(to);
      return false;
    };
    const broken = imports.filter((entry) => !allowed(entry)).map(({ file, target }) => `${file} -> ${target}`);
    expect(broken).toEqual([]);
  });

  it('keeps model and kernel free of stages, and the kernel free of the model', () => {
    const broken = imports.filter(({ file, target }) => {
      const [from, to] = [stageOf(file), stageOf(target)];
      return (
        (from === 'kernel' && to !== null && to !== 'kernel') ||
        (from === 'model' && to !== null && !EVERYWHERE.includes(to))
      );
    });
    expect(broken.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('knows nothing of its boards: they read the house, and what runs needs none of them', () => {
    const outside = (folder: string, { file, target }: Import) =>
      !file.startsWith(`${folder}/`) && (target.startsWith(`${folder}/`) || target.startsWith('@grafana/'));
    const broken = imports.filter((entry) => outside('dashboards', entry));
    expect(broken.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('lets only the store and the journal touch lmdb', () => {
    const users = imports.filter(({ target }) => target === 'lmdb').map(({ file }) => file);
    expect(users.filter((file) => file !== 'src/kernel/store.ts' && !file.startsWith('src/journal/'))).toEqual([]);
  });

  it('lets only the command line end the process', () => {
    const broken = all.filter(
      (file) => stageOf(file) !== 'cli' && /\bprocess\.exit\(/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(broken).toEqual([]);
  });

  it('takes time by the door', () => {
    const clocked = all.filter((file) => !/^src\/(kernel|cli|console)\//.test(file));
    const broken = clocked.filter((file) =>
      /Date\.now\(|new Date\(\)|[^.\w]setTimeout\(|[^.\w]setInterval\(|Math\.random\(/.test(
        readFileSync(join(ROOT, file), 'utf8'),
      ),
    );
    expect(broken).toEqual([]);
  });

  it('has no import cycle', () => {
    const edges = new Map<string, string[]>(all.map((file) => [file, []]));
    for (const { file, target, line } of imports)
      if (edges.has(target) && !line.startsWith('import type')) edges.get(file)?.push(target);
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]) => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') return void cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      state.set(file, 'open');
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of edges.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('is drawn as it is: src/README.md names each folder, in the order of the way of a reading', () => {
    const map = readFileSync(join(SRC, 'README.md'), 'utf8');
    const named = [...map.matchAll(/^\| `([a-z]+)\/` \|/gm)].map((match) => match[1]);
    const folders = readdirSync(SRC, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && readdirSync(join(SRC, entry.name)).length > 0,
    );
    expect([...named].sort()).toEqual(folders.map(({ name }) => name).sort());
    const design = [
      'cli',
      'config',
      'kernel',
      'model',
      'registry',
      'broker',
      'decode',
      'journal',
      'history',
      'live',
      'rules',
      'alerts',
      'notify',
      'reports',
      'backup',
      'http',
      'console',
    ];
    expect(named).toEqual(design.filter((folder) => named.includes(folder)));
  });

  it('keeps each file to one thought: none is longer than 400 lines', () => {
    const long = all.filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 401);
    expect(long.map((file) => relative(ROOT, join(ROOT, file)))).toEqual([]);
  });

  it('says nothing of things unfinished', () => {
    const found = all.filter((file) => /\b(TODO|FIXME|XXX)\b/.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(found).toEqual([]);
  });
});

it('the architecture test itself sees the imports it is about', () => {
  expect(imports.some(({ file, target }) => file === 'src/kernel/store.ts' && target === 'lmdb')).toBe(true);
  expect(
    imports.some(({ file, target }) => file === 'src/journal/journal.ts' && target === 'src/kernel/store.ts'),
  ).toBe(true);
  expect(imports.length).toBeGreaterThan(all.length);
});
