import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adminToken, Tokens } from '../../src/registry/tokens.ts';
import { temporaryFolder } from '../support/temporary.ts';

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe("the administrator's token", () => {
  it('is made at the first start, for its owner only, and is the same ever after', () => {
    const folder = temporaryFolder();
    const first = adminToken(folder, undefined);
    expect(first).toEqual({
      token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      file: join(folder, 'cli.token'),
      created: true,
    });
    expect(mode(join(folder, 'cli.token'))).toBe('600');
    expect(readFileSync(join(folder, 'cli.token'), 'utf8')).toBe(`${first.token}\n`);
    expect(adminToken(folder, undefined)).toEqual({ ...first, created: false });
  });

  it('comes from the settings where they have one: then none lies in the folder', () => {
    const folder = temporaryFolder();
    expect(adminToken(folder, 'a-token-of-the-settings')).toEqual({
      ...{ token: 'a-token-of-the-settings', file: null, created: false },
    });
    expect(() => statSync(join(folder, 'cli.token'))).toThrow('ENOENT');
  });

  it('is made anew where its file is empty, and then only its owner may read it', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'cli.token'), '\n', { mode: 0o644 });
    const { token, created } = adminToken(folder, undefined);
    expect([token.length, created, mode(join(folder, 'cli.token'))]).toEqual([43, true, '600']);
  });
});

it('the token is the administrator’s, and no other is anybody’s', () => {
  const tokens = new Tokens('a-token-of-the-test');
  expect(tokens.authenticate('a-token-of-the-test')).toEqual({
    id: 'admin',
    name: 'administrator',
    role: 'administrator',
  });
  for (const wrong of ['', 'a-token-of-the-tes', 'a-token-of-the-test ', 'A-TOKEN-OF-THE-TEST']) {
    expect([wrong, tokens.authenticate(wrong)]).toEqual([wrong, null]);
  }
});
