import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SampleFlag } from '../../src/model/sample.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxEnvironment, influxTitle } from '../support/influxdb.ts';
import { Dice } from './dice.ts';
import type { FoundRow } from './remains.ts';
import { KINDS } from './scripted-device.ts';
import { CrashTown } from './town.ts';

/** How often the service is killed, and how often its InfluxDB. */
const ROUNDS = Number(process.env.TOWNPULSE_CRASH_ROUNDS ?? 10);
const SEED = Number(process.env.TOWNPULSE_CRASH_SEED ?? Date.now() % 1_000_000_000);
/** What a point has besides its metrics. */
const OWN = ['time', 'receivedAt', 'deviceTs', 'seq', 'flags', 'area', 'organisation', 'road'];

/** Every point of a bucket, as the server itself tells it. */
async function pointsOf(server: InfluxProcess, bucket: string): Promise<FoundRow[]> {
  const rows: FoundRow[] = [];
  for (const kind of KINDS) {
    for (const { tags, columns, values } of await server.ask(`SELECT * FROM "${kind}" GROUP BY *`, bucket)) {
      for (const cells of values) {
        const found = columns.map((name, index): [string, unknown] => [name, cells[index]]);
        const { time, flags } = Object.fromEntries(found);
        const metrics = found.filter(([name, cell]) => !OWN.includes(name) && typeof cell === 'number');
        rows.push({
          device: tags?.device ?? '',
          ts: time as number,
          values: Object.fromEntries(metrics) as Record<string, number>,
          flags: String(flags ?? '')
            .split(',')
            .filter((flag) => flag !== '') as SampleFlag[],
        });
      }
    }
  }
  return rows;
}

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(`a history in ${influxTitle(version)}`, () => {
    test(`${ROUNDS} kills of the service and ${ROUNDS} of its InfluxDB lose and repeat nothing that was acknowledged`, async () => {
      const dice = new Dice(SEED);
      const server = await InfluxProcess.start(version);
      onTestFinished(() => server.stop());
      const address = await server.newBucket();
      const town = new CrashTown(dice, null, {
        env: influxEnvironment(address),
        rows: () => pointsOf(server, address.bucket),
      });
      await town.start();
      await town.register();
      for (let round = 1; round <= ROUNDS; round++) {
        if (round > 1) await town.start();
        const taken = await town.publishWhile(async () => {
          await sleep(300 + dice.below(1_000));
          await server.kill();
          await sleep(dice.below(1_000));
          // Either may come back first, and the service may be killed while the other is down.
          const restarted = sleep(dice.below(1_000)).then(() => server.start());
          await sleep(dice.below(1_500));
          await town.service.kill();
          await restarted;
        });
        expect(taken.samples, `round ${round}, seed ${SEED}`).toBeGreaterThan(500);
      }
      await town.account();
    });
  });
});
