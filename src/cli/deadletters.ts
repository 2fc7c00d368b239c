import { Command } from 'commander';
import { Client, type ClientOptions, clientCommand } from './client.ts';
import { printTable } from './table.ts';

interface DeadLetter {
  id: string;
  at: string;
  topic: string;
  device: string | null;
  reason: string;
  field: string | null;
  detail: string;
}

/** `townpulse deadletters …` */
export function deadlettersCommand(): Command {
  return new Command('deadletters')
    .description('what came in and could not be used')
    .addCommand(listCommand())
    .addHelpText('after', '\nExample:\n  $ townpulse deadletters list --reason out-of-range');
}

function listCommand(): Command {
  interface Options extends ClientOptions {
    reason?: string;
    device?: string;
    from?: string;
    to?: string;
    limit: string;
  }
  return clientCommand('list', 'lists dead letters, newest first', 'deadletters list --device WP-0001')
    .option('--reason <reason>', 'malformed, type, unit, out-of-range …')
    .option('--device <id>', 'of this device')
    .option('--from <instant>', 'that arrived at this instant or later, such as 2026-01-15T20:00:00+08:00')
    .option('--to <instant>', 'that arrived before this instant')
    .option('--limit <n>', 'how many at most', '100')
    .action(async (options: Options) => {
      const { reason, device, from, to, limit } = options;
      const given = Object.entries({ reason, device, from, to, limit }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      );
      const { items } = await new Client(options).ask<{ items: DeadLetter[] }>(
        'GET',
        `/dead-letters?${new URLSearchParams(given)}`,
      );
      if (options.json) return console.log(JSON.stringify(items, null, 2));
      printTable(
        ['id', 'at', 'device', 'reason', 'field', 'detail'],
        items.map((item) => [item.id, item.at, item.device, item.reason, item.field, item.detail]),
      );
    });
}
