import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { typed } from './support/typed.ts';

/** Every command there is, as it is typed: `devices list`. */
function commands(command: Command = createProgram(), typedSoFar: string[] = []): string[] {
  return command.commands.flatMap((child) => {
    const path = [...typedSoFar, child.name()];
    return [path.join(' '), ...commands(child, path)];
  });
}

it('has the commands of CONTRACT.md §5 that have something behind them', () => {
  expect(commands().sort()).toEqual([
    'backup',
    'config',
    'deadletters',
    'deadletters list',
    'deadletters replay',
    'deadletters show',
    'devices',
    'devices add',
    'devices import',
    'devices kinds',
    'devices list',
    'devices refused',
    'devices retire',
    'devices rotate',
    'devices show',
    'doctor',
    'export',
    'history',
    'history copy',
    'history import',
    'init',
    'patrols',
    'patrols import',
    'restore',
    'rules',
    'rules check',
    'rules reload',
    'rules replay',
    'rules test',
    'rules why',
    'simulate',
    'start',
  ]);
});

describe('-h', () => {
  it.each(['', ...commands()])('townpulse %s: what it does, its options and an example of just this', async (path) => {
    const words = path.split(' ').filter((word) => word !== '');
    const { code, out, err } = await typed([...words, '-h']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^Usage: ${['townpulse', ...words].join(' ')}`));
    const [, example = ''] = /\nExample:\n {2}\$ (.+)\n$/.exec(out) ?? [];
    const said = example.replace(/^(?:[A-Z_]+=\S+ )*/, '');
    expect(`${said} `).toMatch(new RegExp(`^${['townpulse', ...words].join(' ')} `));
  });

  it.each(commands())('townpulse %s: every option says what it is for', async (path) => {
    const command = path
      .split(' ')
      .reduce<Command | undefined>((at, name) => at?.commands.find((child) => child.name() === name), createProgram());
    const mute = command?.options.filter(({ description }) => description === '').map(({ flags }) => flags);
    expect(mute).toEqual([]);
  });

  it('the examples are right: no word of them is unknown', async () => {
    for (const path of commands()) {
      const { out } = await typed([...path.split(' '), '-h']);
      const words = (/\$ (?:[A-Z_]+=\S+ )*townpulse (.+)\n$/.exec(out)?.[1] ?? '').split(' ');
      const { code, err } = await typed([...words, '-h']);
      expect([path, code, err]).toEqual([path, 0, '']);
    }
  });
});

it('--version is the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  expect(await typed(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

describe('wrong use is exit code 2, with a hint', () => {
  it.each([
    [['devcies'], 'Did you mean devices?'],
    [['devices', 'lst'], 'Did you mean list?'],
    [['devices', 'list', '--knd', 'water-pressure'], 'Did you mean --kind?'],
    [['devices', 'show'], "missing required argument 'id'"],
    [['devices', 'add', 'WP-1', '--kind', 'water-pressure'], "required option '--area <area>' not specified"],
    [['devices', 'show', 'WP-1', 'WP-2'], 'too many arguments'],
    [['config', 'http.port'], 'too many arguments'],
  ])('%j', async (words, hint) => {
    const { code, out, err } = await typed(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(hint);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it.each([[[]], [['devices']], [['rules']], [['deadletters']]])('%j alone shows what there is', async (words) => {
    const { code, err } = await typed(words);
    expect([code, err.split('\n', 1)[0]]).toEqual([2, expect.stringMatching(/^Usage: townpulse/)]);
  });
});
