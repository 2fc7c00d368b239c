import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, TownError } from '../src/kernel/errors.ts';
import type { Device } from '../src/model/device.ts';
import type { Town } from '../src/model/town.ts';
import { applyDefaults } from '../src/registry/check.ts';
import { readDevices } from '../src/registry/import.ts';
import { loadKinds } from '../src/registry/kinds.ts';
import { loadTown } from '../src/registry/town-folder.ts';

/** What is simulated. */
export interface Inventory {
  town: Town;
  devices: readonly Device[];
}

/**
 * Reads `town.yaml` and `devices.csv` (WGS-84) of a town's folder, with the kinds of `kindsFolder`.
 * @throws TownError `town-invalid` or `config-invalid` with every problem
 */
export function loadInventory(townFolder: string, kindsFolder: string): Inventory {
  const kinds = loadKinds(kindsFolder);
  const { town } = loadTown(townFolder);
  const file = join(townFolder, 'devices.csv');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TownError('town-invalid', `${file}, the devices to simulate, cannot be read: ${messageOf(error)}`);
  }
  const { rows, problems } = readDevices(text, 'csv', 'wgs84', { kinds, town, isRegistered: () => false });
  if (problems.length > 0)
    throw new TownError('town-invalid', `${problems.length} problem(s) in ${file}`, { problems });
  return { town, devices: rows.map(({ device }) => applyDefaults(device, kinds)) };
}
