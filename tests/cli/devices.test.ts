import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningService, runService } from './support/service.ts';

interface Issued {
  device: Device;
  credentials: { username: string; secret: string };
}

let service: RunningService;
beforeAll(async () => {
  service = await runService();
});
afterAll(() => service.end());

/** Options that put a point of pressure somewhere in the sample town. */
const POINT = ['--kind', 'water-pressure', '--area', 'town-centre', '--organisation', 'water-company'];
const CSV = 'id,kind,area,organisation,lon,lat\n';
const row = (id: string) => `${id},water-pressure,town-centre,water-company,118.4,33.9\n`;

function file(text: string, name = 'devices.csv'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

it('the token of the administrator lies in the data directory, for its owner only', () => {
  expect(mode(join(service.dataDir, 'cli.token'))).toBe('600');
});

describe('devices add', () => {
  it('registers one and shows its secret, once', async () => {
    const { code, out, err } = await service.typed('devices', 'add', 'ADD-1', ...POINT);
    expect([code, err]).toEqual([0, '']);
    const [sentence, secret = ''] = out.split('\n');
    expect(sentence).toBe('ADD-1 signs in as ADD-1 with this secret, shown this once:');
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect((await service.typed('devices', 'show', 'ADD-1', '--json')).out).not.toContain(secret);
  });

  it('takes everything that its options say', async () => {
    const more = ['--road', 'lailong-avenue', '--name-zh', '测压点', '--secret', 'a-vendors-own-secret'];
    const attributes = ['--attribute', 'role=end', '--attribute', 'minPressure=0.14'];
    const words = ['devices', 'add', 'ADD-2', ...POINT, ...more, ...attributes];
    const { device, credentials } = await service.json<Issued>(...words);
    expect(credentials).toEqual({ username: 'ADD-2', secret: 'a-vendors-own-secret' });
    expect(device).toMatchObject({
      ...{ road: 'lailong-avenue', name: { zh: '测压点', en: '测压点' } },
      attributes: { role: 'end', minPressure: 0.14 },
    });
  });

  it('does not make one twice: 1, and says what to do instead', async () => {
    await service.typed('devices', 'add', 'ADD-3', ...POINT);
    const { code, err } = await service.typed('devices', 'add', 'ADD-3', ...POINT);
    expect([code, err]).toEqual([1, 'townpulse: registered already: ADD-3; use PATCH to change a device\n']);
  });

  it('names what the town does not have: 2', async () => {
    const wrong = ['--kind', 'water-pressure', '--area', 'town-center', '--organisation', 'water-company'];
    const { code, err } = await service.typed('devices', 'add', 'ADD-4', ...wrong, '--attribute', 'rolle=end');
    expect(code).toBe(2);
    expect(err.split('\n').slice(1, -1)).toEqual([
      '  area: no area town-center (did you mean town-centre?)',
      '  attributes.rolle: a water-pressure has no attribute rolle (did you mean role?)',
    ]);
    const unwritten = await service.typed('devices', 'add', 'ADD-5', ...POINT, '--attribute', 'role');
    expect([unwritten.code, unwritten.err]).toEqual([2, 'townpulse: --attribute role: write name=value\n']);
  });
});

describe('devices import', () => {
  it('registers what a file says, prints the secrets once, and does nothing the second time', async () => {
    const path = file(CSV + row('IMP-1') + row('IMP-2'));
    const first = await service.typed('devices', 'import', path);
    expect([first.code, first.err]).toEqual([0, '']);
    expect(first.out.split('\n').slice(0, 2)).toEqual([
      '2 registered, 0 changed, 0 as they were',
      'Secrets of the new devices, shown this once:',
    ]);
    expect(first.out).toMatch(/^IMP-2 +[A-Za-z0-9_-]{43}$/m);
    const second = await service.typed('devices', 'import', path);
    expect(second).toEqual({ code: 0, out: '0 registered, 0 changed, 2 as they were\n', err: '' });
  });

  it('--dry-run says what would change, and changes nothing', async () => {
    const path = file(CSV + row('DRY-1'));
    const secrets = join(temporaryFolder(), 'secrets.json');
    const { code, out } = await service.typed('devices', 'import', path, '--dry-run', '--secrets', secrets);
    expect([code, out]).toEqual([0, '1 would be registered, 0 would be changed, 0 as they were\n']);
    expect((await service.typed('devices', 'show', 'DRY-1')).code).toBe(1);
    expect(() => statSync(secrets)).toThrow('ENOENT');
  });

  it('imports all or nothing, and names every bad row with its line, its column and the fix: 2', async () => {
    const bad =
      'BAD-2,water-presure,town-centre,water-company,118.4,33.9\nBAD-3,water-pressure,town-centre,,118.4,133\n';
    const { code, out, err } = await service.typed('devices', 'import', file(CSV + row('BAD-1') + bad));
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n').slice(0, -1)).toEqual([
      'townpulse: 3 problem(s); nothing was imported',
      '  line 3, kind: no kind water-presure (did you mean water-pressure?)',
      expect.stringMatching(/^ {2}line 4, organisation: is missing/),
      expect.stringMatching(/^ {2}line 4, lat: .*no latitude/),
    ]);
    expect((await service.typed('devices', 'show', 'BAD-1')).code).toBe(1);
  });

  it('reads JSON, too', async () => {
    const list = [{ id: 'JSN-1', kind: 'water-pressure', area: 'town-centre', organisation: 'water-company' }];
    const path = file(JSON.stringify(list), 'devices.JSON');
    const { created, credentials } = await service.json<{ created: string[]; credentials: object[] }>(
      'devices',
      'import',
      path,
    );
    expect([created, credentials.length]).toEqual([['JSN-1'], 1]);
  });

  it('--secrets adds the new secrets to a file that only its owner may read, and shows none', async () => {
    const secrets = join(temporaryFolder(), 'secrets.json');
    writeFileSync(secrets, '{"OLD-1":"the secret of an old device"}', { mode: 0o644 });
    const first = await service.typed('devices', 'import', file(CSV + row('SEC-1')), '--secrets', secrets);
    expect(first.out).toBe(`1 registered, 0 changed, 0 as they were\nsecrets of 1 new devices: ${secrets}\n`);
    const json = await service.json<{ credentials: object[] }>(
      ...['devices', 'import', file(CSV + row('SEC-2')), '--secrets', secrets],
    );
    expect(json.credentials).toEqual([]);
    expect(mode(secrets)).toBe('600');
    expect(JSON.parse(readFileSync(secrets, 'utf8'))).toEqual({
      'OLD-1': 'the secret of an old device',
      'SEC-1': expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      'SEC-2': expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    });
  });

  it('--secrets that cannot be written registers nobody: their secrets would be lost', async () => {
    const path = file(CSV + row('LOST-1'));
    const nowhere = await service.typed('devices', 'import', path, '--secrets', '/nowhere/secrets.json');
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('the file of secrets cannot be written')]);
    const other = await service.typed('devices', 'import', path, '--secrets', file('a diary', 'diary.txt'));
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('is no file of secrets')]);
    expect((await service.typed('devices', 'show', 'LOST-1')).code).toBe(1);
  });

  it('says of a file that is not there that it is not: 2', async () => {
    const { code, err } = await service.typed('devices', 'import', '/nowhere/devices.csv');
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/^townpulse: \/nowhere\/devices\.csv cannot be read: ENOENT/),
    ]);
  });
});

