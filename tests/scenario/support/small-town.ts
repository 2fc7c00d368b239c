import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOWN_FOLDER } from '../../simulators/support/town.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** One feeder of every sort, the ends of two mains, a regulator with some meters, and a pole. */
const KEPT = /^(LC-F012|LC-F001(-00\d)?|WP-00(01|30)|GR-01|GM-000\d|SP-0001)$/;

/** The sample town's folder with a few of its devices, for tests that need a town and not its size. */
export function smallTown(): string {
  const folder = join(temporaryFolder(), 'town');
  cpSync(TOWN_FOLDER, folder, { recursive: true });
  const lines = readFileSync(join(TOWN_FOLDER, 'devices.csv'), 'utf8').split('\n');
  const kept = lines.filter((line) => !/^[A-Z]{2}-/.test(line) || KEPT.test(line.slice(0, line.indexOf(','))));
  writeFileSync(join(folder, 'devices.csv'), kept.join('\n'));
  return folder;
}
