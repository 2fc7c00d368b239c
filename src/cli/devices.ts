import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { messageOf, TownError } from '../kernel/errors.ts';
import type { Device, DeviceInput } from '../model/device.ts';
import type { Kind } from '../model/kind.ts';
import type { Verdict } from '../model/verdict.ts';
import { Client, type ClientOptions, clientCommand } from './client.ts';
import { openSecretsFile } from './secrets-file.ts';
import { printTable } from './table.ts';

interface Credentials {
  username: string;
  secret: string;
}

interface ListedDevice extends Device {
  verdict?: Verdict;
}

/** `townpulse devices …` */
export function devicesCommand(): Command {
  return new Command('devices')
    .description('registers devices and looks after them')
    .addCommand(importCommand())
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(rotateCommand())
    .addCommand(retireCommand())
    .addCommand(refusedCommand())
    .addCommand(kindsCommand())
    .addHelpText('after', '\nExample:\n  $ townpulse devices list --kind water-pressure');
}

function importCommand(): Command {
  interface Options extends ClientOptions {
    dryRun?: boolean;
    secrets?: string;
    datum: string;
  }
  return clientCommand(
    'import <file>',
    'brings the registry to what a CSV or JSON file says: all of it or nothing',
    'devices import devices.csv --dry-run',
  )
    .option('--dry-run', 'only say what would change')
    .option('--secrets <file>', "write the new devices' secrets there (mode 0600) instead of printing them")
    .option('--datum <datum>', 'wgs84, gcj02 or bd09: what the locations are given in', 'wgs84')
    .action(async (file: string, options: Options) => {
      const text = read(file);
      const keep = options.secrets === undefined || options.dryRun === true ? null : openSecretsFile(options.secrets);
      const format = file.toLowerCase().endsWith('.json') ? 'json' : 'csv';
      const result = await new Client(options).ask<{
        created: string[];
        changed: string[];
        unchanged: number;
        credentials: Credentials[];
      }>('POST', '/devices/import', { format, text, datum: options.datum, dryRun: options.dryRun === true });
      const secrets = Object.fromEntries(result.credentials.map(({ username, secret }) => [username, secret]));
      if (result.credentials.length > 0) keep?.(secrets);
      if (options.json) return print(keep === null ? result : { ...result, credentials: [] });
      const would = options.dryRun ? 'would be ' : '';
      console.log(
        `${result.created.length} ${would}registered, ${result.changed.length} ${would}changed, ${result.unchanged} as they were`,
      );
      if (result.credentials.length === 0) return;
      if (keep !== null) console.log(`secrets of ${result.credentials.length} new devices: ${options.secrets}`);
      else {
        console.log('Secrets of the new devices, shown this once:');
        printTable(
          ['device', 'secret'],
          result.credentials.map(({ username, secret }) => [username, secret]),
        );
      }
    });
}

function addCommand(): Command {
  interface Options extends ClientOptions {
    kind: string;
    area: string;
    organisation: string;
    parent?: string;
    gateway?: string;
    road?: string;
    nameZh?: string;
    nameEn?: string;
    attribute: string[];
    secret?: string;
  }
  const collect = (value: string, before: string[]) => [...before, value];
  return clientCommand(
    'add <id>',
    'registers one device',
    'devices add WP-9001 --kind water-pressure --area town-centre --organisation water-company',
  )
    .requiredOption('--kind <kind>', 'its kind')
    .requiredOption('--area <area>', 'where it is')
    .requiredOption('--organisation <organisation>', 'who is responsible')
    .option('--parent <node>', 'its feeder, pressure zone or regulator')
    .option('--gateway <device>', 'the device that publishes for it')
    .option('--road <road>', 'the road that it stands on')
    .option('--name-zh <name>', 'what it is called in Chinese')
    .option('--name-en <name>', 'what it is called in English')
    .option('--attribute <name=value>', 'an attribute of its kind; repeat for more', collect, [])
    .option('--secret <secret>', "the vendor's own secret")
    .action(async (id: string, options: Options) => {
      const { kind, area, organisation, parent, gateway, road, nameZh, nameEn, secret } = options;
      const input: DeviceInput & { secret?: string } = { id, kind, area, organisation };
      if (parent !== undefined) input.parent = parent;
      if (gateway !== undefined) input.gateway = gateway;
      if (road !== undefined) input.road = road;
      if (nameZh !== undefined || nameEn !== undefined)
        input.name = { zh: nameZh ?? nameEn ?? id, en: nameEn ?? nameZh ?? id };
      if (options.attribute.length > 0) input.attributes = Object.fromEntries(options.attribute.map(readAttribute));
      if (secret !== undefined) input.secret = secret;
      printCredentials(await new Client(options).ask('POST', '/devices', input), options);
    });
}

