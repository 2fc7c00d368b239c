import { expect, it } from 'vitest';
import { Credentials, newSecret } from '../../src/registry/credentials.ts';
import { temporaryStore } from '../support/temporary.ts';

const secret = (text: string) => Buffer.from(text);

it('a new secret is 256 random bits that fit into an address', () => {
  const secrets = Array.from({ length: 100 }, newSecret);
  expect(new Set(secrets).size).toBe(100);
  for (const one of secrets) expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

it('a secret is good once it is durable and remembered, for its own device alone', async () => {
  const store = await temporaryStore();
  const credentials = new Credentials(store);
  await store.transaction(() => credentials.write('WP-1', 'the-secret-of-WP-1'));
  expect(credentials.match('WP-1', secret('the-secret-of-WP-1'))).toBe(false);
  credentials.remember('WP-1', 'the-secret-of-WP-1');
  expect(credentials.match('WP-1', secret('the-secret-of-WP-1'))).toBe(true);
  expect(credentials.match('WP-2', secret('the-secret-of-WP-1'))).toBe(false);
  for (const wrong of ['', 'the-secret-of-WP-', 'the-secret-of-WP-1 ', 'THE-SECRET-OF-WP-1']) {
    expect([wrong, credentials.match('WP-1', secret(wrong))]).toEqual([wrong, false]);
  }
});

it('takes the place of the one before, also after a restart', async () => {
  const store = await temporaryStore();
  const credentials = new Credentials(store);
  for (const one of ['the-first-secret', 'the-second-secret']) {
    await store.transaction(() => credentials.write('WP-1', one));
    credentials.remember('WP-1', one);
  }
  for (const known of [credentials, new Credentials(store)]) {
    expect(known.match('WP-1', secret('the-first-secret'))).toBe(false);
    expect(known.match('WP-1', secret('the-second-secret'))).toBe(true);
  }
});

it('ten thousand devices that come back at once cost no minutes', async () => {
  const credentials = new Credentials(await temporaryStore());
  credentials.remember('WP-1', 'the-secret-of-WP-1');
  const began = process.cpuUsage();
  for (let device = 0; device < 10_000; device++) credentials.match('WP-1', secret('guess'));
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1_000_000).toBeLessThan(2);
});
