import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { probeInflux } from '../../../src/history/influx/probe.ts';
import { TrialClock } from '../../../src/kernel/clock.ts';

const NOW = Date.parse('2026-11-23T12:00:00.400Z');

/** What is found of a server that answers so, at {@link NOW}. */
async function probing(answer: RequestListener) {
  const server = createServer({}, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, probed: await probeInflux({ url, bucket: 'town', timeout: 1_000 }, new TrialClock(NOW)) };
}

/** An InfluxDB 2 of which only the clock is of interest. */
const clockOf =
  (date: string | null): RequestListener =>
  (request, response) => {
    response.sendDate = false;
    if (date !== null) response.setHeader('date', new Date(date).toUTCString());
    response.setHeader('x-influxdb-version', 'v2.7.12');
    response.end(request.url?.startsWith('/api/v2/buckets') ? '{"buckets":[{"retentionRules":[]}]}' : '');
  };

it.each([
  // Its Date is a whole second, so that it may be up to a second behind without being wrong.
  ['2026-11-23T12:00:00Z', 0],
  ['2026-11-23T12:00:10Z', 9_600],
  ['2026-11-23T11:59:50Z', -9_400],
  [null, null],
])('a server whose Date is %s has a clock that is %d ms off', async (date, offset) => {
  const { probed } = await probing(clockOf(date));
  expect(probed).toMatchObject({ version: '2.7.12', unreachable: null, write: null, read: null, clockOffset: offset });
});

it.each([
  ['a page', (_request, response) => response.end('<h1>nginx</h1>')],
  [
    'nonsense under the version of an InfluxDB',
    (_request, response) => {
      response.setHeader('x-influxdb-version', '1.8.10');
      response.end('<h1>proxy</h1>');
    },
  ],
] satisfies [string, RequestListener][])('%s is no InfluxDB', async (_what, answer) => {
  const { url, probed } = await probing(answer);
  expect(probed.unreachable).toBe(`${url} answers, but not as an InfluxDB does`);
});

it('a server that speaks TLS only is told how to be spoken to', async () => {
  const { url, probed } = await probing((_request, response) => {
    response.statusCode = 400;
    response.end('Client sent an HTTP request to an HTTPS server.');
  });
  expect(probed.unreachable).toBe(`${url} speaks TLS only: write https:// instead of http://`);
});

it('a server that hangs up cannot be reached', async () => {
  const { url, probed } = await probing((request) => request.socket.destroy());
  expect(probed.unreachable).toMatch(new RegExp(`^${url} cannot be reached: `));
});
