import { Command } from 'commander';
import { loadSettings } from '../config/load.ts';
import { checkRulebookFile } from '../offline.ts';

/** `townpulse rules …` */
export function rulesCommand(): Command {
  return new Command('rules')
    .description('the rulebook')
    .addCommand(checkCommand())
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
