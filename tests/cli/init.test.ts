import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startService } from '../../src/app.ts';
import { loadSettings } from '../../src/config/load.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { typed } from './support/typed.ts';

const FILES = ['devices.csv', 'rules.yaml', 'town.yaml'];

/** A new town's folder, as somebody makes it. */
async function newTown(): Promise<string> {
  const folder = join(temporaryFolder(), 'deep', 'my-town');
  const { code, err } = await typed(['init', folder]);
  expect([code, err]).toEqual([0, '']);
  return folder;
}

describe('init', () => {
  it('makes the folder, and says what comes next', async () => {
    const folder = join(temporaryFolder(), 'my-town');
    const { out } = await typed(['init', folder]);
    expect(readdirSync(folder).sort()).toEqual(FILES);
    expect(out).toContain(`${folder}: ${FILES.join(', ')}\n`);
    expect(out).toContain(`TOWNPULSE_TOWN=${folder} townpulse start`);
  });

  it('takes an empty folder, and refuses one that holds something, which it leaves alone: 2', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'empty'));
    expect((await typed(['init', join(folder, 'empty')])).code).toBe(0);
    writeFileSync(join(folder, 'town.yaml'), 'mine');
    const { code, out, err } = await typed(['init', folder]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe(`townpulse: ${folder} is not empty: name another folder, or one that is not there yet\n`);
    expect(readFileSync(join(folder, 'town.yaml'), 'utf8')).toBe('mine');
  });

  it('a folder that cannot be made is one sentence: 2', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const { code, err } = await typed(['init', join(file, 'town')]);
    expect([code, err]).toEqual([2, expect.stringMatching(/^townpulse: .*cannot be written: .*\n$/)]);
  });

  it('a folder where none can be is one sentence at once: 2', async () => {
    const { code, err } = await typed(['init', '/proc/my-town/deep']);
    expect([code, err]).toEqual([2, expect.stringMatching(/^townpulse: .*cannot be written: ENOENT.*\n$/)]);
  });

  it('explains itself in both languages: each comment block has Chinese and English', async () => {
    const folder = await newTown();
    for (const name of FILES) {
      const blocks = readFileSync(join(folder, name), 'utf8').match(/(?:^# ?.*\n)+/gm) ?? [];
      expect(blocks.length, name).toBeGreaterThan(0);
      for (const block of blocks) {
        expect(block, name).toMatch(/\p{Script=Han}{4}/u);
        expect(block, name).toMatch(/[A-Za-z]+ [a-z]+ [a-z]+/);
      }
    }
  });

  it('passes rules check', async () => {
    const TOWNPULSE_TOWN = await newTown();
    const { code, out, err } = await typed(['rules', 'check'], { TOWNPULSE_TOWN });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('nothing wrong');
  });

  it('starts, and its devices come in and speak', async () => {
    const folder = await newTown();
    const dataDir = temporaryFolder();
    const { settings } = loadSettings({
      ...{ TOWNPULSE_DATA_DIR: dataDir, TOWNPULSE_TOWN: folder },
      ...{ TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0' },
    });
    const service = await startService(settings, { trial: null, log: silentLogger, sync: false });
    onTestFinished(async () => {
      expect(await service.stop()).toEqual([]);
    });
    const here = { TOWNPULSE_DATA_DIR: dataDir };
    const secrets = join(dataDir, 'secrets.json');
    const imported = await typed(['devices', 'import', join(folder, 'devices.csv'), '--secrets', secrets], here);
    expect(imported.out).toContain('4 registered, 0 changed, 0 as they were');
    const again = await typed(['devices', 'import', join(folder, 'devices.csv')], here);
    expect(again.out).toContain('0 registered, 0 changed, 4 as they were');

    const password = JSON.parse(readFileSync(secrets, 'utf8'))['WP-0001'];
    const url = `mqtt://127.0.0.1:${service.mqttPort}`;
    const device = await connectAsync(url, { username: 'WP-0001', password, reconnectPeriod: 0 });
    await device.publishAsync('example/water-pressure/WP-0001/telemetry', '{"pressure":0.31}', { qos: 1 });
    await device.endAsync();
    const shown = await typed(['devices', 'show', 'WP-0001', '--json'], here);
    expect(JSON.parse(shown.out)).toMatchObject({ latest: { values: { pressure: 0.31 } } });
    const listed = await typed(['devices', 'list', '--json'], here);
    const devices = JSON.parse(listed.out) as { id: string; verdict: string }[];
    expect(devices.map(({ id }) => id).sort()).toEqual(['GR-0001', 'LC-0001', 'SP-0001', 'WP-0001']);
  });
});
