import { expect, it } from 'vitest';
import { local, MINUTE_MS } from '../simulators/support/town.ts';
import { SampleTown } from './support/sample-town.ts';

const POINT = 'WP-0030';
const METER = 'GM-0290';
const REGULATOR = 'GR-01';

it('a drop of pressure is told after `for` and over past `clear`; a gas leak is told at once, each level with its figure', async () => {
  const town = await SampleTown.start(local('2026-11-22T14:00'));
  await town.pass(5);
  const [from, back] = [town.now, town.now + 30 * MINUTE_MS];
  await town.fault('pressure-drop', POINT, '30m');
  await town.fault('gas-leak', METER, '30m');
  await town.fault('gas-leak', REGULATOR, '30m');
  const states = async (subject: string) => {
    const alerts = await town.alerts(`subject=${subject}`);
    return alerts.map(({ rule, state }) => `${rule} ${state}`).sort();
  };

  // One minute: the first level of gas, a meter that reports once an hour not excepted. No pressure point has spoken yet.
  await town.pass(1);
  expect(await states(METER)).toEqual(['gas-leak-low firing']);
  expect(await states(REGULATOR)).toEqual(['regulator-leak-low firing']);
  expect(await states(POINT)).toEqual([]);

  // Eight minutes: the second level beside it. The pressure was reported low once, and `for` runs.
  await town.pass(7);
  expect(await states(METER)).toEqual(['gas-leak-high firing', 'gas-leak-low firing']);
  expect(await states(REGULATOR)).toEqual(['regulator-leak-high firing', 'regulator-leak-low firing']);
  expect(await states(POINT)).toEqual(['low-pressure pending']);
  for (const { rule, values, evidence, firedAt, startedAt, title } of await town.alerts(`subject=${METER}`)) {
    const level = rule === 'gas-leak-low' ? 25 : 50;
    expect(values.leak).toBeGreaterThanOrEqual(level);
    expect(evidence[0]?.values.leak).toBe(values.leak);
    expect(firedAt).toBe(startedAt);
    for (const language of ['zh', 'en'] as const) expect(title[language]).toContain(`${level} %LEL`);
  }

  // Ten minutes after the first low sample.
  await town.pass(12);
  const [low] = await town.alerts(`subject=${POINT}`);
  expect(low).toMatchObject({ rule: 'low-pressure', state: 'firing', organisation: 'water-company' });
  expect(low?.values.pressure).toBeLessThan(Number(low?.values.minPressure));
  expect(Date.parse(low?.startedAt ?? '')).toBeGreaterThan(from);
  expect(Date.parse(low?.firedAt ?? '') - Date.parse(low?.startedAt ?? '')).toBe(10 * MINUTE_MS);

  await town.passTo(back);
  expect(await states(METER)).toEqual(['gas-leak-high firing', 'gas-leak-low firing']);
  expect(await states(POINT)).toEqual(['low-pressure firing']);
  await town.pass(6);
  expect(await states(METER)).toEqual(['gas-leak-high resolved', 'gas-leak-low resolved']);
  const [over] = await town.alerts(`subject=${POINT}`);
  expect(over).toMatchObject({ state: 'resolved', reason: 'cleared' });
  expect(over?.evidence.at(-1)?.values.pressure).toBeGreaterThan(Number(over?.values.minPressure) + 0.01);

  // Of a regulator it is over once it was gone for ten minutes.
  expect(await states(REGULATOR)).toEqual(['regulator-leak-high firing', 'regulator-leak-low firing']);
  await town.pass(10);
  expect(await states(REGULATOR)).toEqual(['regulator-leak-high resolved', 'regulator-leak-low resolved']);

  // Nobody else was told of.
  expect((await town.alerts()).filter(({ subject }) => ![POINT, METER, REGULATOR].includes(subject.id))).toEqual([]);
});
