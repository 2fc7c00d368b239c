import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parse } from 'csv-parse/sync';
import { messageOf, TownError } from '../kernel/errors.ts';
import { Client, type ClientOptions, clientCommand } from './client.ts';
import { printTable } from './table.ts';

interface Taken {
  items: { device: string; ts: string; lit: number; by: string; until: string }[];
}

/** `townpulse patrols …` */
export function patrolsCommand(): Command {
  return new Command('patrols')
    .description('what night patrols found of the lamps')
    .addCommand(importCommand())
    .addHelpText('after', '\nExample:\n  $ townpulse patrols import tonight.csv');
}

function importCommand(): Command {
  return clientCommand(
    'import <file>',
    'hands in findings from a CSV file with the columns device,ts,lit,by,validFor: all of it or nothing',
    'patrols import tonight.csv',
  ).action(async (file: string, options: ClientOptions) => {
    const { items } = await new Client(options).ask<Taken>('POST', '/patrols', read(file));
    if (options.json) return console.log(JSON.stringify(items, null, 2));
    printTable(
      ['device', 'seen at', 'lit', 'by', 'holds until'],
      items.map(({ device, ts, lit, by, until }) => [device, ts, String(lit), by, until]),
    );
  });
}

/** The findings of a file, each as its cells say it; what is wrong with them the service says. */
function read(file: string): object[] {
  try {
    const rows: Record<string, string>[] = parse(readFileSync(file, 'utf8'), {
      ...{ bom: true, columns: true, comment: '#', comment_no_infix: true, skip_empty_lines: true, trim: true },
    });
    return rows.map((row) => {
      const { lit = '', ...others } = row;
      const said = Object.entries(others).filter(([, value]) => value !== '');
      return { ...Object.fromEntries(said), lit: /^\d+$/.test(lit) ? Number(lit) : (WORDS[lit.toLowerCase()] ?? lit) };
    });
  } catch (error) {
    throw new TownError('invalid', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

const WORDS: Record<string, boolean> = { true: true, yes: true, 亮: true, false: false, no: false, 灭: false };
