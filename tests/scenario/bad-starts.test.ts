import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { report } from '../../src/cli/failure.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { openStore } from '../../src/kernel/store.ts';
import { DEVICES_FOLDER, TOWN_FOLDER } from '../simulators/support/town.ts';
import { ServiceProcess } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { run } from './support/command.ts';
import { type LocalOptions, LocalService } from './support/local-service.ts';

const CLI = join(packageRoot, 'dist/src/cli/main.js');
const WRONG_USE = 2;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** What `townpulse start` would print and end with where the service does not start. */
async function refusal(options: LocalOptions): Promise<{ code: number; text: string }> {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const service = await LocalService.start(options);
    await service.stop();
    throw new Error('it started');
  } catch (error) {
    const code = report(error);
    return { code, text: printed.mock.calls.map(([line]) => String(line)).join('\n') };
  } finally {
    printed.mockRestore();
  }
}

/** A few sentences that a person can act on: what happened, where, what to do. */
function expectWords({ code, text }: { code: number; text: string }, ...said: (string | RegExp)[]): void {
  expect(code).toBe(WRONG_USE);
  expect(text).toMatch(/^townpulse: \S/);
  expect(text).not.toMatch(/\n\s+at |^Error|undefined|\[object/m);
  expect(text.split('\n').length).toBeLessThan(10);
  for (const words of said) expect(text).toMatch(words instanceof RegExp ? words : literally(words));
}

const literally = (words: string) => new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));

/** The sample town and its kinds, copied to be spoilt. */
function copies(): { town: string; devices: string; env: Record<string, string> } {
  const folder = temporaryFolder();
  const [town, devices] = [join(folder, 'town'), join(folder, 'devices')];
  cpSync(TOWN_FOLDER, town, { recursive: true });
  cpSync(DEVICES_FOLDER, devices, { recursive: true });
  return { town, devices, env: { TOWNPULSE_TOWN: town, TOWNPULSE_DEVICES: devices } };
}

/** Puts `wrong` for `right` where it first stands; gives `FILE:LINE:` of that place. */
function spoil(file: string, right: string, wrong: string): string {
  const text = readFileSync(file, 'utf8');
  const at = text.indexOf(right);
  if (at < 0) throw new Error(`${file} does not say ${right}`);
  writeFileSync(file, text.replace(right, wrong));
  return `${file}:${text.slice(0, at).split('\n').length}:`;
}

