import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { readCompose } from './support/compose.ts';

const PAGES = ['docs/deployment.md', 'README.md', 'README.zh-CN.md'];
const read = (page: string) => readFileSync(join(packageRoot, page), 'utf8');

it.each(PAGES)('%s names only commands that there are', (page) => {
  const known = createProgram().commands.map((command) => command.name());
  const named = [...read(page).matchAll(/(?:npx |`|… |^|townpulse )townpulse ([a-z]+)\b/gm)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(3);
  for (const name of named) expect(known).toContain(name);
});

it('docs/deployment.md names only services of the compose file', () => {
  const known = Object.keys(readCompose().services);
  const named = [
    ...read('docs/deployment.md').matchAll(/docker compose (?:exec|restart|stop)((?: -T)?(?: [a-z-]+)+)/g),
  ];
  expect(named.length).toBeGreaterThan(4);
  for (const [, words = ''] of named) expect(known).toContain(words.replace(' -T', '').trim().split(' ')[0]);
});

it('docs/deployment.md links to pages that there are', () => {
  const links = [...read('docs/deployment.md').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(
    ([, link]) => link as string,
  );
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((link) => !existsSync(join(packageRoot, 'docs', link)))).toEqual([]);
});
