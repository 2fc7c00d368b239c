#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { packageRoot } from '../kernel/package-root.ts';
import { configCommand } from './config.ts';
import { deadlettersCommand } from './deadletters.ts';
import { devicesCommand } from './devices.ts';
import { report } from './failure.ts';
import { rulesCommand } from './rules.ts';
import { simulateCommand } from './simulate.ts';
import { startCommand } from './start.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };

const program = new Command('townpulse')
  .description("telemetry and alerting for a town's lamps, water, gas and smart poles (镇脉)")
  .version(version)
  .exitOverride()
  .showHelpAfterError('(add -h for help)')
  .addCommand(startCommand())
  .addCommand(simulateCommand())
  .addCommand(devicesCommand())
  .addCommand(rulesCommand())
  .addCommand(deadlettersCommand())
  .addCommand(configCommand());

// Every command below ends like the program itself, so that a wrong use is exit code 2 everywhere.
const overrideExit = (command: Command) => {
  command.exitOverride();
  command.commands.forEach(overrideExit);
};
overrideExit(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  process.exit(report(error));
}
