import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readBackup } from '../../src/backup/archive.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningService, runService } from './support/service.ts';
import { typed } from './support/typed.ts';

let service: RunningService;
beforeAll(async () => {
  service = await runService();
  const where = ['--kind', 'water-pressure', '--area', 'town-centre', '--organisation', 'water-company'];
  await service.typed('devices', 'add', 'WP-9001', ...where);
});
afterAll(() => service.end());

/** The address of a server that answers as it is told, until the test ends. */
async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('backup', () => {
  it('writes one file for its owner only, says what is in it, and that it holds secrets', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'town.tar');
    const { code, out, err } = await service.typed('backup', file);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^lailong as of \S+Z: 0 samples received, 0 stored, 0 pending; ledger balanced\n0 readings up to record \d+, journal 1 to \d+, \d+\.\d MB\n$/,
    );
    expect(err).toContain(`${file} holds tokens and secrets`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder), 'and nothing beside it').toEqual(['town.tar']);
    expect((await readBackup(file)).files.map(({ name }) => name)).toContain('cli.token');
  });

  it('gives its manifest as one JSON document', async () => {
    const file = join(temporaryFolder(), 'town.tar');
    const { out } = await service.typed('backup', file, '--json');
    expect(JSON.parse(out)).toEqual(await readBackup(file));
  });

  it('overwrites nothing: 2', async () => {
    const file = join(temporaryFolder(), 'town.tar');
    writeFileSync(file, 'another town');
    const { code, err } = await service.typed('backup', file);
    expect([code, err]).toEqual([2, `townpulse: ${file} exists already: choose another name\n`]);
    expect(readFileSync(file, 'utf8')).toBe('another town');
  });

  it('into a folder that there is not is one sentence, and no backup is made for it: 1', async () => {
    const asked: (string | undefined)[] = [];
    const url = await listening((request, response) => {
      asked.push(request.url);
      response.end();
    });
    const { code, err } = await typed(['backup', '/nowhere/town.tar', '--url', url, '--token', 'a-token']);
    expect([code, err]).toEqual([1, expect.stringMatching(/^townpulse: the backup was not written to .*\n$/)]);
    expect(asked).toEqual([]);
  });

  it('to standard output has no JSON beside it: 2', async () => {
    const { code, out, err } = await service.typed('backup', '-', '--json');
    expect([code, out, err]).toEqual([2, '', expect.stringContaining('--json tells of a file')]);
  });

  it('that is cut off on its way is no file', async () => {
    const folder = temporaryFolder();
    const url = await listening((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-tar' });
      response.write(Buffer.alloc(1_024));
      setImmediate(() => response.destroy());
    });
    const { code, err } = await typed(['backup', join(folder, 'town.tar'), '--url', url, '--token', 'x']);
    expect([code, err]).toEqual([1, expect.stringContaining('was not written')]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('asks nobody who is no Townpulse', async () => {
    const url = await listening((_request, response) => response.end('<h1>hello</h1>'));
    const { code, err } = await typed(['backup', join(temporaryFolder(), 't.tar'), '--url', url, '--token', 'x']);
    expect([code, err]).toEqual([1, expect.stringContaining('is this the right address?')]);
  });
});

describe('restore', () => {
  it('says what came back and where; a second time the directory is not empty: 2', async () => {
    const file = join(temporaryFolder(), 'town.tar');
    await service.typed('backup', file);
    const dataDir = join(temporaryFolder(), 'data');
    const first = await typed(['restore', file, '--data-dir', dataDir]);
    expect([first.code, first.err]).toEqual([0, '']);
    expect(first.out).toContain('ledger balanced');
    expect(first.out).toContain(`restored into ${dataDir}: start townpulse on it\n`);
    expect(readFileSync(join(dataDir, 'cli.token'), 'utf8')).toBe(
      readFileSync(join(service.dataDir, 'cli.token'), 'utf8'),
    );
    const second = await typed(['restore', file], { TOWNPULSE_DATA_DIR: dataDir });
    expect([second.code, second.err]).toEqual([2, expect.stringContaining('is not empty')]);
  });

  it('gives the manifest as one JSON document', async () => {
    const file = join(temporaryFolder(), 'town.tar');
    await service.typed('backup', file);
    const dataDir = temporaryFolder();
    const { out } = await typed(['restore', file, '--json', '--data-dir', dataDir]);
    expect(JSON.parse(out)).toEqual(await readBackup(file));
  });

  it('refuses what is no backup, in one sentence: 2', async () => {
    const file = join(temporaryFolder(), 'town.tar');
    writeFileSync(file, 'no tar');
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, 'data'));
    const { code, err } = await typed(['restore', file, '--data-dir', join(dataDir, 'data')]);
    expect([code, err]).toEqual([2, `townpulse: ${file} is no backup made by townpulse backup\n`]);
    expect(readdirSync(join(dataDir, 'data'))).toEqual([]);
  });
});
