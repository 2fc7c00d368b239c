import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readParquet } from '../support/parquet.ts';
import { ServiceClient } from '../support/service-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningService, runService } from './support/service.ts';
import { typed } from './support/typed.ts';

let service: RunningService;
beforeAll(async () => {
  service = await runService();
  const where = ['--kind', 'water-pressure', '--area', 'town-centre', '--organisation', 'water-company'];
  const { credentials } = await service.json<{ credentials: { secret: string } }>(
    'devices',
    'add',
    'WP-9001',
    ...where,
  );
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${service.mqttPort}`, {
    username: 'WP-9001',
    password: credentials.secret,
  });
  const now = service.clock.clock.now();
  const samples = [3, 2, 1].map((ago) => ({ ts: now - ago * 60_000, pressure: ago / 8 }));
  await client.publishAsync('lailong/water-pressure/WP-9001/telemetry', JSON.stringify(samples), { qos: 1 });
  await client.endAsync();
  const token = readFileSync(join(service.dataDir, 'cli.token'), 'utf8').trim();
  await new ServiceClient(service.httpPort, service.mqttPort, token).drained();
});
afterAll(() => service.end());

describe('export', () => {
  it('writes a CSV to standard output, or to a file that appears when it is whole', async () => {
    const { code, out, err } = await service.typed('export', '--kind', 'water-pressure');
    expect([code, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^device,ts,pressure,.*receivedAt,deviceTs,seq,flags,area,road,organisation$/);
    expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual(['0.375', '0.25', '0.125']);
    expect(lines[1]).toMatch(/,town-centre,,water-company$/);

    const [folder, file] = [temporaryFolder(), 'rows.csv'];
    const saved = await service.typed('export', '--kind', 'water-pressure', '--output', join(folder, file));
    expect([saved.code, readFileSync(join(folder, file), 'utf8')]).toEqual([0, out]);
    expect(readdirSync(folder)).toEqual([file]);
  });

  it('to standard output is rows and no JSON: 2', async () => {
    const { code, out, err } = await service.typed('export', '--kind', 'water-pressure', '--json');
    expect([code, out, err]).toEqual([2, '', expect.stringContaining('say --output FILE')]);
  });

  it('writes Parquet of the same rows', async () => {
    const file = join(temporaryFolder(), 'rows.parquet');
    const told = await service.json('export', '--kind', 'water-pressure', '--format', 'parquet', '--output', file);
    expect(told).toMatchObject({ file, format: 'parquet', bytes: readFileSync(file).length });
    const rows = await readParquet(file);
    expect(rows.map(({ device, pressure }) => [device, pressure])).toEqual([
      ['WP-9001', 0.375],
      ['WP-9001', 0.25],
      ['WP-9001', 0.125],
    ]);
  });

  it('says which kind was meant, and overwrites nothing: 2', async () => {
    const unknown = await service.typed('export', '--kind', 'water-presure');
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('did you mean water-pressure?')]);
    const file = join(temporaryFolder(), 'rows.csv');
    writeFileSync(file, 'mine');
    const there = await service.typed('export', '--kind', 'water-pressure', '--output', file);
    expect([there.code, there.err]).toEqual([2, `townpulse: ${file} exists already: choose another name\n`]);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

/** The address of a server that answers as it is told, until the test ends. */
async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an export that breaks off', () => {
  const half: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' });
    response.write('device,ts\n', () => response.destroy());
  };

  it('leaves no file: 1', async () => {
    const folder = temporaryFolder();
    const words = ['export', '--kind', 'x', '--url', await listening(half), '--token', 't'];
    const { code, err } = await typed([...words, '--output', join(folder, 'rows.csv')]);
    expect([code, err]).toEqual([1, expect.stringMatching(/^townpulse: the export was not written to .*: aborted\n$/)]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says so after what it printed: 1', async () => {
    const { code, err } = await typed(['export', '--kind', 'x', '--url', await listening(half), '--token', 't']);
    expect([code, err]).toEqual([1, 'townpulse: the export broke off, what was written is not whole: aborted\n']);
  });
});
