import { describe, expect, it } from 'vitest';
import { DeviceInput, Secret } from '../../src/model/device.ts';

const LEAST = { id: 'WP-1', kind: 'water-pressure', area: 'village', organisation: 'water-company' };

describe('what the registry is told of a device', () => {
  it('is at least its id, kind, area and organisation', () => {
    expect(DeviceInput.parse(LEAST)).toEqual(LEAST);
    for (const key of Object.keys(LEAST)) {
      const read = DeviceInput.safeParse({ ...LEAST, [key]: undefined });
      expect(read.error?.issues.map(({ path }) => path)).toEqual([[key]]);
    }
  });

  it.each([
    ['reportInterval', 0],
    ['reportInterval', 604_801],
    ['reportInterval', 1.5],
    ['sampleInterval', '300'],
    ['power', 'solar'],
    ['location', [118.4, 133]],
    ['aliases', ['']],
    ['aliases', Array(9).fill('x')],
    ['attributes', { minPressure: null }],
    ['attributes', { limits: [1, 2] }],
    ['inService', 'never'],
    ['inService', { from: 0 }],
    ['owner', 'x'.repeat(201)],
    ['gateway', 'no id'],
    ['colour', 'red'],
  ])('is not %s: %j', (key, value) => {
    expect(DeviceInput.safeParse({ ...LEAST, [key]: value }).success).toBe(false);
  });

  it.each([
    ['reportInterval', 1],
    ['reportInterval', 604_800],
    ['power', 'switched'],
    ['location', null],
    ['road', null],
    ['attributes', { minPressure: 0.14, role: 'end', indoor: true }],
    ['inService', 'auto'],
    ['inService', { from: null, to: 1 }],
  ])('may be %s: %j', (key, value) => {
    expect(DeviceInput.parse({ ...LEAST, [key]: value })).toMatchObject({ [key]: value });
  });
});

it.each([
  ['x'.repeat(15), false],
  ['x'.repeat(16), true],
  [' ~'.repeat(64), true],
  ['x'.repeat(129), false],
  [`${'x'.repeat(16)}\n`, false],
  [`${'x'.repeat(16)}密`, false],
])('a vendor’s secret %j: %s', (secret, good) => {
  expect(Secret.safeParse(secret).success).toBe(good);
});
