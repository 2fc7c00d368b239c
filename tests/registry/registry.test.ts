import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import type { DeviceInput } from '../../src/model/device.ts';
import { Registry } from '../../src/registry/registry.ts';
import { SMALL_KINDS, SMALL_TOWN } from '../support/kinds.ts';
import { temporaryStore } from '../support/temporary.ts';

const WP: DeviceInput = { id: 'WP-1', kind: 'water-pressure', area: 'village', organisation: 'water-company' };

async function registry() {
  const store = await temporaryStore();
  const clock = new TrialClock(1_000);
  const journal = new Journal(store, clock, { maxBytes: 1e9, keep: 1e9, keepBytes: 1e9 }, ['rules']);
  const open = () => new Registry(store, journal, SMALL_KINDS, SMALL_TOWN, clock);
  return { store, clock, journal, registry: open(), reopen: open };
}

describe('the registry', () => {
  it('fills in the defaults of the kind and gives a secret of 256 bits once', async () => {
    const { registry: it } = await registry();
    const [registered] = await it.register([{ device: WP }], 'test');
    expect(registered?.device).toMatchObject({
      reportInterval: 300,
      sampleInterval: 300,
      power: 'always',
      inService: 'always',
      retiredAt: null,
    });
    expect(Buffer.from(registered?.credentials.secret ?? '', 'base64url')).toHaveLength(32);
    expect(it.authenticate('WP-1', Buffer.from(registered?.credentials.secret ?? ''))).toBe('ok');
    expect(it.authenticate('WP-1', Buffer.from('guess'))).toBe('wrong-secret');
    expect(it.authenticate('WP-2', Buffer.from('guess'))).toBe('unknown-device');
  });

  it('keeps no secret in clear', async () => {
    const { registry: it, store } = await registry();
    await it.register([{ device: WP, secret: 'a-vendors-own-secret' }], 'test');
    const stored = [...store.bytes('credentials').entries()].map(({ value }) => value.toString('latin1')).join();
    expect(stored).not.toContain('a-vendors-own-secret');
    expect(JSON.stringify(it.find('WP-1'))).not.toContain('a-vendors-own-secret');
  });

  it('writes each change into the journal in the same transaction', async () => {
    const { registry: it, journal } = await registry();
    await it.register([{ device: WP }], 'somebody');
    await it.amend('WP-1', { attributes: { minPressure: 0.14 } }, 'else');
    const changes = journal.read(0, 1, 10);
    expect(changes).toMatchObject([
      { type: 'change', by: 'somebody', change: { what: 'device', device: { id: 'WP-1', attributes: {} } } },
      { type: 'change', by: 'else', change: { what: 'device', device: { attributes: { minPressure: 0.14 } } } },
    ]);
  });

  it('survives a restart with devices, dates and secrets', async () => {
    const { registry: it, reopen, clock } = await registry();
    await it.register([{ device: WP, secret: 'a-vendors-own-secret' }], 'test');
    clock.advance(500);
    await it.amend('WP-1', { organisation: 'urban-management' }, 'test');
    const again = reopen();
    expect(again.authenticate('WP-1', Buffer.from('a-vendors-own-secret'))).toBe('ok');
    expect([again.at('WP-1', 1_499)?.organisation, again.at('WP-1', 1_500)?.organisation]).toEqual([
      'water-company',
      'urban-management',
    ]);
    expect(again.at('WP-1', 0)?.organisation).toBe('water-company');
  });

  it('names everything that the town does not have, with the nearest right name', async () => {
    const { registry: it } = await registry();
    const wrong = {
      ...WP,
      area: 'vilage',
      parent: 'F-9',
      gateway: 'LC-9',
      attributes: { minPresure: 0.1, role: 'ende' },
    };
    await expect(it.register([{ device: wrong }], 'test')).rejects.toMatchObject({
      code: 'invalid',
      problems: [
        { path: 'area', message: 'no area vilage (did you mean village?)' },
        { path: 'parent', message: 'no node of the network F-9 (did you mean F-1?)' },
        { path: 'gateway', message: 'no device LC-9 is registered' },
        {
          path: 'attributes.minPresure',
          message: 'a water-pressure has no attribute minPresure (did you mean minPressure?)',
        },
        { path: 'attributes.role', message: 'ende is none of outlet, trunk, end (did you mean end?)' },
      ],
    });
    expect(it.list()).toEqual([]);
  });

  it('registers all of a list or none of it', async () => {
    const { registry: it } = await registry();
    const list = [{ device: WP }, { device: { ...WP, id: 'WP-2', kind: 'water-presure' } }];
    await expect(it.register(list, 'test')).rejects.toMatchObject({ code: 'invalid' });
    expect(it.list()).toEqual([]);
  });

  it('refuses to register a device twice', async () => {
    const { registry: it } = await registry();
    const both = await Promise.allSettled([it.register([{ device: WP }], 'a'), it.register([{ device: WP }], 'b')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('brings in a file again without changing anything', async () => {
    const { registry: it, journal } = await registry();
    const file = [{ device: WP }, { device: { ...WP, id: 'WP-2' } }];
    expect(await it.bring(file, 'test', true)).toMatchObject({ created: ['WP-1', 'WP-2'], credentials: [] });
    expect(it.list()).toEqual([]);
    expect((await it.bring(file, 'test')).credentials).toHaveLength(2);
    const end = journal.end(0);
    expect(await it.bring(file, 'test')).toEqual({ created: [], changed: [], unchanged: 2, credentials: [] });
    expect(journal.end(0)).toBe(end);
  });

  it('a rotated secret is dead at once', async () => {
    const { registry: it } = await registry();
    await it.register([{ device: WP, secret: 'a-vendors-own-secret' }], 'test');
    const { credentials } = await it.rotate('WP-1');
    expect(it.authenticate('WP-1', Buffer.from('a-vendors-own-secret'))).toBe('wrong-secret');
    expect(it.authenticate('WP-1', Buffer.from(credentials.secret))).toBe('ok');
  });

  it('a retired device is given no secret', async () => {
    const { registry: it } = await registry();
    await it.register([{ device: WP }], 'test');
    await it.retire('WP-1', 'test');
    await expect(it.rotate('WP-1')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('retired'),
    });
  });

  it('a retired device may not sign in any more', async () => {
    const { registry: it } = await registry();
    await it.register([{ device: WP, secret: 'a-vendors-own-secret' }], 'test');
    expect((await it.retire('WP-1', 'test')).retiredAt).toBe(1_000);
    expect(it.authenticate('WP-1', Buffer.from('a-vendors-own-secret'))).toBe('retired');
  });

  it('finds devices by part of their name', async () => {
    const { registry: it } = await registry();
    await it.register(
      [{ device: { ...WP, name: { zh: '来龙配水厂出口', en: 'Plant outlet' } } }, { device: { ...WP, id: 'WP-2' } }],
      'test',
    );
    expect(it.list({ q: '配水厂' }).map(({ id }) => id)).toEqual(['WP-1']);
    expect(it.list({ q: 'OUTLET' }).map(({ id }) => id)).toEqual(['WP-1']);
    expect(it.list({ kind: 'lighting-controller' })).toEqual([]);
  });
});
