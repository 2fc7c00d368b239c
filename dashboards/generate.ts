/**
 * Writes the boards, one file each in each language, from devices/ and a town's folder. The same facts give the same files,
 * byte for byte:
 *
 *     npm run dashboards                                    # of the sample town
 *     npm run dashboards -- my-town https://desk.example    # of another, with links to its service
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TownError } from '../src/kernel/errors.ts';
import { packageRoot } from '../src/kernel/package-root.ts';
import { boardFiles } from './boards.ts';
import { Facts } from './facts.ts';

const [town = join(packageRoot, 'seeds/lailong'), service] = process.argv.slice(2);

try {
  const files = boardFiles(Facts.read(town, join(packageRoot, 'devices')), service);
  for (const [file, text] of files) {
    const path = join(packageRoot, 'dashboards', file);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
  console.log(`dashboards: ${files.size} files written`);
} catch (error) {
  if (!(error instanceof TownError)) throw error;
  console.error(error.message);
  for (const { path, message } of error.problems) console.error(`${path}: ${message}`);
  process.exitCode = 2;
}
