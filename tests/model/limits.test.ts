import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import { withLimits } from '../../src/model/limits.ts';

const limits = (kind: string, attributes: Device['attributes']) => withLimits({ kind, attributes });

describe('limits of a pressure point', () => {
  it.each([
    [1, 0.1],
    [2, 0.12],
    [3, 0.16],
    [6, 0.28],
  ])('serving %i storeys it needs %d MPa', (storeys, least) => {
    expect(limits('water-pressure', { role: 'trunk', storeys }).minPressure).toBeCloseTo(least, 9);
  });

  it('0.14 MPa is that of a mains’ end alone, and of an end never less', () => {
    expect(limits('water-pressure', { role: 'end' }).minPressure).toBe(0.14);
    expect(limits('water-pressure', { role: 'end', storeys: 1 }).minPressure).toBe(0.14);
    expect(limits('water-pressure', { role: 'end', storeys: 6 }).minPressure).toBeCloseTo(0.28, 9);
    expect(limits('water-pressure', { role: 'outlet' })).toEqual({ role: 'outlet' });
    expect(limits('water-pressure', {})).toEqual({});
  });

  it('what it states itself holds before all', () => {
    expect(limits('water-pressure', { role: 'end', storeys: 6, minPressure: 0.2 }).minPressure).toBe(0.2);
  });

  it('storeys that are none derive nothing', () => {
    expect(limits('water-pressure', { storeys: 0 }).minPressure).toBeUndefined();
  });
});

describe('limits of gas', () => {
  it('a regulator’s outlet lies in the band of its class; of low pressure only the top is known', () => {
    expect(limits('gas-regulator', { class: 'medium-b' })).toMatchObject({ minOutlet: 10, maxOutlet: 200 });
    expect(limits('gas-regulator', { class: 'low' })).toEqual({ class: 'low', maxOutlet: 10 });
    expect(limits('gas-regulator', { class: 'low', minOutlet: 2, maxOutlet: 3 })).toMatchObject({ maxOutlet: 3 });
    expect(limits('gas-regulator', {})).toEqual({});
  });

  it('a meter passes what its size can, five times that in standard cubic metres', () => {
    expect(limits('gas-meter', { size: 'G4' }).maxFlow).toBe(6);
    expect(limits('gas-meter', { size: 'G4', basis: 'working' }).maxFlow).toBe(6);
    expect(limits('gas-meter', { size: 'G4', basis: 'standard' }).maxFlow).toBe(30);
    expect(limits('gas-meter', {}).maxFlow).toBeUndefined();
  });
});

it('a pole warns at 30 mA and is dangerous at 100 mA unless it says otherwise; other kinds state what they state', () => {
  expect(limits('smart-pole', { leakageCritical: 60 })).toEqual({ leakageWarn: 30, leakageCritical: 60 });
  const stated = { lamps: 3 };
  expect(limits('lighting-controller', stated)).toBe(stated);
});
