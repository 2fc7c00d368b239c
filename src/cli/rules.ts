import { Command } from 'commander';
import { loadSettings } from '../config/load.ts';
import { checkRulebookFile } from '../offline.ts';
import type { RulebookChange } from '../rules/rulebook-file.ts';
import { Client, type ClientOptions, clientCommand } from './client.ts';
import { replayCommand } from './rules/replay.ts';
import { testCommand } from './rules/test.ts';
import { whyCommand } from './rules/why.ts';

/** `townpulse rules …` */
export function rulesCommand(): Command {
  return new Command('rules')
    .description('the rulebook')
    .addCommand(checkCommand())
    .addCommand(testCommand())
    .addCommand(replayCommand())
    .addCommand(whyCommand())
    .addCommand(reloadCommand())
    .addHelpText('after', '\nExample:\n  $ townpulse rules check');
}

function checkCommand(): Command {
  return new Command('check')
    .description("checks a rulebook (the town's own unless a file is given); works on files alone")
    .argument('[file]', 'a rules.yaml')
    .option('--json', 'one JSON document instead of lines')
    .addHelpText('after', '\nExample:\n  $ townpulse rules check seeds/lailong/rules.yaml')
    .action((file: string | undefined, options: { json?: boolean }) => {
      const { rules, problems, path } = checkRulebookFile(loadSettings(process.env).settings, file);
      if (options.json) console.log(JSON.stringify({ ok: problems.length === 0, rules, problems }, null, 2));
      else if (problems.length === 0) console.log(`${path}: ${rules} rules, nothing wrong`);
      else for (const problem of problems) console.error(`${problem.path}: ${problem.message}`);
      if (problems.length > 0) process.exitCode = 2;
    });
}

function reloadCommand(): Command {
  return clientCommand('reload', "has the running service read the town's rulebook anew", 'rules reload').action(
    async (options: ClientOptions) => {
      const change = await new Client(options).ask<RulebookChange>('POST', '/rules/reload');
      if (options.json) return console.log(JSON.stringify(change, null, 2));
      console.log(`in force: ${change.version}, ${change.kept} rules as they were`);
      for (const what of ['added', 'changed', 'reworded', 'removed'] as const)
        if (change[what].length > 0) console.log(`${what}: ${change[what].join(', ')}`);
    },
  );
}
