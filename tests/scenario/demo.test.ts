import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ServiceProcess } from '../support/service.ts';
import { ServiceClient } from '../support/service-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { isInstalled, run } from './support/command.ts';
import { smallTown } from './support/small-town.ts';

/** `townpulse start --demo` as it was built, with nothing set but its place and its ports. */
async function startDemo(dataDir: string, town: string) {
  const demo = await ServiceProcess.start({
    ...{ dataDir, from: 'build', args: ['--demo'] },
    env: { TOWNPULSE_TOWN: town, TOWNPULSE_ADMIN_TOKEN: '' },
  });
  onTestFinished(() => demo.kill());
  await vi.waitFor(() => expect(demo.output).toMatch(/^ {2}curl /m));
  const line = (program: string) => new RegExp(`^ {2}(${program} .*)$`, 'm').exec(demo.output)?.[1] ?? '';
  const token = readFileSync(join(dataDir, 'cli.token'), 'utf8').trim();
  const client = new ServiceClient(demo.httpPort, demo.mqttPort, token);
  const progress = async () => (await client.readiness()).checks.demo ?? '';
  const now = async () => Date.parse((await client.api<{ now: string }>('/clock')).now);
  return { demo, client, line, progress, now };
}

const missing = ['mosquitto_pub', 'curl'].filter((program) => !isInstalled(program));
const unless = missing.length === 0 ? '' : ` (needs ${missing.join(' and ')}: npm run servers)`;

it.skipIf(missing.length > 0)(`the lines that the demo greets with work as they stand${unless}`, async () => {
  const { client, line, now, demo } = await startDemo(temporaryFolder(), smallTown());
  const begun = await now();
  expect(await run('sh', ['-c', line('mosquitto_pub')])).toEqual({ code: 0, out: '', err: '' });
  const { code, out } = await run('sh', ['-c', line('curl')]);
  expect({ code, answer: JSON.parse(out) }).toMatchObject({ code: 0, answer: { device: 'WP-0030', online: true } });
  await client.drained();
  const to = new Date(begun + 48 * 3_600_000).toISOString();
  const query = `/readings?device=WP-0030&metric=pressure&from=${new Date(begun).toISOString()}&to=${to}&limit=1000`;
  const said = await client.api<{ items: { pressure: number }[] }>(query);
  expect(said.items.map(({ pressure }) => pressure)).toContain(0.31);
  await demo.stop();
});

it('the demo is ready at once, makes a day of history behind it, lives on, and resumes on its second start', async () => {
  const [dataDir, town] = [temporaryFolder(), smallTown()];
  const first = await startDemo(dataDir, town);
  const begun = await first.now();

  const seen: number[] = [];
  await vi.waitFor(
    async () => {
      const progress = await first.progress();
      const percent = /^making 24 hours of history: (\d+) %$/.exec(progress)?.[1];
      if (percent !== undefined) seen.push(Number(percent));
      expect(progress).toBe('ok');
    },
    { timeout: 60_000, interval: 50 },
  );
  expect(new Set(seen).size).toBeGreaterThan(2);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));

  await first.client.drained();
  const made = await first.client.ledger();
  expect(made).toMatchObject({ balanced: true, rejected: 0, duplicate: 0 });
  const query = `/readings?device=WP-0030&metric=pressure&bucket=1h&agg=count&from=${new Date(begun).toISOString()}`;
  const { items } = await first.client.api<{ items: { count: number }[] }>(query);
  // A pressure point reports every five minutes: 288 in a day, give or take where its first and last hours are cut.
  expect(items.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(286);
  expect(Math.min(...items.slice(1, -1).map(({ count }) => count))).toBe(12);
  const { trial, speed } = await first.client.api<{ trial: boolean; speed: number }>('/clock');
  expect({ trial, speed }).toEqual({ trial: true, speed: 10 });

  const left = await first.now();
  const before = await first.client.ledger();
  await first.demo.stop();
  const second = await startDemo(dataDir, town);
  expect(await second.progress()).toBe('ok');
  expect(await second.now()).toBeGreaterThanOrEqual(left - 5_000);
  const secretIn = (line: string) => / -P (\S{20,}) /.exec(line)?.[1];
  expect(secretIn(first.line('mosquitto_pub'))).toBeDefined();
  expect(secretIn(second.line('mosquitto_pub'))).toBe(secretIn(first.line('mosquitto_pub')));
  await second.client.drained();
  const after = await second.client.ledger();
  expect(after).toMatchObject({ balanced: true, since: before.since });
  expect(after.received).toBeGreaterThanOrEqual(before.received);
  await second.demo.stop();
});
