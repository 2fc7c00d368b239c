import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/model/ledger.ts';
import { type Fault, FaultProxy } from '../../support/fault-proxy.ts';
import { type BucketAddress, hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../../support/influxdb.ts';
import { InfluxTown, type Told } from '../support/influx-town.ts';

const KINDS = ['water-pressure', 'gas-meter'];
/** How soon a message is acknowledged, whatever the history does, ms. */
const PROMPT = 2_000;

interface Scene {
  server: InfluxProcess;
  proxy: FaultProxy;
  address: BucketAddress;
}

interface Outage {
  /** Makes it begin. */
  begins(scene: Scene): Promise<void> | void;
  /** Makes it end. */
  ends(scene: Scene): Promise<void> | void;
  /** Whether it is there when the service starts. */
  atStart?: boolean;
  /** How the history is, and what `/readyz` says of it. */
  state: 'down' | 'slow';
  words: RegExp;
  /** How long an answer may take. */
  timeout?: string;
  /** What must be true of the requests while it lasts and after it. */
  requests?(proxy: FaultProxy): void;
}

/** Lets the proxy spoil what is written, or what is asked. */
const spoils = (fault: Fault, what: '/write' | '/query' = '/write'): Pick<Outage, 'begins' | 'ends'> => ({
  begins: ({ proxy }) => {
    proxy.fault = (path) => (path.includes(what) ? fault : 'none');
  },
  ends: ({ proxy }) => {
    proxy.fault = () => 'none';
  },
});
const dies: Pick<Outage, 'begins' | 'ends'> = {
  begins: ({ server }) => server.kill(),
  ends: ({ server }) => server.start(),
};

const OUTAGES: Record<string, Outage> = {
  'the server is down at the start': { ...dies, atStart: true, state: 'down', words: /cannot be reached|answers 50/ },
  'the server is killed later': { ...dies, state: 'down', words: /cannot be reached|answers 50/ },
  'the server is slow': { ...spoils({ delayMs: 6_000 }), state: 'slow', words: /^slow: a commit takes more than 5 s$/ },
  'the server takes a minute to answer': {
    ...spoils({ delayMs: 60_000 }),
    timeout: '1s',
    state: 'down',
    words: /has not answered within 1 s/,
  },
  'the server hangs': { ...spoils('hang'), timeout: '1s', state: 'down', words: /has not answered within 1 s/ },
  'the server answers 429 and says when to come back': {
    ...spoils({ status: 429, headers: { 'retry-after': '2' }, body: '{"message":"too many requests"}' }),
    state: 'down',
    words: /answers 429: too many requests/,
    requests: ({ writes }) => {
      expect(writes.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
      for (const [index, { status, at }] of writes.entries()) {
        const next = writes[index + 1];
        if (status === 429 && next !== undefined) expect(next.at - at).toBeGreaterThanOrEqual(2_000);
      }
    },
  },
  'the server answers 503': { ...spoils({ status: 503 }), state: 'down', words: /answers 503/ },
  'the server answers 503 to questions alone': {
    ...spoils({ status: 503 }, '/query'),
    state: 'down',
    words: /answers 503/,
  },
  'the server answers 500, as with a full disk': {
    ...spoils({ status: 500, body: '{"error":"write /data/1.wal: no space left on device"}' }),
    state: 'down',
    words: /answers 500: write \/data\/1.wal: no space left on device/,
  },
  'a proxy answers 400 that knows nothing of points': {
    ...spoils({ status: 400, body: '<html>The plain HTTP request was sent to HTTPS port</html>' }),
    state: 'down',
    words: /answers 400: <html>The plain HTTP request/,
  },
  'the connection closes in the middle of an answer': { ...spoils('cut'), state: 'down', words: /cannot be reached/ },
  'the bucket is deleted': {
    begins: ({ server, address }) => server.dropBucket(address.bucket),
    ends: ({ server, address }) => server.remakeBucket(address),
    atStart: true,
    state: 'down',
    words: /answers 40[34].*(not found|not authorized)/,
  },
  'the token or user loses its right': {
    begins: ({ server, address }) => server.setAllowed(address, false),
    ends: ({ server, address }) => server.setAllowed(address, true),
    state: 'down',
    words: /answers 40[13]: .*(unauthorized|not authorized).* \(.*(check INFLUX_TOKEN|token or user)/i,
  },
};

/** Five minutes of samples, one a second, that end at `end`. */
function samples(end: number, count: number, pressure: number): Told[] {
  return Array.from({ length: count }, (_, index) => ({ ts: end - (count - index) * 1_000, pressure, seq: index }));
}

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(`an outage of ${influxTitle(version)}`, () => {
    let server: InfluxProcess;
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
    });
    afterAll(() => server.stop());

    /** Runs a town behind a proxy, and holds it to account at the end. */
    async function during(
      options: { timeout?: string | undefined; before?: (scene: Scene) => Promise<void> | void },
      story: (town: InfluxTown, scene: Scene) => Promise<Ledger>,
    ): Promise<void> {
      const address = await server.newBucket();
      const proxy = await FaultProxy.start(server.url);
      const scene = { server, proxy, address };
      await options.before?.(scene);
      const town = await InfluxTown.start({ ...address, url: proxy.url }, options.timeout);
      try {
        const { stored, merged, balanced, pending } = await story(town, scene);
        expect({ balanced, pending }).toEqual({ balanced: true, pending: 0 });
        const points = await Promise.all(KINDS.map((kind) => server.points(address.bucket, kind)));
        expect(points.reduce((sum, count) => sum + count)).toBe(stored - merged);
      } finally {
        proxy.fault = () => 'none';
        const problems = await town.stop();
        await proxy.stop();
        expect(problems).toEqual([]);
      }
    }

    it.each(Object.entries(OUTAGES))('%s', async (_name, outage) => {
      const { begins, ends, atStart = false, timeout, state, words, requests } = outage;
      const before = atStart ? begins : () => {};
      await during({ timeout, before }, async (town, scene) => {
        const now = Date.now();
        await town.send('WP-1', samples(now - 400_000, 100, 0.3));
        if (!atStart) {
          await town.drained();
          await begins(scene);
        }

        // A correction and a repetition of what may be stored, late ones, new ones; and what the rules must not miss.
        const sent = [
          await town.send('WP-1', samples(now - 400_000, 50, 0.31)),
          await town.send('WP-1', samples(now - 450_000, 50, 0.3)),
          await town.send('WP-1', samples(now - 600_000, 50, 0.3)),
          await town.send('WP-1', samples(now, 200, 0.3)),
          await town.send('GM-1', [{ ts: now, leak: 60 }]),
        ];
        expect(Math.max(...sent)).toBeLessThan(PROMPT);
        await town.until(
          'rules go on',
          () => town.api<{ items: { subject: { id: string } }[] }>('/alerts?state=open&rule=gas-leak-high'),
          ({ items }) => items.some(({ subject }) => subject.id === 'GM-1'),
        );
        const held = await town.until(
          'the ledger tells',
          () => town.ledger(),
          ({ history, pending }) => history.state === state && pending > 0,
        );
        expect(held.balanced).toBe(true);
        expect(held.history.backlogBytes).toBeGreaterThan(0);
        expect(held.history.lagSeconds).toBeGreaterThan(0);
        expect(await town.figure('history_lag_seconds')).toBeGreaterThan(0);
        expect(await town.figure('history_up')).toBe(state === 'down' ? 0 : 1);
        const { ready, history } = await town.readiness();
        expect(ready).toBe(true);
        expect(history).toMatch(words);

        await ends(scene);
        await town.send('WP-1', samples(now + 10_000, 10, 0.3));
        const ledger = await town.drained();
        requests?.(scene.proxy);
        expect(ledger).toMatchObject({ received: 461, stored: 411, merged: 50, duplicate: 50, rejected: 0 });
        return ledger;
      });
    });

    it('while a big backlog drains, what comes in is acknowledged, judged and shown as ever', async () => {
      await during({}, async (town, { proxy }) => {
        const now = Date.now();
        proxy.fault = (path) => (path.includes('/write') ? { status: 503 } : 'none');
        const backlog = samples(now - 1_000, 30_000, 0.3);
        for (let at = 0; at < backlog.length; at += 5_000) await town.send('WP-1', backlog.slice(at, at + 5_000));
        proxy.fault = (path) => (path.includes('/write') ? { delayMs: 2_000 } : 'none');
        await town.until(
          'it drains',
          () => town.ledger(),
          ({ stored }) => stored > 0,
        );
        const took = [
          await town.send('GM-1', [{ ts: now, leak: 60 }]),
          await town.send('WP-1', [{ ts: now, pressure: 0.25 }]),
        ];
        expect(Math.max(...took)).toBeLessThan(PROMPT);
        await town.until(
          'the newest value is there',
          () => town.api<{ values: { pressure: number } }>('/devices/WP-1/latest'),
          ({ values }) => values.pressure === 0.25,
        );
        await town.until(
          'the rules found it',
          () => town.api<{ items: unknown[] }>('/alerts?state=open&rule=gas-leak-high'),
          ({ items }) => items.length === 1,
        );
        expect((await town.ledger()).pending).toBeGreaterThan(10_000);
        proxy.fault = () => 'none';
        const ledger = await town.drained();
        expect(ledger).toMatchObject({ received: 30_002, stored: 30_002, merged: 0, duplicate: 0, rejected: 0 });
        return ledger;
      });
    });

    it('one field of another type among 5,000 good points: it alone is refused, after few requests', async () => {
      await during({}, async (town, { proxy, address }) => {
        const now = Date.now();
        // Somebody else wrote a text where Townpulse writes a number.
        await server.write(address.bucket, `water-pressure,device=X battery="full" ${now}`);
        proxy.fault = (path) => (path.includes('/write') ? { status: 503 } : 'none');
        const all = samples(now, 5_000, 0.3);
        all.splice(3_210, 0, { ts: now + 1, pressure: 0.3, battery: 80 });
        for (let at = 0; at < all.length; at += 1_000) await town.send('WP-1', all.slice(at, at + 1_000));
        const before = proxy.writes.length;
        proxy.fault = () => 'none';
        const ledger = await town.drained();
        expect(ledger).toMatchObject({ received: 5_001, stored: 5_000, rejected: 1 });
        expect(proxy.writes.length - before).toBeLessThan(2 * Math.log2(5_000) + 10);
        const { items } = await town.api<{ items: { reason: string; detail: string; payload: string }[] }>(
          '/dead-letters',
        );
        expect(items).toMatchObject([{ reason: 'store-rejected' }]);
        expect(items[0]?.detail).toMatch(/field type conflict: input field "battery" on measurement "water-pressure"/);
        expect(JSON.parse(items[0]?.payload ?? '')).toEqual({ ts: now + 1, pressure: 0.3, battery: 80 });
        return ledger;
      });
    });

    it('what it refused for good comes in by a replay once that is mended, and once only', async () => {
      await during({}, async (town, { address }) => {
        const now = Date.now();
        const replay = () =>
          town.api<{ replayed: number; refused: { id: string; reason: string }[] }>('/dead-letters/replay', {
            reason: 'store-rejected',
          });
        await server.write(address.bucket, `water-pressure,device=X battery="full" ${now}`);
        const sent = [
          { ts: now - 2_000, seq: 1, pressure: 0.3, battery: 80 },
          { ts: now - 1_000, seq: 2, pressure: 0.31, battery: 81 },
        ];
        await town.send('WP-1', sent);
        expect(await town.drained()).toMatchObject({ received: 2, stored: 0, rejected: 2, balanced: true });

        // Before anything is mended it is refused again: by its own new letter, still counted once.
        expect(await replay()).toMatchObject({ replayed: 2, refused: [], refusedAgain: 2 });
        expect(await town.drained()).toMatchObject({ received: 2, stored: 0, rejected: 2, balanced: true });
        const letters = async () =>
          (await town.api<{ items: { id: string; replayed: boolean }[] }>('/dead-letters')).items;
        expect((await letters()).map(({ replayed }) => replayed)).toEqual([false, false, true, true]);

        await server.dropBucket(address.bucket);
        await server.remakeBucket(address);
        expect(await replay()).toMatchObject({ replayed: 2, refused: [], refusedAgain: 0 });
        const ledger = await town.drained();
        expect(ledger).toMatchObject({ received: 2, stored: 2, rejected: 0, duplicate: 0 });
        const range = `from=${now - 10_000}&to=${now}`;
        const { items } = await town.api<{ items: object[] }>(`/readings?device=WP-1&metric=battery&${range}`);
        expect(items).toEqual(sent.map(({ ts, battery }) => ({ ts: new Date(ts).toISOString(), battery })));

        expect(await replay()).toMatchObject({ replayed: 0, refused: [] });
        const ids = (await letters()).map(({ id }) => id);
        const again = await town.api<{ replayed: number; refused: object[] }>('/dead-letters/replay', { ids });
        expect(again.replayed).toBe(0);
        expect(again.refused).toEqual(ids.map((id) => ({ id, reason: 'it was replayed already' })));
        return ledger;
      });
    });

    it('timestamps before the retention: they are refused, the others are kept', async () => {
      const before = ({ address }: Scene) => server.setRetention(address.bucket, 24);
      await during({ before }, async (town) => {
        const now = Date.now();
        await town.send('WP-1', samples(now, 300, 0.3));
        await town.drained();
        await town.send('WP-1', [...samples(now - 3 * 86_400_000, 3, 0.3), ...samples(now - 3_600_000, 20, 0.3)]);
        const ledger = await town.drained();
        expect(ledger).toMatchObject({ received: 323, stored: 320, rejected: 3 });
        const { items } = await town.api<{ items: { reason: string; detail: string }[] }>('/dead-letters');
        expect(items.map(({ reason }) => reason)).toEqual(Array(3).fill('store-rejected'));
        for (const { detail } of items) expect(detail).toMatch(/retention policy/);
        return ledger;
      });
    });

    it('a stop and a start in the middle: the stop does not wait for a server that hangs, and nothing is forgotten', async () => {
      await during({}, async (town, { proxy }) => {
        const now = Date.now();
        await town.send('WP-1', samples(now - 400_000, 100, 0.3));
        await town.drained();
        proxy.fault = (path) => (path.includes('/write') ? 'hang' : 'none');
        await town.send('WP-1', [...samples(now - 400_000, 50, 0.31), ...samples(now, 200, 0.3)]);
        await town.until(
          'the server has the request',
          async () => proxy.writes.filter(({ status }) => status === null).length,
          (hanging) => hanging > 0,
        );
        const { took, problems } = await town.halt();
        expect(problems).toEqual([]);
        expect(took).toBeLessThan(12_000);

        await server.kill();
        await town.start();
        expect(await town.ledger()).toMatchObject({ received: 350, stored: 100, pending: 250, balanced: true });
        await server.start();
        proxy.fault = () => 'none';
        const ledger = await town.drained();
        expect(ledger).toMatchObject({ received: 350, stored: 350, merged: 50, duplicate: 0, rejected: 0 });
        return ledger;
      });
    });
  });
});
