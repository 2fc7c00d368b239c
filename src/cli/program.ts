import { Command, CommanderError } from 'commander';
import { packageVersion } from '../kernel/package-root.ts';
import { backupCommand } from './backup.ts';
import { configCommand } from './config.ts';
import { deadlettersCommand } from './deadletters.ts';
import { devicesCommand } from './devices.ts';
import { doctorCommand } from './doctor.ts';
import { exportCommand } from './export.ts';
import { report } from './failure.ts';
import { historyCommand } from './history.ts';
import { initCommand } from './init.ts';
import { patrolsCommand } from './patrols.ts';
import { restoreCommand } from './restore.ts';
import { rulesCommand } from './rules.ts';
import { simulateCommand } from './simulate.ts';
import { startCommand } from './start.ts';

/** The command line with all its commands. */
export function createProgram(): Command {
  const program = new Command('townpulse')
    .description("telemetry and alerting for a town's lamps, water, gas and smart poles (镇脉)")
    .version(packageVersion)
    .showHelpAfterError('(add -h for help)')
    .addHelpText('after', '\nExample:\n  $ townpulse start --demo')
    .addCommand(startCommand())
    .addCommand(initCommand())
    .addCommand(simulateCommand())
    .addCommand(devicesCommand())
    .addCommand(rulesCommand())
    .addCommand(deadlettersCommand())
    .addCommand(patrolsCommand())
    .addCommand(exportCommand())
    .addCommand(historyCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(doctorCommand())
    .addCommand(configCommand());
  overrideExit(program);
  return program;
}

/** Does what a command line says; gives its exit code (CONTRACT.md §1). What went wrong stands on standard error. */
export async function run(words: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(error);
  }
}

/** Every command ends like the program itself, so that a wrong use is exit code 2 everywhere. */
function overrideExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(overrideExit);
}
