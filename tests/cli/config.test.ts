import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { settingsSchema } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { typed } from './support/typed.ts';

it('prints every setting in force, where it came from, and the variable that sets it', async () => {
  const { code, out, err } = await typed(['config'], { TOWNPULSE_HTTP_PORT: '8081' });
  expect([code, err]).toEqual([0, '']);
  const rows = out.split('\n').map((line) => line.split(/ {2,}/));
  expect(rows[0]).toEqual(['setting', 'value', 'from', 'variable']);
  expect(rows).toContainEqual(['http.port', '8081', 'TOWNPULSE_HTTP_PORT', 'TOWNPULSE_HTTP_PORT']);
  expect(rows).toContainEqual(['mqtt.port', '1883', 'default', 'TOWNPULSE_MQTT_PORT']);
  expect(rows).toContainEqual(['journal.keep', '48h', 'default', 'TOWNPULSE_JOURNAL_KEEP']);
});

it('masks secrets, in the table and in JSON', async () => {
  const env = { TOWNPULSE_ADMIN_TOKEN: 'a-token-that-nobody-may-see' };
  const table = await typed(['config'], env);
  const json = await typed(['config', '--json'], env);
  for (const { code, out } of [table, json]) {
    expect(code).toBe(0);
    expect(out).not.toContain('nobody-may-see');
    expect(out).toContain('********');
  }
  expect(JSON.parse(json.out)).toContainEqual({
    path: 'adminToken',
    value: '********',
    source: 'TOWNPULSE_ADMIN_TOKEN',
    variable: 'TOWNPULSE_ADMIN_TOKEN',
  });
  const unset = JSON.parse((await typed(['config', '--json'])).out) as { path: string; value?: unknown }[];
  expect(unset.find(({ path }) => path === 'adminToken')).not.toHaveProperty('value');
});

it('--schema prints the JSON Schema of the file', async () => {
  const { code, out } = await typed(['config', '--schema']);
  expect([code, JSON.parse(out)]).toEqual([0, settingsSchema()]);
});

it('wrong settings are exit code 2, every problem on a line of its own', async () => {
  const file = join(temporaryFolder(), 'townpulse.yaml');
  writeFileSync(file, 'http:\n  prot: 1\nhost: ""\n');
  const { code, out, err } = await typed(['config'], { TOWNPULSE_CONFIG: file, TOWNPULSE_LOG_LEVEL: 'loud' });
  expect([code, out]).toEqual([2, '']);
  expect(err.split('\n').slice(0, -1)).toEqual([
    'townpulse: 3 problem(s) in the settings',
    expect.stringContaining(`  ${file}:3:7: host: `),
    expect.stringMatching(/^ {2}TOWNPULSE_LOG_LEVEL: logLevel: "loud" is not known/),
    `  ${file}:2:9: http.prot: no such setting (did you mean http.port?)`,
  ]);
});
