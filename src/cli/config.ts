import { Command } from 'commander';
import { loadSettings, settingsSchema, variableOf } from '../config/load.ts';
import { printTable } from './table.ts';

/** `townpulse config` */
export function configCommand(): Command {
  return new Command('config')
    .description('prints the settings in force and where each came from')
    .option('--schema', 'print the JSON Schema of the settings file instead')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText('after', '\nExample:\n  $ TOWNPULSE_HTTP_PORT=8081 townpulse config')
    .action((options: { schema?: boolean; json?: boolean }) => {
      if (options.schema) return console.log(JSON.stringify(settingsSchema(), null, 2));
      const { inForce } = loadSettings(process.env);
      const shown = inForce.map(({ path, value, source, secret }) => ({
        path,
        value: secret && value !== undefined ? '********' : value,
        source,
        variable: variableOf(path),
      }));
      if (options.json) return console.log(JSON.stringify(shown, null, 2));
      printTable(
        ['setting', 'value', 'from', 'variable'],
        shown.map(({ path, value, source, variable }) => [
          path,
          value === undefined ? '' : String(value),
          source,
          variable,
        ]),
      );
    });
}