function listCommand(): Command {
  interface Options extends ClientOptions {
    kind?: string;
    area?: string;
    organisation?: string;
    parent?: string;
    verdict?: string;
    q?: string;
  }
  return clientCommand('list', 'lists the registered devices', 'devices list --kind water-pressure --verdict breach')
    .option('--kind <kind>', 'of this kind')
    .option('--area <area>', 'in this area, or in one that lies in it')
    .option('--organisation <organisation>', 'that this bureau is responsible for')
    .option('--parent <node>', 'on this feeder, pressure zone or regulator')
    .option('--verdict <verdict>', 'ok, breach, silent, unknown or idle')
    .option('--q <text>', 'part of an id, name or alias')
    .action(async (options: Options) => {
      const { kind, area, organisation, parent, verdict, q } = options;
      const given = Object.entries({ kind, area, organisation, parent, verdict, q }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      );
      const devices: ListedDevice[] = [];
      for await (const device of new Client(options).list<ListedDevice>(`/devices?${new URLSearchParams(given)}`)) {
        devices.push(device);
      }
      if (options.json) return print(devices);
      printTable(
        ['device', 'kind', 'name', 'area', 'parent', 'verdict'],
        devices.map((device) => [device.id, device.kind, device.name.zh, device.area, device.parent, device.verdict]),
      );
      console.log(`${devices.length} devices`);
    });
}

function showCommand(): Command {
  return clientCommand('show <id>', 'shows a device and its newest values', 'devices show WP-0001').action(
    async (id: string, options: ClientOptions) => {
      const client = new Client(options);
      const device = await client.ask<object>('GET', `/devices/${encodeURIComponent(id)}`);
      const latest = await client
        .ask<object>('GET', `/devices/${encodeURIComponent(id)}/latest`)
        .catch((error: unknown) => {
          if (error instanceof TownError && error.code === 'not-found') return null;
          throw error;
        });
      if (options.json) return print({ device, latest });
      const rows = Object.entries({ ...device, ...latest }).filter(([key]) => key !== 'device');
      printTable(
        ['', ''],
        rows.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
      );
    },
  );
}

function rotateCommand(): Command {
  return clientCommand(
    'rotate <id>',
    'gives a device a new secret; the old one is dead at once',
    'devices rotate WP-0001',
  ).action(async (id: string, options: ClientOptions) => {
    printCredentials(
      await new Client(options).ask('POST', `/devices/${encodeURIComponent(id)}/credentials`, {}),
      options,
    );
  });
}

function retireCommand(): Command {
  return clientCommand('retire <id>', 'takes a device out of service for good', 'devices retire WP-0001').action(
    async (id: string, options: ClientOptions) => {
      const device = await new Client(options).ask<object>('POST', `/devices/${encodeURIComponent(id)}/retire`, {});
      if (options.json) return print(device);
      console.log(`${id} is retired: it may not connect any more, and no rule judges it`);
    },
  );
}

function refusedCommand(): Command {
  interface Refused {
    at: string;
    id: string;
    address: string;
    reason: string;
    topic: string | null;
    count: number;
  }
  return clientCommand('refused', 'lists who was turned away at the door lately', 'devices refused').action(
    async (options: ClientOptions) => {
      const { items } = await new Client(options).ask<{ items: Refused[] }>('GET', '/devices/refused?limit=1000');
      if (options.json) return print(items);
      printTable(
        ['last', 'id', 'from', 'reason', 'times', 'topic'],
        items.map((item) => [item.at, item.id, item.address, item.reason, item.count, item.topic]),
      );
    },
  );
}

function kindsCommand(): Command {
  return clientCommand('kinds', 'lists the kinds of device, with their fields and units', 'devices kinds').action(
    async (options: ClientOptions) => {
      const kinds: Kind[] = [];
      for await (const kind of new Client(options).list<Kind>('/kinds')) kinds.push(kind);
      if (options.json) return print(kinds);
      printTable(
        ['kind', 'name', 'reports every', 'fields'],
        kinds.map(({ id, name, reportInterval, fields }) => [
          ...[id, name.zh, `${reportInterval} s`],
          Object.entries(fields)
            .map(([field, { unit }]) => (unit === undefined ? field : `${field} (${unit})`))
            .join(', '),
        ]),
      );
    },
  );
}

function printCredentials(answer: { device: { id: string }; credentials: Credentials }, options: ClientOptions): void {
  if (options.json) return print(answer);
  console.log(`${answer.device.id} signs in as ${answer.credentials.username} with this secret, shown this once:`);
  console.log(answer.credentials.secret);
}

/** `minPressure=0.14` -> ['minPressure', 0.14] */
function readAttribute(text: string): [string, string | number | boolean] {
  const cut = text.indexOf('=');
  if (cut < 1) throw new TownError('invalid', `--attribute ${text}: write name=value`);
  const value = text.slice(cut + 1);
  if (value === 'true' || value === 'false') return [text.slice(0, cut), value === 'true'];
  return [text.slice(0, cut), value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TownError('invalid', `${file} cannot be read: ${messageOf(error)}`);
  }
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
