import { connectAsync } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { ServiceProcess } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SECRET = 'the-secret-of-this-device';
const LETTERS = 250;
const device = (id: string, gateway: string | null = null) => ({
  ...{ id, kind: 'water-pressure', area: 'town-centre', organisation: 'water-company', secret: SECRET, gateway },
});

test.each(['append.before', 'append.after', 'history.commit.before', 'history.commit.after'])(
  'a kill at %s in the midst of a replay: each dead letter comes once',
  async (point) => {
    const dataDir = temporaryFolder();
    const first = await ServiceProcess.start({ dataDir, from: 'sources', env: { TOWNPULSE_TEST_KILL_AT: point } });
    onTestFinished(() => first.kill());
    await first.register([device('WP-1')]);
    const client = await connectAsync(first.mqttUrl, { username: 'WP-1', password: SECRET, reconnectPeriod: 0 });
    const base = Date.now() - 60_000;
    for (let nth = 0; nth < LETTERS; nth++) {
      const message = JSON.stringify([{ device: 'WP-2', ts: base + nth, pressure: 0.3 }]);
      await client.publishAsync('lailong/water-pressure/WP-1/telemetry', message, { qos: 1 });
    }
    await client.endAsync(true);
    await first.register([device('WP-2', 'WP-1')]);
    await first.drained();
    expect(await first.ledger()).toMatchObject({ received: LETTERS, rejected: LETTERS, balanced: true });

    first.arm();
    const wish = { reason: 'unknown-device' };
    const asked = first.api('/dead-letters/replay', wish).catch(() => {});
    expect(await first.ended()).toBe('SIGKILL');
    await asked;

    const second = await ServiceProcess.start({ dataDir, from: 'sources' });
    onTestFinished(() => second.kill());
    const between = await second.ledger();
    expect(between).toMatchObject({ received: LETTERS, balanced: true });
    const { replayed, refused } = await second.api<{ replayed: number; refused: object[] }>(
      '/dead-letters/replay',
      wish,
    );
    expect([replayed, refused]).toEqual([between.rejected, []]);
    await second.drained();
    expect(await second.ledger()).toMatchObject({
      ...{ received: LETTERS, stored: LETTERS, merged: 0, duplicate: 0, rejected: 0, balanced: true },
    });
    await second.stop();
  },
);
