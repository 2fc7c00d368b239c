import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { createApplication } from '../../../src/http/application.ts';
import type { HttpParts } from '../../../src/http/server.ts';
import { TownError } from '../../../src/kernel/errors.ts';
import { asking, expectProblem } from '../support/asking.ts';
import { ADMIN_TOKEN, AS_OFFICER, MemoryTown, NOW } from '../support/town.ts';

const PATH = '/api/v1/export?kind=water-pressure&from=2026-11-22T00:00:00Z&to=2026-11-23T12:00:00Z';

it('streams a table under a name that says of what and when, to everybody signed in', async () => {
  const ask = asking(new MemoryTown());
  const csv = await ask('GET', PATH, { headers: AS_OFFICER });
  expect([csv.status, csv.text]).toEqual([200, 'device,ts\nWP-1,1970-01-01T00:00:00.001Z\n']);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
  expect(csv.headers['content-length']).toBe(undefined);
  expect(csv.headers['content-disposition']).toBe(
    'attachment; filename="water-pressure-20261122T000000Z-20261123T120000Z.csv"',
  );
  const parquet = await ask('GET', `${PATH}&format=parquet`);
  expect(parquet.headers['content-type']).toBe('application/vnd.apache.parquet');
  expect(parquet.headers['content-length']).toBe('40');
  expectProblem(await ask('GET', PATH, { headers: {} }), 401, 'unauthorized');
});

it('asks for the last day unless the period is said', async () => {
  const town = new MemoryTown();
  const asked: unknown[] = [];
  const { exportRows } = town;
  town.exportRows = (query, signal) => {
    asked.push(query);
    return exportRows(query, signal);
  };
  await asking(town)('GET', '/api/v1/export?kind=water-pressure&format=parquet');
  expect(asked).toEqual([{ kind: 'water-pressure', from: NOW - 86_400_000, to: NOW, format: 'parquet' }]);
});

it('refuses what it does not understand, with the path', async () => {
  const ask = asking(new MemoryTown());
  expect(expectProblem(await ask('GET', `${PATH}&format=xlsx`), 422, 'invalid')).toEqual(['format']);
  expect(expectProblem(await ask('GET', '/api/v1/export'), 422, 'invalid')).toEqual(['kind']);
  expect(expectProblem(await ask('GET', `${PATH}&cursor=x`), 422, 'invalid')).toEqual(['cursor']);
});

it.each([
  ['conflict', 409],
  ['unavailable', 503],
] as const)('one that cannot be made is %s', async (code, status) => {
  const town = new MemoryTown();
  town.exportRows = async () => {
    throw new TownError(code, 'not now');
  };
  expectProblem(await asking(town)('GET', PATH), status, code);
});

/** Asks over a socket, as nothing else shows how an answer breaks off. */
async function download(exportRows: HttpParts['exportRows']) {
  const town = new MemoryTown();
  town.exportRows = exportRows;
  const app = createApplication(town, { port: 0, metricsWithoutToken: 'loopback' });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const request = get(`http://127.0.0.1:${port}${PATH}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const [response] = (await once(request, 'response')) as [Readable];
  return response;
}

it('breaks the connection off where the rows break off, so that half an export does not look whole', async () => {
  const response = await download(async () => {
    const rows = async function* () {
      yield 'device,ts\n';
      throw new Error('the store broke down');
    };
    return { stream: Readable.from(rows(), { objectMode: false }), bytes: null };
  });
  const read = async () => {
    for await (const _ of response);
  };
  await expect(read()).rejects.toThrow('aborted');
});

it('a client that goes away ends the work', async () => {
  let ended = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  let signal: AbortSignal | undefined;
  const response = await download(async (_query, given) => {
    signal = given;
    const rows = async function* () {
      try {
        for (;;) yield 'x'.repeat(100_000);
      } finally {
        ended();
      }
    };
    return { stream: Readable.from(rows(), { objectMode: false }), bytes: null };
  });
  await once(response, 'data');
  response.destroy();
  await end;
  expect(signal?.aborted).toBe(true);
});
