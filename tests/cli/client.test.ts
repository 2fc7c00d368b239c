import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Client } from '../../src/cli/client.ts';
import { createHttp } from '../../src/http/server.ts';
import { ADMIN_TOKEN, MemoryTown, OFFICER_TOKEN } from '../http/support/town.ts';
import { freePort } from '../support/port.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { typed } from './support/typed.ts';

/** The API of a small town, on a port of its own. */
async function listening(town = new MemoryTown()): Promise<string> {
  const http = createHttp(town, { port: 0, metricsWithoutToken: 'loopback' });
  onTestFinished(() => http.close());
  return `http://127.0.0.1:${await http.listen('127.0.0.1')}`;
}

/** A server that is something else. */
async function somethingElse(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A data directory of which a service says where it is, and what its token is. */
function dataDirectory(url: string | null, token: string | null): string {
  const folder = temporaryFolder();
  if (url !== null) writeFileSync(join(folder, 'cli.url'), `${url}\n`);
  if (token !== null) writeFileSync(join(folder, 'cli.token'), `${token}\n`);
  return folder;
}

describe('a command finds the service', () => {
  const list = ['devices', 'list', '--json'];
  let url: string;
  beforeEach(async () => {
    url = await listening();
  });

  it('by its options', async () => {
    const wrong = { TOWNPULSE_URL: 'http://127.0.0.1:1', TOWNPULSE_TOKEN: 'wrong' };
    expect(await typed([...list, '--url', `${url}/`, '--token', ADMIN_TOKEN], wrong)).toMatchObject({
      code: 0,
      err: '',
    });
  });

  it('or by the environment', async () => {
    const TOWNPULSE_DATA_DIR = dataDirectory('http://127.0.0.1:1', 'wrong');
    for (const name of ['TOWNPULSE_TOKEN', 'TOWNPULSE_ADMIN_TOKEN']) {
      const env = { TOWNPULSE_DATA_DIR, TOWNPULSE_URL: url, [name]: ADMIN_TOKEN };
      expect(await typed(list, env)).toMatchObject({ code: 0, err: '' });
    }
  });

  it('or by a file that the environment names; one that cannot be read is named: 2', async () => {
    const file = join(dataDirectory(null, ADMIN_TOKEN), 'cli.token');
    for (const name of ['TOWNPULSE_TOKEN_FILE', 'TOWNPULSE_ADMIN_TOKEN_FILE']) {
      expect(await typed(list, { TOWNPULSE_URL: url, [name]: file })).toMatchObject({ code: 0, err: '' });
      const { code, err } = await typed(list, { TOWNPULSE_URL: url, [name]: '/nowhere/token' });
      expect([code, err]).toEqual([2, expect.stringContaining(`${name}: /nowhere/token cannot be read`)]);
    }
  });

  it('or by what the data directory says', async () => {
    const folder = dataDirectory(url, ADMIN_TOKEN);
    expect(await typed(list, { TOWNPULSE_DATA_DIR: folder })).toMatchObject({ code: 0, err: '' });
    expect(await typed([...list, '--data-dir', folder])).toMatchObject({ code: 0, err: '' });
  });
});

describe('a command that does not get what it wants says so in one sentence', () => {
  const list = ['devices', 'list'];
  const one = async (words: string[], env: Record<string, string> = {}) => {
    const { code, out, err } = await typed(words, env);
    expect(out).toBe('');
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(/^townpulse: /);
    return { code, sentence: err.trim().slice('townpulse: '.length) };
  };

  it('no service runs there: 1', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, sentence } = await one([...list, '--url', url, '--token', 'x']);
    expect(code).toBe(1);
    expect(sentence).toBe(`${url} does not answer (connect ECONNREFUSED ${url.slice(7)}): is townpulse running?`);
  });

  it('nothing says where a service is: 2', async () => {
    const TOWNPULSE_DATA_DIR = dataDirectory(null, null);
    expect(await one(list, { TOWNPULSE_DATA_DIR })).toEqual({
      code: 2,
      sentence: `no address (--url or TOWNPULSE_URL), and none in ${TOWNPULSE_DATA_DIR}: is the service running there?`,
    });
  });

  it('nothing gives a token: 2', async () => {
    const TOWNPULSE_DATA_DIR = dataDirectory('http://127.0.0.1:1', null);
    const { code, sentence } = await one(list, { TOWNPULSE_DATA_DIR });
    expect([code, sentence]).toEqual([2, expect.stringContaining('no token (--token or TOWNPULSE_TOKEN)')]);
  });

  it.each(['nonsense', '127.0.0.1:8080', 'mqtt://127.0.0.1:1883', 'http://'])(
    'the address %s is none: 2',
    async (url) => {
      const { code, sentence } = await one([...list, '--url', url, '--token', 'x']);
      expect([code, sentence]).toEqual([2, `${url} is no address of the service: write http://127.0.0.1:8080`]);
    },
  );

  it('the token is wrong: 1', async () => {
    const url = await listening();
    expect(await one([...list, '--url', url, '--token', 'wrong'])).toEqual({
      code: 1,
      sentence: `${url} does not know this token: give the right one with --token or TOWNPULSE_TOKEN`,
    });
  });

  it('the token may not: 1', async () => {
    const words = ['devices', 'retire', 'WP-1', '--url', await listening(), '--token', OFFICER_TOKEN];
    expect(await one(words)).toEqual({ code: 1, sentence: 'this needs an administrator; Li is a duty-officer' });
  });

  it.each([
    ['a page', 200, '<!doctype html>'],
    ['a proxy whose service is away', 502, 'Bad Gateway'],
    ['JSON of another service', 404, '{"error":"no route"}'],
    ['a refusal of another service', 401, '{"code":"E_AUTH","detail":"who are you"}'],
  ])('something else answers, %s: 1', async (_what, status, body) => {
    const url = await somethingElse(status, body);
    expect(await one([...list, '--url', url, '--token', 'x'])).toEqual({
      code: 1,
      sentence: `${url} answers (${status}), but not as Townpulse does: is this the right address?`,
    });
  });
});

it('a request that does not fit is exit code 2, every problem on a line by its path', async () => {
  const url = await listening();
  const add = ['devices', 'add', 'no id', '--kind', 'water-pressure', '--area', 'no area', '--organisation', 'x'];
  const { code, out, err } = await typed([...add, '--url', url, '--token', ADMIN_TOKEN]);
  expect([code, out]).toEqual([2, '']);
  expect(err.split('\n').slice(1, -1)).toEqual([
    expect.stringMatching(/^ {2}id: an id is a letter or digit/),
    expect.stringMatching(/^ {2}area: an id is a letter or digit/),
  ]);
});

it('a list is walked to its end', async () => {
  const town = new MemoryTown();
  for (let id = 1_000; id < 3_500; id++) town.devices.add({ id: `WP-${id}` });
  const client = new Client({ url: await listening(town), token: ADMIN_TOKEN }, {});
  const ids = new Set<string>();
  let count = 0;
  for await (const { id } of client.list<{ id: string }>('/devices?kind=water-pressure')) {
    ids.add(id);
    count++;
  }
  expect([count, ids.size]).toEqual([2_500, 2_500]);
});
