import { join } from 'node:path';
import { packageRoot } from '../../../src/kernel/package-root.ts';
import type { Device, DeviceInput } from '../../../src/model/device.ts';
import { Town } from '../../../src/model/town.ts';
import { applyDefaults } from '../../../src/registry/check.ts';
import { loadKinds } from '../../../src/registry/kinds.ts';

/** The kinds as they are shipped. */
export const KINDS = loadKinds(join(packageRoot, 'devices'));

const both = (name: string) => ({ zh: name, en: name });

/** Two villages, three roads and two feeders near Suqian, where the sun sets at 17:00 on 22 November. */
export const TOWN: Town = Town.parse({
  id: 'lailong',
  name: both('Lailong'),
  timeZone: 'Asia/Shanghai',
  location: [118.4, 33.9],
  organisations: ['urban-management', 'water-company', 'gas-company'].map((id) => ({ id, name: both(id) })),
  areas: [
    { id: 'lailong', name: both('Lailong'), level: 'town', parent: null },
    { id: 'centre', name: both('Centre'), level: 'village', parent: 'lailong' },
    { id: 'park', name: both('Park'), level: 'village', parent: 'lailong' },
  ],
  roads: [
    { id: 'avenue', name: both('Avenue'), class: 'main' },
    { id: 'lane', name: both('Lane'), class: 'alley' },
  ],
  network: ['F-1', 'F-2'].map((id) => ({ id, type: 'feeder', name: both(`Feeder ${id}`) })),
});

type Partly = Omit<Partial<DeviceInput>, 'id'>;

function made(input: DeviceInput): Device {
  return applyDefaults(input, KINDS);
}

/** A concentrator on feeder F-1 with ten lamps on the avenue, unless it says otherwise. */
export function concentrator(id: string, more: Partly = {}): Device {
  return made({
    ...{
      id,
      kind: 'lighting-controller',
      area: 'centre',
      road: 'avenue',
      parent: 'F-1',
      organisation: 'urban-management',
    },
    ...{ maintainer: 'lamp station', attributes: { lamps: 10 }, ...more },
  });
}

/** The controller of one lamp behind concentrator LC-1, dead by day. */
export function lampController(id: string, more: Partly = {}): Device {
  return concentrator(id, { gateway: 'LC-1', power: 'switched', attributes: { lamps: 1 }, ...more });
}

/** A pressure point whose limit is 0.14 MPa, unless it says otherwise. */
export function pressurePoint(id: string, more: Partly = {}): Device {
  return made({
    ...{ id, kind: 'water-pressure', area: 'centre', organisation: 'water-company' },
    ...{ attributes: { minPressure: 0.14 }, ...more },
  });
}

/** A gas meter; it speaks once an hour. */
export function gasMeter(id: string, more: Partly = {}): Device {
  return made({ id, kind: 'gas-meter', area: 'centre', organisation: 'gas-company', ...more });
}