describe('a start that cannot be says why, what to do, and leaves nothing behind', () => {
  it('a second process on the same data directory: refused with the holder’s pid, and the first lives on', async () => {
    const dataDir = temporaryFolder();
    const first = await LocalService.start({ dataDir });
    onTestFinished(() => first.stop());
    const env = { ...process.env, TOWNPULSE_DATA_DIR: dataDir, TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0' };
    const second = await run(process.execPath, [CLI, 'start'], { env });
    expect(second.out).toBe('');
    expectWords({ code: second.code ?? -1, text: second.err }, `held by process ${process.pid}`, 'TOWNPULSE_DATA_DIR');
    expect((await first.readiness()).status).toBe(200);
  });

  it('a lock left by a process that was killed: taken over', async () => {
    const dataDir = temporaryFolder();
    const killed = await ServiceProcess.start({ dataDir, from: 'build' });
    await killed.kill();
    expect(existsSync(join(dataDir, 'lock'))).toBe(true);
    const next = await LocalService.start({ dataDir });
    expect((await next.readiness()).status).toBe(200);
    await next.stop();
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
  });

  it.each([
    ['HTTP', 'TOWNPULSE_HTTP_PORT'],
    ['MQTT', 'TOWNPULSE_MQTT_PORT'],
  ])(
    'the %s port in use: named with the setting that moves it, and the data directory is free again',
    async (_name, setting) => {
      const holder = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => {
        holder.close();
      });
      await once(holder, 'listening');
      const address = holder.address();
      const port = typeof address === 'object' ? String(address?.port) : '';
      const dataDir = temporaryFolder();
      expectWords(await refusal({ dataDir, env: { [setting]: port } }), port, '127.0.0.1', 'in use', setting);
      expect(existsSync(join(dataDir, 'lock'))).toBe(false);
      await (await LocalService.start({ dataDir })).stop();
    },
  );

  it('a town.yaml that is no YAML: its line', async () => {
    const { town, env } = copies();
    spoil(join(town, 'town.yaml'), 'timeZone: Asia/Shanghai', 'timeZone: [Asia/Shanghai');
    expectWords(await refusal({ env }), /town\.yaml:\d+:\d+: /);
  });

  it('a town.yaml with wrong names: each with its line and the nearest right one', async () => {
    const { town, env } = copies();
    const file = join(town, 'town.yaml');
    const place = spoil(file, 'area: town-centre }', 'area: town-center }');
    expectWords(await refusal({ env }), place, 'no area town-center', 'did you mean town-centre');
  });

  it('a kind with a wrong type', async () => {
    const { devices, env } = copies();
    const place = spoil(join(devices, 'water-pressure.yaml'), 'type: number', 'type: numbr');
    expectWords(await refusal({ env }), place, 'did you mean number');
  });

  it('rules with two mistakes: both, each with its place', async () => {
    const { town, env } = copies();
    const file = join(town, 'rules.yaml');
    const places = [
      spoil(file, 'when: pressure < attributes.minPressure', 'when: presure < attributes.minPressure'),
      spoil(file, 'after: 3 intervals', 'after: 3 intervalls'),
    ];
    expectWords(await refusal({ env }), ...places, 'did you mean pressure');
  });

  it('a config file with an unknown setting and a wrong value: both', async () => {
    const file = join(temporaryFolder(), 'townpulse.yaml');
    writeFileSync(file, 'journal:\n  maxByte: 1000000\nhttp:\n  port: eighty\n');
    expectWords(
      await refusal({ env: { TOWNPULSE_CONFIG: file, TOWNPULSE_HTTP_PORT: '' } }),
      `${file}:2:`,
      `${file}:4:`,
      'maxByte',
    );
  });

  it('a config file, a town, kinds that are not there', async () => {
    const nowhere = join(temporaryFolder(), 'nowhere');
    for (const setting of ['TOWNPULSE_CONFIG', 'TOWNPULSE_TOWN', 'TOWNPULSE_DEVICES']) {
      expectWords(await refusal({ env: { [setting]: nowhere } }), nowhere.slice(0, 20), 'cannot be read');
    }
  });

  it('a data directory that is a file', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    writeFileSync(dataDir, '');
    expectWords(await refusal({ dataDir }), dataDir, 'cannot be used', 'TOWNPULSE_DATA_DIR');
  });

  it.skipIf(!isRoot)('a data directory that this user may not read (needs root, to be somebody else)', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    chmodSync(join(dataDir, '..'), 0o755);
    const env = { ...process.env, TOWNPULSE_DATA_DIR: dataDir, TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0' };
    const { code, err } = await run(process.execPath, [CLI, 'start'], { env, uid: NOBODY, gid: NOBODY });
    expectWords({ code: code ?? -1, text: err }, dataDir, 'permission denied', 'TOWNPULSE_DATA_DIR');
  });

  it.each([
    ['of other bytes', Buffer.alloc(64 * 1024, 'no store')],
    ['of nothing but zeros', Buffer.alloc(64 * 1024)],
    ['that was cut off after a few bytes', Buffer.alloc(20)],
  ])('a store %s', async (_name, bytes) => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'townpulse.mdb'), bytes);
    expectWords(await refusal({ dataDir }), join(dataDir, 'townpulse.mdb'), 'cannot be opened', 'restore a backup');
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
  });

  it('a store of a newer Townpulse', async () => {
    const dataDir = temporaryFolder();
    const store = await openStore(dataDir);
    await store.transaction(() => store.table<string, number>('format').put('store', 99));
    await store.close();
    expectWords(await refusal({ dataDir }), dataDir, 'format 99', 'start the newer version');
  });

  it('a history that cannot be read', async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'history.duckdb'), Buffer.alloc(64 * 1024, 'no history'));
    expectWords(await refusal({ dataDir }), join(dataDir, 'history.duckdb'), 'cannot be opened', 'restore a backup');
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
  });

  it('a history of a newer Townpulse', async () => {
    const dataDir = temporaryFolder();
    await (await LocalService.start({ dataDir })).stop();
    const instance = await DuckDBInstance.create(join(dataDir, 'history.duckdb'));
    const connection = await instance.connect();
    await connection.run('UPDATE format SET version = 99');
    connection.closeSync();
    instance.closeSync();
    expectWords(await refusal({ dataDir }), 'format 99', 'start the newer version');
  });

  it('a history that is ahead of its journal, for it comes from another data directory', async () => {
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    const service = await LocalService.start({ dataDir: there });
    await service.register([
      {
        id: 'WP-1',
        kind: 'water-pressure',
        area: 'town-centre',
        organisation: 'water-company',
        secret: 'a-long-enough-secret',
      },
    ]);
    await service.drained();
    await service.stop();
    cpSync(join(there, 'history.duckdb'), join(here, 'history.duckdb'));
    expectWords(await refusal({ dataDir: here }), 'not of the same data directory', 'restore both');
  });

  it('a kind whose unit has changed', async () => {
    const { devices, env } = copies();
    const dataDir = temporaryFolder();
    await (await LocalService.start({ dataDir, env })).stop();
    spoil(join(devices, 'water-pressure.yaml'), 'unit: MPa', 'unit: kPa');
    expectWords(
      await refusal({ dataDir, env }),
      'devices/water-pressure.yaml',
      'was in MPa and is now in kPa',
      'another name',
    );
  });

  it('a data directory of the other clock', async () => {
    const dataDir = temporaryFolder();
    await (await LocalService.start({ dataDir, at: Date.parse('2026-01-15T12:00:00Z') })).stop();
    expectWords(await refusal({ dataDir }), 'belongs to a trial clock', '--at');
  });
});
