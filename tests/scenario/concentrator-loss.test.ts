import { expect, it } from 'vitest';
import { local, MINUTE_MS } from '../simulators/support/town.ts';
import { SampleTown } from './support/sample-town.ts';

/** A concentrator that meters its 43 lamps, and one that speaks for 40 lamps with a controller each. */
const METERED = { feeder: 'F-012', concentrator: 'LC-F012', lamps: 43 };
const GATEWAY = { feeder: 'F-001', concentrator: 'LC-F001', lamps: 40 };
/** Report intervals of 5 minutes after which nothing is known any more. */
const OLD = 15;

it('a concentrator lost at night leaves its lamps unknown, not dark, until it is heard again', async () => {
  const town = await SampleTown.start(local('2026-11-22T20:00'), 'lighting-controller');
  await town.pass(10);
  const before = await town.rate('town', 'lailong');
  expect(before).toMatchObject({ dark: true, unknown: 0 });
  const brokenLamps = { [METERED.feeder]: 0, [GATEWAY.feeder]: 0 };
  for (const feeder of Object.keys(brokenLamps)) brokenLamps[feeder] = (await town.rate('feeder', feeder)).out;
  const alertsBefore = (await town.alerts()).map(({ id }) => id);
  const back = town.now + 35 * MINUTE_MS;
  for (const { concentrator } of [METERED, GATEWAY]) await town.fault('concentrator-loss', concentrator, '35m');

  // While the last reports are fresh and when they are old: never one lamp more that is called dark.
  for (let passed = 0; passed < OLD + 10; passed += 5) {
    await town.pass(5);
    expect((await town.rate('town', 'lailong')).out).toBeLessThanOrEqual(before.out);
  }
  const during = await town.rate('town', 'lailong');
  expect(during.unknown).toBe(METERED.lamps + GATEWAY.lamps);
  expect(during.lit + during.out + during.unknown).toBe(during.expected);
  for (const { feeder, lamps } of [METERED, GATEWAY]) {
    expect(await town.rate('feeder', feeder)).toMatchObject({ lit: 0, out: 0, unknown: lamps, low: 0, high: 1 });
  }
  // The interval opens by the unknown lamps' share: its lower end falls, its upper end does not.
  expect(during.low).toBeLessThan(before.low ?? 0);
  expect(during.high).toBeGreaterThanOrEqual(before.high ?? 1);
  expect((during.high ?? 0) - (during.low ?? 0)).toBeCloseTo(during.unknown / during.expected, 10);

  const news = (await town.alerts('state=open')).filter(({ id }) => !alertsBefore.includes(id));
  const told = news.map(({ rule, subject }) => `${rule} ${subject.id}`);
  const silent = ['concentrator-silent LC-F001', 'concentrator-silent LC-F012'];
  expect(told.filter((line) => !line.startsWith('lighting-rate.coverage ')).sort()).toEqual(silent);
  const [gateway] = news.filter(({ subject }) => subject.id === GATEWAY.concentrator);
  expect(gateway).toMatchObject({ verdict: 'silent', values: { lampsUnknown: GATEWAY.lamps } });
  expect(gateway?.children).toHaveLength(GATEWAY.lamps);

  await town.passTo(back);
  expect((await town.alerts('state=open&rule=concentrator-silent')).length).toBe(2);
  await town.pass(5);
  for (const { subject, state, reason, resolvedAt } of await town.alerts('rule=concentrator-silent')) {
    expect({ subject: subject.id, state, reason }).toMatchObject({ state: 'resolved', reason: 'heard' });
    expect(Date.parse(resolvedAt ?? '')).toBeGreaterThanOrEqual(back);
  }
  expect((await town.rate('town', 'lailong')).unknown).toBe(0);
  expect(await town.alerts('rule=feeder-supply')).toEqual([]);
});
