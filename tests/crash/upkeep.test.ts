import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tableOf } from '../../src/history/duckdb/names.ts';
import { ROLL_UP_NAMES, ROLL_UPS, type RollUp, rollUpOf } from '../../src/history/rollups.ts';
import { UPKEEP_POINTS } from '../../src/kernel/points.ts';
import { sql } from '../history/duckdb-sql.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxEnvironment, influxTitle } from '../support/influxdb.ts';
import { Dice } from './dice.ts';
import { DEVICES, type Found, figureOf, figuresOf, KIND, type Shape, ShapedTown, type Values } from './shaped-town.ts';

/** How often the service is killed at a random instant of its upkeep. */
const ROUNDS = Number(process.env.TOWNPULSE_CRASH_UPKEEP_ROUNDS ?? 4);
const SEED = Number(process.env.TOWNPULSE_CRASH_SEED ?? Date.now() % 1_000_000_000);
const TIMEOUT = 60_000 + (ROUNDS + UPKEEP_POINTS.length) * 60_000;
/** Where a history on a server passes, and where only the embedded one does. */
const ANYWHERE = ['rollup.begun', 'rollup.made', 'drop.recorded'];
const EMBEDDED = ['seal.written', 'seal.named', 'seal.recorded'];

/** Figures that stand in a history, as {@link figureOf} tells them. */
type Standing = (name: RollUp) => Promise<string[]>;

/** Kills the service of a town at each point and at random instants, and lets it come to its end. */
async function killed(town: ShapedTown, points: readonly string[], dice: Dice): Promise<Found> {
  await town.register();
  // Five months, of which the readings of the oldest go, and the five-minute figures of some more.
  await town.import(Array.from({ length: 30 }, (_, nth) => 150 - nth * 4.8));
  for (const point of [...points, ...Array.from({ length: ROUNDS }, () => undefined)]) {
    const service = await town.start(point);
    const publishing = town.publish(service);
    service.arm();
    if (point === undefined) {
      await sleep(dice.below(2_000));
      await service.kill();
    }
    expect(await service.ended(), point).toBe('SIGKILL');
    await publishing;
    // What an import brings for days that are rolled up or sealed is overlaid, and rolled up again.
    await town.import(Array.from({ length: 4 }, () => 1 + dice.below(90)));
  }
  const last = await town.start();
  await town.settle(last);
  await last.drained();
  const ledger = await last.ledger();
  await last.stop();
  expect(ledger).toMatchObject({ balanced: true, pending: 0, rejected: 0 });
  const { stored, merged, imported = 0 } = ledger;
  expect(stored - merged + imported, 'rows ever made').toBe(town.rows.size);
  return town.finish();
}

/** Every row, figure and move is there once. */
async function expectAll(
  town: ShapedTown,
  found: Found,
  { until, horizons }: Shape,
  standing: Standing,
): Promise<void> {
  const { raw = 0 } = horizons;
  expect(raw, 'readings were let go').toBeGreaterThan(0);
  const kept = new Map([...town.rows].filter(([key]) => Number(key.split(' ')[1]) >= raw));
  expect(kept.size, 'and not all of them').toBeLessThan(town.rows.size);
  expect([found.count, found.rows.size]).toEqual([kept.size, kept.size]);
  const wrong = [...kept].filter(([key, values]) => !same(found.rows.get(key), values));
  expect({ count: wrong.length, some: wrong.slice(0, 5) }).toEqual({ count: 0, some: [] });

  for (const name of ROLL_UP_NAMES) {
    const told = await standing(name);
    const wanted = figuresOf(town.rows, ROLL_UPS[name], until);
    expect(wanted.length, name).toBeGreaterThan(DEVICES.length);
    // What is imported for the time before a horizon is made once more, and goes when the horizon moves on.
    const isKept = (figure: string) => Number(figure.split(' ')[1]) >= (horizons[name] ?? -Infinity);
    expect(told.filter(isKept).sort(), name).toEqual(wanted.filter(isKept));
    const strange = told.filter((figure) => !wanted.includes(figure));
    expect(strange, name).toEqual([]);
  }
  expect(found.moves.wanted.length, 'alerts moved').toBeGreaterThan(4);
  expect(found.moves.kept).toEqual(found.moves.wanted);
}

test('kills while the embedded history is rolled up, let go and sealed leave every row, figure and move there once', {
  timeout: TIMEOUT,
}, async () => {
  console.log(`the dice of this run: TOWNPULSE_CRASH_SEED=${SEED}`);
  const dice = new Dice(SEED);
  const town = new ShapedTown(dice);
  expect([...ANYWHERE, ...EMBEDDED].sort()).toEqual([...UPKEEP_POINTS].sort());
  const found = await killed(town, [...ANYWHERE, ...EMBEDDED], dice);
  const file = join(town.dataDir, 'history.duckdb');
  const [rolledUp] = await sql(file, 'SELECT until FROM rolled_up');
  const gone = (await sql(file, 'SELECT * FROM horizons')).map(({ what, from }) => [what, Number(from)]);
  const shape = { until: Number(rolledUp?.until), horizons: Object.fromEntries(gone) };
  await expectAll(town, found, shape, async (name) => {
    const figures = ['count', 'min', 'max', 'mean'].map((figure) => `"f:pressure_${figure}" AS ${figure}`);
    const rows = await sql(file, `SELECT device, ts, ${figures.join(', ')} FROM ${tableOf(rollUpOf(KIND, name))}`);
    return rows.map(({ device, ts, count, min, max, mean }) =>
      figureOf(`${device} ${ts}`, Number(count), Number(min), Number(max), Number(mean)),
    );
  });
  const sealed = await sql(file, 'SELECT kind, file FROM sealed');
  expect(sealed.length, 'months were sealed').toBeGreaterThan(1);
});

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  test.skipIf(!hasInflux(version))(
    `kills while a history in ${influxTitle(version)} is rolled up and let go leave every row, figure and move there once`,
    { timeout: TIMEOUT },
    async () => {
      const dice = new Dice(SEED);
      const server = await InfluxProcess.start(version);
      onTestFinished(() => server.stop());
      const address = await server.newBucket();
      const town = new ShapedTown(dice, influxEnvironment(address));
      const found = await killed(town, ANYWHERE, dice);
      await expectAll(town, found, found.elsewhere, async (name) => {
        const figures = ['count', 'min', 'max', 'mean'].map((figure) => `"pressure_${figure}"`);
        const question = `SELECT ${figures.join(', ')} FROM "${rollUpOf(KIND, name)}" GROUP BY "device"`;
        const series = await server.ask(question, address.bucket);
        return series.flatMap(({ tags, values }) =>
          values.map(([ts, count, min, max, mean]) =>
            figureOf(`${tags?.device} ${ts}`, Number(count), Number(min), Number(max), Number(mean)),
          ),
        );
      });
    },
  );
});

function same(a: Values | undefined, b: Values): boolean {
  return a !== undefined && a.pressure === b.pressure && a.battery === b.battery;
}