describe('devices list', () => {
  it('shows those that fit, for people and for programs', async () => {
    for (const id of ['LST-1', 'LST-2']) await service.typed('devices', 'add', id, ...POINT, '--name-zh', '测压点');
    const table = await service.typed('devices', 'list', '--q', 'LST-', '--kind', 'water-pressure', '--area', 'suyu');
    expect(table.out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
      ['device', 'kind', 'name', 'area'],
      ['LST-1', 'water-pressure', '测压点', 'town-centre'],
      ['LST-2', 'water-pressure', '测压点', 'town-centre'],
      ['2 devices'],
      [''],
    ]);
    const json = await service.json<Device[]>('devices', 'list', '--q', 'LST-');
    expect(json.map(({ id }) => id)).toEqual(['LST-1', 'LST-2']);
    expect(await service.json('devices', 'list', '--q', 'nothing like this')).toEqual([]);
  });

  it('refuses what the town does not have, with the nearest that it has: 2', async () => {
    const { code, err } = await service.typed('devices', 'list', '--verdict', 'breech');
    expect([code, err]).toEqual([2, expect.stringContaining('verdict: "breech" is not known (did you mean breach?)')]);
  });
});

describe('devices show', () => {
  it('shows a device that has not reported yet', async () => {
    await service.typed('devices', 'add', 'SHW-1', ...POINT);
    const { out } = await service.typed('devices', 'show', 'SHW-1');
    expect(out).toMatch(/^id +SHW-1$/m);
    expect(out).toMatch(/^name +\{"zh":"SHW-1","en":"SHW-1"\}$/m);
    const json = await service.json<{ device: Device; latest: unknown }>('devices', 'show', 'SHW-1');
    expect([json.device.id, json.latest]).toEqual(['SHW-1', null]);
  });

  it('says of one that nobody registered that nobody did: 1', async () => {
    expect(await service.typed('devices', 'show', 'NOBODY')).toEqual({
      code: 1,
      out: '',
      err: 'townpulse: no device NOBODY is registered\n',
    });
  });
});

describe('devices rotate and retire', () => {
  it('gives another secret', async () => {
    const { credentials: first } = await service.json<Issued>('devices', 'add', 'ROT-1', ...POINT);
    const { credentials: second } = await service.json<Issued>('devices', 'rotate', 'ROT-1');
    expect(second).toEqual({ username: 'ROT-1', secret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) });
    expect(second.secret).not.toBe(first.secret);
  });

  it('takes a device out of service', async () => {
    await service.typed('devices', 'add', 'RET-1', ...POINT);
    const { code, out } = await service.typed('devices', 'retire', 'RET-1');
    expect([code, out]).toEqual([0, 'RET-1 is retired: it may not connect any more, and no rule judges it\n']);
    const { device } = await service.json<{ device: { retiredAt: string } }>('devices', 'show', 'RET-1');
    expect(Date.parse(device.retiredAt)).toBeGreaterThan(0);
  });
});

it('devices kinds lists the kinds with their fields and units', async () => {
  const { code, out } = await service.typed('devices', 'kinds');
  expect(code).toBe(0);
  expect(out).toMatch(/^water-pressure +\S+ +300 s +pressure \(MPa\), /m);
  const kinds = await service.json<{ id: string; fields: object }[]>('devices', 'kinds');
  expect(kinds.map(({ id }) => id).sort()).toEqual([
    ...['gas-meter', 'gas-regulator', 'lighting-controller', 'smart-pole', 'water-pressure'],
  ]);
});
