import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import type { Device, DeviceInput } from '../../src/model/device.ts';
import { Kind } from '../../src/model/kind.ts';
import { applyDefaults, checkDevices } from '../../src/registry/check.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { SMALL_KINDS, SMALL_TOWN } from '../support/kinds.ts';

const WP: DeviceInput = { id: 'WP-1', kind: 'water-pressure', area: 'village', organisation: 'water-company' };
const AROUND = { kinds: SMALL_KINDS, town: SMALL_TOWN, isRegistered: (id: string) => id === 'LC-OLD' };

const device = (change: Partial<Device>): Device => ({ ...applyDefaults(WP, SMALL_KINDS), ...change });
const said = (...devices: Device[]) => checkDevices(devices, AROUND).map(({ path, message }) => `${path}: ${message}`);

describe('the defaults of a device', () => {
  it('come from its kind', () => {
    const name = { zh: '名', en: 'name' };
    const lamp = Kind.parse({ id: 'lamp', name, reportInterval: 900, power: 'switched', fields: {} });
    const kinds = new Map([['lamp', lamp]]);
    expect(applyDefaults({ ...WP, kind: 'lamp' }, kinds)).toEqual({
      ...{ id: 'WP-1', kind: 'lamp', area: 'village', organisation: 'water-company', name: { zh: 'WP-1', en: 'WP-1' } },
      ...{ aliases: [], road: null, parent: null, gateway: null, owner: null, maintainer: null, gridCell: null },
      ...{ componentCode: null, location: null, attributes: {}, reportInterval: 900, sampleInterval: 900 },
      ...{ power: 'switched', inService: 'always', retiredAt: null },
    });
  });

  it('a device that reports seldom measures as seldom, unless it says otherwise', () => {
    const { reportInterval, sampleInterval } = applyDefaults({ ...WP, reportInterval: 7_200 }, SMALL_KINDS);
    expect([reportInterval, sampleInterval]).toEqual([7_200, 7_200]);
    expect(applyDefaults({ ...WP, reportInterval: 7_200, sampleInterval: 300 }, SMALL_KINDS).sampleInterval).toBe(300);
  });

  it('of a kind that there is not are none, and the nearest one is named', () => {
    expect(() => applyDefaults({ ...WP, kind: 'water-presure' }, SMALL_KINDS)).toThrow(
      expect.objectContaining({
        code: 'invalid',
        problems: [{ path: 'kind', message: 'no kind water-presure (did you mean water-pressure?)' }],
      }),
    );
  });
});

describe('what does not fit the town or the kind', () => {
  it('is nothing, when all of it does', () => {
    const attributes = { minPressure: 0.14, role: 'end' };
    expect(said(device({ road: 'main-road', parent: 'F-1', gateway: 'LC-OLD', attributes }))).toEqual([]);
  });

  it.each([
    [{ area: 'vilage' }, 'area: no area vilage (did you mean village?)'],
    [{ organisation: 'ministry' }, 'organisation: no organisation ministry'],
    [{ road: 'main-raod' }, 'road: no road main-raod (did you mean main-road?)'],
    [{ parent: 'F-2' }, 'parent: no node of the network F-2 (did you mean F-1?)'],
    [{ gateway: 'LC-NEW' }, 'gateway: no device LC-NEW is registered'],
    [{ attributes: { minPressure: '0.14' } }, 'attributes.minPressure: "0.14" is not a number'],
    [{ attributes: { role: 'ende' } }, 'attributes.role: ende is none of outlet, trunk, end (did you mean end?)'],
    [
      { attributes: { rolle: 'end' } },
      'attributes.rolle: a water-pressure has no attribute rolle (did you mean role?)',
    ],
    [{ attributes: { toString: 'x' } }, 'attributes.toString: a water-pressure has no attribute toString'],
  ] as [Partial<Device>, string][])('%j', (change, problem) => {
    expect(said(device(change))).toEqual([problem]);
  });

  it('is a text that looks otherwise than the kind says', () => {
    const kind = SMALL_KINDS.get('water-pressure') as Kind;
    const attributes = {
      hour: { type: 'string' as const, name: { zh: '时', en: 'Hour' }, pattern: '[0-9]{2}:[0-9]{2}' },
    };
    const kinds = new Map([[kind.id, { ...kind, attributes }]]);
    const read = (hour: string) => checkDevices([device({ attributes: { hour } })], { ...AROUND, kinds });
    expect(read('23:30')).toEqual([]);
    for (const hour of ['23h', 'at 23:30', '23:300'])
      expect(read(hour)).toEqual([
        { path: 'attributes.hour', message: `${hour} does not look like [0-9]{2}:[0-9]{2}` },
      ]);
  });

  it('is a day that the calendar does not have', () => {
    const kinds = loadKinds(join(packageRoot, 'devices'));
    const said = (baselineFrom: string) => {
      const points = [device({ attributes: { baselineFrom } })];
      return checkDevices(points, { ...AROUND, kinds }).map(({ path, message }) => `${path}: ${message}`);
    };
    expect([said('2026-11-30'), said('2028-02-29')]).toEqual([[], []]);
    for (const day of ['2026-11-31', '2027-02-29', '2026-1-5', '30.11.2026', '2026-11-30T08:00'])
      expect(said(day)).toEqual([`attributes.baselineFrom: ${day} is no day of the calendar such as 2026-11-30`]);
  });

  it('is told by the device, too, where there are several', () => {
    expect(said(device({}), device({ id: 'WP-2', area: 'nowhere' }))).toEqual(['WP-2.area: no area nowhere']);
  });
});
