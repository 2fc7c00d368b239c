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
  payload: string | null;
  replayed: boolean;
}

interface Replayed {
  replayed: number;
  refused: { id: string; reason: string }[];
  refusedInAll: number;
  refusedAgain: number | null;
}

/** Letters of a detail in a table; `show` gives all of it. */
const LONGEST = 160;

/** `townpulse deadletters …` */
export function deadlettersCommand(): Command {
  return new Command('deadletters')
    .description('what came in and could not be used')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(replayCommand())
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
        ['id', 'at', 'device', 'reason', 'field', 'replayed', 'detail'],
        items.map((item) => [
          ...[item.id, item.at, item.device, item.reason, item.field, item.replayed ? 'yes' : ''],
          shortened(item.detail),
        ]),
      );
    });
}

function showCommand(): Command {
  return clientCommand('show <id>', 'shows one with its payload', 'deadletters show 42').action(
    async (id: string, options: ClientOptions) => {
      const letter = await new Client(options).ask<DeadLetter>('GET', `/dead-letters/${encodeURIComponent(id)}`);
      if (options.json) return console.log(JSON.stringify(letter, null, 2));
      printTable(
        ['what', 'it says'],
        Object.entries(letter).map(([name, value]) => [name, value === null ? null : String(value)]),
      );
    },
  );
}

function replayCommand(): Command {
  interface Options extends ClientOptions {
    reason?: string;
  }
  return clientCommand(
    'replay [ids...]',
    'makes samples of them once what was wrong is mended',
    'deadletters replay --reason unknown-device',
  )
    .option('--reason <reason>', 'all of this reason that were not replayed yet')
    .action(async (ids: string[], options: Options) => {
      const wish = { ...(ids.length > 0 && { ids }), ...(options.reason !== undefined && { reason: options.reason }) };
      const outcome = await new Client(options).ask<Replayed>('POST', '/dead-letters/replay', wish);
      if (options.json) return console.log(JSON.stringify(outcome, null, 2));
      for (const line of describeReplay(outcome)) console.log(line);
      const { refused } = outcome;
      if (refused.length > 0)
        printTable(
          ['id', 'why not'],
          refused.map(({ id, reason }) => [id, reason]),
        );
    });
}

/** What came of a replay, for people. */
export function describeReplay({ replayed, refusedInAll, refusedAgain }: Omit<Replayed, 'refused'>): string[] {
  const counted = `${replayed} replayed, ${refusedInAll} refused`;
  if (refusedAgain === 0) return [counted];
  return [
    counted,
    refusedAgain === null
      ? 'The history has not come to them yet: what it refuses again is a new letter (townpulse deadletters list).'
      : `The history store refused ${refusedAgain} again: each is a new letter (townpulse deadletters list).`,
  ];
}

/** A cell that fits a line; a server's own words may be a page long. */
function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
