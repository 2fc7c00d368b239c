import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { STATUS } from '../src/http/problem.ts';
import { ERRORS, messageOf, TownError } from '../src/kernel/errors.ts';

const ROOT = join(import.meta.dirname, '..');
const TABLE = Object.entries(ERRORS);

/** The rows of the list in docs/errors.md. */
const listed = [
  ...readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| `([^`]+)` \| (.+?) \| (yes|no) \| (.+?) \|$/gm),
].map(([, code, title, again, advice]) => ({ code, title, again, advice }));

it('docs/errors.md lists the codes of the table and no other, in its order, with their titles', () => {
  expect(listed.map(({ code, title }) => [code, title])).toEqual(TABLE.map(([code, { title }]) => [code, title]));
});

it('docs/errors.md says of each whether trying again may help, as the table does', () => {
  expect(listed.map(({ again }) => again)).toEqual(TABLE.map(([, { retryable }]) => (retryable ? 'yes' : 'no')));
});

it('docs/errors.md says of each what to do', () => {
  for (const { code, advice } of listed) expect(advice?.length ?? 0, code).toBeGreaterThan(20);
});

it('every code has an HTTP status', () => {
  expect(Object.keys(STATUS)).toEqual(Object.keys(ERRORS));
  for (const [code, status] of Object.entries(STATUS))
    expect([401, 403, 404, 409, 422, 500, 503], code).toContain(status);
});

it('every code is used somewhere', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/^(kernel\/errors|cli\/failure)\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, 'src', file), 'utf8'))
    .join('\n')
    .replace(/^export const STATUS: .*?^};/ms, '');
  expect(TABLE.map(([code]) => code).filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});

it('an error keeps its cause and its problems, and says what happened', () => {
  const cause = new Error('ENOSPC');
  const error = new TownError('unavailable', 'the disk is full', {
    cause,
    problems: [{ path: 'disk', message: 'full' }],
  });
  expect([error.code, error.cause, messageOf(error), error.problems]).toEqual([
    ...['unavailable', cause, 'the disk is full', [{ path: 'disk', message: 'full' }]],
  ]);
  expect(new TownError('internal', 'oh').cause).toBe(undefined);
  expect(messageOf('a text')).toBe('a text');
});
