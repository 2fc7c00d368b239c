import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttp, type HttpServer } from '../../src/http/server.ts';
import { AS_ADMIN, MemoryTown } from './support/town.ts';

const HOST = '127.0.0.1';

function serverOf(town: MemoryTown, port = 0): HttpServer {
  const server = createHttp(town, { port, metricsWithoutToken: 'loopback' });
  onTestFinished(() => server.close());
  return server;
}

/** A town whose readings come when the test lets them. */
function slowTown() {
  const town = new MemoryTown();
  town.devices.add({ id: 'WP-0001' });
  let answer = () => {};
  const asked = new Promise<void>((resolveAsked) => {
    town.readings = () => {
      resolveAsked();
      return new Promise((resolve) => {
        answer = () => resolve([]);
      });
    };
  });
  return { town, asked, answer: () => answer() };
}

const ask = (port: number, path = '/api/v1/readings?device=WP-0001&metric=pressure') =>
  fetch(`http://${HOST}:${port}${path}`, { headers: AS_ADMIN });

describe('the HTTP server', () => {
  it('takes a free port and tells which', async () => {
    const port = await serverOf(new MemoryTown()).listen(HOST);
    expect(port).toBeGreaterThan(0);
    expect((await ask(port, '/healthz')).status).toBe(200);
  });

  it('says what to do when its port is in use', async () => {
    const port = await serverOf(new MemoryTown()).listen(HOST);
    await expect(serverOf(new MemoryTown(), port).listen(HOST)).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringMatching(new RegExp(`port ${port} on ${HOST}.*TOWNPULSE_HTTP_PORT`)),
    });
  });

  it('says what to do when the address is not one of this machine', async () => {
    await expect(serverOf(new MemoryTown()).listen('192.0.2.1')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('TOWNPULSE_HOST'),
    });
  });
});

describe('stopping', () => {
  it('lets what is under way finish', async () => {
    const { town, asked, answer } = slowTown();
    const server = serverOf(town);
    const answered = ask(await server.listen(HOST));
    await asked;
    const closed = server.close();
    answer();
    expect((await answered).status).toBe(200);
    await closed;
  });

  it('cuts off what is still under way after three seconds of real time', async () => {
    const { town, asked } = slowTown();
    const server = serverOf(town);
    const answered = ask(await server.listen(HOST));
    await asked;
    const closed = server.close();
    town.realClock.advance(3_000);
    await expect(answered).rejects.toThrow('fetch failed');
    await closed;
  });

  it('takes nobody in any more', async () => {
    const server = serverOf(new MemoryTown());
    const port = await server.listen(HOST);
    await ask(port, '/healthz');
    await server.close();
    await expect(ask(port, '/healthz')).rejects.toThrow('fetch failed');
  });
});
