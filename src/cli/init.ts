import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { messageOf, TownError } from '../kernel/errors.ts';
import { makeFolder } from '../kernel/folder.ts';
import { packageRoot } from '../kernel/package-root.ts';

/** What a new town's folder is copied from. */
const TEMPLATE = join(packageRoot, 'seeds/new-town');

/** `townpulse init DIR` */
export function initCommand(): Command {
  return new Command('init')
    .description("writes a town's folder to begin with, commented in Chinese and English")
    .argument('<folder>', 'a folder that is empty, or is not there yet')
    .addHelpText('after', '\nExample:\n  $ townpulse init my-town')
    .action((folder: string) => {
      const names = fill(folder);
      console.log(`${folder}: ${names.join(', ')}`);
      console.log(`
Next · 下一步:
  1. change town.yaml and rules.yaml · 修改 town.yaml 与 rules.yaml
  2. TOWNPULSE_TOWN=${folder} townpulse rules check
  3. TOWNPULSE_TOWN=${folder} townpulse start
  4. townpulse devices import ${join(folder, 'devices.csv')}`);
    });
}

/** Copies the template; gives the files' names. */
function fill(folder: string): string[] {
  try {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new TownError('invalid', `${folder} is not empty: name another folder, or one that is not there yet`);
    }
    makeFolder(folder);
    const names = readdirSync(TEMPLATE).sort();
    for (const name of names) copyFileSync(join(TEMPLATE, name), join(folder, name));
    return names;
  } catch (error) {
    if (error instanceof TownError) throw error;
    throw new TownError('invalid', `${folder} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
