import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSecrets } from '../../simulators/secrets.ts';
import { type StandaloneOptions, simulate } from '../../simulators/standalone.ts';
import type { Told } from '../../simulators/told-time.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { TestBroker } from './support/broker.ts';
import { lailong, local, MINUTE_MS } from './support/town.ts';

const START = local('2026-11-22T20:00');

/** A run on a real time that only goes on as the test lets it. */
function runOf(url: string, more: Partial<StandaloneOptions> = {}) {
  const clock = new TrialClock(0);
  const lines: string[] = [];
  const end = new AbortController();
  const run = simulate({
    ...{ inventory: lailong, url, seed: 1, only: undefined, faults: [], ask: null, lasts: 10 * MINUTE_MS },
    secrets: { 'GR-01': 'z', 'LC-F012': 'y', 'GM-0001': 'x' },
    told: { now: START, speed: 60 },
    ...{ clock, print: (line: string) => lines.push(line), signal: end.signal },
    ...more,
  });
  let isOver = false;
  const over = run.finally(() => {
    isOver = true;
  });
  /** Lets real time go on until it is enough, or the run is over. */
  const pass = async (isEnough: () => boolean = () => isOver) => {
    while (!isEnough()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (lines.some((line) => line.includes('connected'))) clock.advance(100);
    }
  };
  return { over, pass, lines, end };
}

const instants = (broker: TestBroker, user: string) =>
  broker.heard.filter((heard) => heard.user === user).map(({ payload }) => Number(JSON.parse(payload).ts));

describe('a run of its own', () => {
  it('lasts as long as it is told, sends all that is due in it, and says what became of it', async () => {
    const broker = await TestBroker.start();
    const { over, pass, lines } = runOf(broker.url);
    await pass();
    const totals = await over;
    const said = instants(broker, 'GR-01');
    expect(said.length).toBe(10);
    expect(Math.max(...said)).toBeLessThanOrEqual(START + 10 * MINUTE_MS);
    expect(totals).toMatchObject({ acknowledged: broker.heard.length, outstanding: 0, lost: 0, refused: [] });
    expect(lines[0]).toContain('453 of 456 connections have no secret');
    expect(lines[1]).toContain('3 connected');
    expect(lines[2]).toMatch(/connected 3 {2}published \d+\.\d\/s {2}acknowledged \d+\.\d\/s {2}outstanding \d+/);
  });

  it('finishes what is in flight when it is stopped', async () => {
    const broker = await TestBroker.start();
    broker.acknowledges = false;
    const { over, pass, end } = runOf(broker.url, { lasts: null });
    await pass(() => broker.heard.length >= 2);
    end.abort();
    broker.release();
    await pass();
    expect(await over).toMatchObject({ acknowledged: broker.heard.length, outstanding: 0 });
  });

  it('begins with its faults', async () => {
    const broker = await TestBroker.start();
    const faults = [{ fault: 'feeder-outage', target: 'F-012', duration: 15 * MINUTE_MS }];
    const { pass, lines } = runOf(broker.url, { faults });
    await pass();
    expect(lines[0]).toContain('fault-1: feeder-outage at F-012');
    const [first] = broker.heard.filter(({ user }) => user === 'LC-F012');
    expect(JSON.parse(first?.payload ?? '{}')).toMatchObject({ voltage: 0, lampsLit: 0, ts: START + 1_000 });
  });

  it("follows the service's clock where it is told otherwise, and goes on as it did when that does not answer", async () => {
    const broker = await TestBroker.start();
    let asked = 0;
    const ask = async (): Promise<Told> => {
      if (++asked > 1) throw new Error('gone');
      return { now: START + 60 * MINUTE_MS, speed: 60 };
    };
    const { pass } = runOf(broker.url, { ask, told: { now: START, speed: 1 }, lasts: 90 * MINUTE_MS });
    await pass();
    expect(asked).toBeGreaterThan(2);
    expect(instants(broker, 'GR-01').length).toBe(90);
  });

  it('lets only one kind speak', async () => {
    const broker = await TestBroker.start();
    await runOf(broker.url, { only: 'gas-regulator' }).pass();
    expect(new Set(broker.heard.map(({ user }) => user))).toEqual(new Set(['GR-01']));
  });

  it('says what is wrong before it starts', async () => {
    const broker = await TestBroker.start();
    await expect(runOf(broker.url, { secrets: { X: 'y' } }).over).rejects.toMatchObject({ code: 'config-invalid' });
    const faults = [{ fault: 'gas-leak', target: 'GR-1', duration: MINUTE_MS }];
    await expect(runOf(broker.url, { faults }).over).rejects.toThrow('did you mean GR-01?');
    expect(broker.signedIn).toEqual([]);
  });
});

describe('a file of secrets', () => {
  const file = (text: string) => {
    const path = join(temporaryFolder(), 'secrets.json');
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };

  it('is a JSON object, device id to secret', () => {
    expect(readSecrets(file('{"WP-0001":"s"}'))).toEqual({ 'WP-0001': 's' });
  });

  it.each(['', '[]', 'null', '"s"', '{"WP-0001":7}', '{"WP-0001":"geheim"'])(
    'is not %j, and nothing of it is told',
    (text) => {
      const read = () => readSecrets(file(text));
      expect(read).toThrow('is no file of secrets');
      expect(read).not.toThrow('geheim');
    },
  );

  it('is missed with the way to get one', () => {
    expect(() => readSecrets('/nowhere/secrets.json')).toThrow('devices import … --secrets /nowhere/secrets.json');
  });
});
