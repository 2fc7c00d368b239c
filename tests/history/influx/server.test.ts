import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { InfluxServer } from '../../../src/history/influx/server.ts';
import { Statement } from '../../../src/history/influx/statement.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { freePort } from '../../support/port.ts';

/** Something that answers at an address and is not the InfluxDB that was meant. */
async function somethingElse(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}

const at = (url: string, more: object = {}) =>
  new InfluxServer({ url, bucket: 'b', timeout: 5_000, ...more }, systemClock);

it('a server that is no InfluxDB, or of a version that was never tried, is not written to', async () => {
  const nginx = await somethingElse((_request, response) => response.end('<html>hello</html>'));
  await expect(at(nginx).reach()).rejects.toThrow('does not say that it is an InfluxDB');
  const three = await somethingElse((_request, response) => response.setHeader('x-influxdb-version', '3.4.1').end());
  await expect(at(three).reach()).rejects.toThrow(
    /is InfluxDB 3.4.1; Townpulse was tried with 1.8 and 2.7.*INFLUX_VERSION=2/,
  );
  await at(three, { version: '2' }).reach();
});

it('a version that a proxy hides is asked of /health', async () => {
  const proxied = await somethingElse(({ url }, response) => {
    if (url === '/health') response.end('{"name":"influxdb","status":"pass","version":"v2.7.12"}');
    else response.end();
  });
  await at(proxied).reach();
});

it('a redirection is not followed: a write must not become a reading', async () => {
  const moved = await somethingElse((_request, response) => response.writeHead(301, { location: '/elsewhere' }).end());
  await expect(at(moved).write(['m a=1 5\n'], 'ms')).rejects.toThrow('answers 301');
});

it('an address where nobody listens is told with the reason', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await expect(at(url).reach()).rejects.toThrow(`InfluxDB at ${url} cannot be reached: connect ECONNREFUSED`);
});

it('a query that is answered with what is no JSON says so', async () => {
  const nginx = await somethingElse((_request, response) => response.end('<html>hello</html>'));
  await expect(at(nginx).query(new Statement())).rejects.toThrow('no JSON: <html>hello</html>');
});
