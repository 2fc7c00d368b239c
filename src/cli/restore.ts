import { Command } from 'commander';
import { restoreBackup } from '../backup/restore.ts';
import { loadSettings } from '../config/load.ts';
import { describeBackup } from './backup.ts';

/** `townpulse restore FILE` */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('brings a backup into an empty data directory; townpulse must not run on it')
    .argument('<file>', 'what townpulse backup wrote')
    .option('--data-dir <folder>', 'the data directory (TOWNPULSE_DATA_DIR)')
    .option('--json', "the backup's manifest instead of words")
    .addHelpText('after', '\nExample:\n  $ townpulse restore townpulse-2026-11-23.tar --data-dir ./data')
    .action(async (file: string, options: { dataDir?: string; json?: boolean }) => {
      const { settings } = loadSettings(process.env, { dataDir: options.dataDir });
      const manifest = await restoreBackup(file, settings.dataDir);
      if (options.json) return console.log(JSON.stringify(manifest, null, 2));
      for (const line of describeBackup(manifest)) console.log(line);
      console.log(`restored into ${settings.dataDir}: start townpulse on it`);
    });
}
