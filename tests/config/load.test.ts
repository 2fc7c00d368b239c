import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { loadSettings, settingsSchema, variableOf } from '../../src/config/load.ts';
import { SHORT_NAMES } from '../../src/config/settings.ts';
import { TownError } from '../../src/kernel/errors.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Writes a file for the running test and gives its path. */
function file(text: string, name = 'townpulse.yaml'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

/** What is wrong with settings, as `where: what`. */
function problems(env: Record<string, string>, flags: Record<string, unknown> = {}): string[] {
  try {
    loadSettings(env, flags);
  } catch (error) {
    expect(error).toBeInstanceOf(TownError);
    const { code, problems, message } = error as TownError;
    expect([code, message]).toEqual(['config-invalid', `${problems.length} problem(s) in the settings`]);
    return problems.map((problem) => `${problem.path}: ${problem.message}`);
  }
  throw new Error('nothing is wrong with these settings');
}

const sourceOf = (path: string, env: Record<string, string>, flags: Record<string, unknown> = {}) =>
  loadSettings(env, flags).inForce.find((setting) => setting.path === path)?.source;

describe('the settings', () => {
  it('keep daily figures no shorter than the readings that they stand for', () => {
    const env = { TOWNPULSE_HISTORY_RETENTION_RAW: '35d', TOWNPULSE_HISTORY_RETENTION_DAY: '20d' };
    expect(problems(env)).toEqual([
      expect.stringMatching(/^TOWNPULSE_HISTORY_RETENTION_DAY: history.retention.day: .* as long as those, or longer$/),
    ]);
    expect(loadSettings({ ...env, TOWNPULSE_HISTORY_RETENTION_DAY: '35d' }).settings.history.retention.day).toBe(
      35 * 86_400_000,
    );
    expect(loadSettings({ TOWNPULSE_HISTORY_RETENTION_DAY: '20d' }).settings.history.retention.day).toBe(
      20 * 86_400_000,
    );
  });

  it('are the defaults of CONTRACT.md §2 when nobody says anything', () => {
    const { settings, inForce } = loadSettings({});
    expect(settings).toMatchObject({
      dataDir: './data',
      town: expect.stringMatching(/seeds\/lailong$/),
      host: '127.0.0.1',
      http: { port: 8080, metricsWithoutToken: 'loopback' },
      mqtt: { port: 1883 },
      history: { store: 'duckdb' },
      journal: { maxBytes: 8 * 1024 ** 3, keep: 48 * 3_600_000, keepBytes: 2 * 1024 ** 3 },
      deadletters: { maxBytes: 1024 ** 3, keep: 30 * 86_400_000 },
      decode: { maxAge: 30 * 86_400_000, maxAhead: 300_000 },
    });
    expect(settings.adminToken).toBe(undefined);
    expect(new Set(inForce.map(({ source }) => source))).toEqual(new Set(['default']));
  });

  it('come from the file, over it the environment, over that the flags; each says from where', () => {
    const TOWNPULSE_CONFIG = file('host: 10.0.0.1\nhttp:\n  port: 1001\nmqtt: { port: 1002 }\n');
    const env = { TOWNPULSE_CONFIG, TOWNPULSE_HTTP_PORT: '2001', TOWNPULSE_MQTT_PORT: '2002' };
    const flags = { 'mqtt.port': '3002' };
    const { settings } = loadSettings(env, flags);
    expect([settings.host, settings.http.port, settings.mqtt.port]).toEqual(['10.0.0.1', 2001, 3002]);
    expect(['host', 'http.port', 'mqtt.port', 'dataDir'].map((path) => sourceOf(path, env, flags))).toEqual([
      `${TOWNPULSE_CONFIG}:1:7`,
      'TOWNPULSE_HTTP_PORT',
      'flag',
      'default',
    ]);
  });

  it('a flag that was not given, or a variable that is empty, says nothing', () => {
    const env = { TOWNPULSE_HOST: '', TOWNPULSE_CONFIG: '', TOWNPULSE_HTTP_PORT: '2001' };
    const { settings } = loadSettings(env, { 'http.port': undefined });
    expect([settings.host, settings.http.port]).toEqual(['127.0.0.1', 2001]);
  });

  it('every one has a variable of its own: a.bC is TOWNPULSE_A_B_C', () => {
    expect(variableOf('journal.maxBytes')).toBe('TOWNPULSE_JOURNAL_MAX_BYTES');
    expect(variableOf('dataDir')).toBe('TOWNPULSE_DATA_DIR');
    const { inForce } = loadSettings({});
    const variables = inForce.map(({ path }) => variableOf(path));
    expect(new Set(variables).size).toBe(inForce.length);
    const unlike: Record<string, string> = {
      'history.influx.url': 'http://influx:8086',
      'history.influx.version': '2.7',
      'history.retention.raw': '400d',
      'history.retention.fiveMinutes': '800d',
      'history.retention.hour': '4000d',
      'history.retention.day': '9000d',
    };
    for (const { path, value } of inForce) {
      const given = value === undefined ? (unlike[path] ?? 'a-token-of-the-test') : String(value);
      expect(sourceOf(path, { [variableOf(path)]: given }), path).toBe(variableOf(path));
    }
  });

  it('of the retention keep readings at least as long as a late sample may change the day that they make', () => {
    const raw = (days: string, maxAge = '30d') => ({
      ...{ TOWNPULSE_HISTORY_RETENTION_RAW: days, TOWNPULSE_DECODE_MAX_AGE: maxAge },
    });
    expect(problems(raw('30d'))).toEqual([
      expect.stringMatching(/^TOWNPULSE_HISTORY_RETENTION_RAW: history.retention.raw: .* keep them for 31d at least$/),
    ]);
    expect(problems(raw('31d', '40d'))).toEqual([expect.stringContaining('41d at least')]);
    expect(loadSettings(raw('31d')).settings.history.retention).toEqual({ raw: 31 * 86_400_000 });
    expect(loadSettings({}).settings.history.retention).toEqual({});
  });

  it('some have a short name as well, which gives way to the long one', () => {
    const influx = ['url', 'token', 'username', 'password', 'org', 'bucket', 'version'];
    expect(SHORT_NAMES).toEqual({
      TOWNPULSE_HISTORY: 'history.store',
      ...Object.fromEntries(influx.map((name) => [`INFLUX_${name.toUpperCase()}`, `history.influx.${name}`])),
    });
    expect(sourceOf('history.store', { TOWNPULSE_HISTORY: 'duckdb' })).toBe('TOWNPULSE_HISTORY');
    const both = { TOWNPULSE_HISTORY: 'influx', TOWNPULSE_HISTORY_STORE: 'duckdb' };
    expect(sourceOf('history.store', both)).toBe('TOWNPULSE_HISTORY_STORE');
  });

  it('of an InfluxDB say how to reach it, when it is the history; its secrets may lie in files', () => {
    const INFLUX_TOKEN_FILE = file('a-token\n', 'token');
    const right = { TOWNPULSE_HISTORY: 'influxdb', INFLUX_URL: 'https://influx:8086/', INFLUX_BUCKET: 'town' };
    const { history } = loadSettings({ ...right, INFLUX_TOKEN_FILE, INFLUX_VERSION: '1.8' }).settings;
    expect(history).toMatchObject({ store: 'influxdb', influx: { token: 'a-token', version: '1.8', timeout: 30_000 } });
    const INFLUX_PASSWORD_FILE = file('a-password', 'password');
    const { influx } = loadSettings({ ...right, INFLUX_USERNAME: 'town', INFLUX_PASSWORD_FILE }).settings.history;
    expect(influx).toMatchObject({ username: 'town', password: 'a-password' });

    const [hasty = ''] = problems({ ...right, TOWNPULSE_HISTORY_INFLUX_TIMEOUT: '0s' });
    expect(hasty).toContain('write 1s or more');
    expect(problems({ TOWNPULSE_HISTORY: 'influxdb' })).toEqual([
      expect.stringContaining('set INFLUX_URL'),
      expect.stringContaining('set INFLUX_BUCKET'),
    ]);
    for (const wrong of [
      { INFLUX_URL: 'influx:8086' },
      { INFLUX_URL: 'http://name:secret@influx:8086' },
      { INFLUX_USERNAME: 'town' },
      { INFLUX_USERNAME: 'town', INFLUX_PASSWORD: 'secret', INFLUX_TOKEN: 'secret' },
      { INFLUX_VERSION: '3.0' },
    ]) {
      const found = problems({ ...right, ...wrong });
      expect([wrong, found.length]).toEqual([wrong, 1]);
      expect(found[0]).not.toContain('secret@');
    }
    expect(loadSettings({ INFLUX_URL: 'http://influx:8086' }).settings.history.store).toBe('duckdb');
  });

  it('numbers and durations are read from text', () => {
    const { settings, inForce } = loadSettings({ TOWNPULSE_JOURNAL_KEEP: '90m', TOWNPULSE_JOURNAL_MAX_BYTES: '70000' });
    expect([settings.journal.keep, settings.journal.maxBytes]).toEqual([5_400_000, 70_000]);
    const shown = new Map(inForce.map(({ path, value }) => [path, value]));
    expect([shown.get('journal.keep'), shown.get('journal.maxBytes')]).toEqual(['90m', 70_000]);
    expect(shown.get('deadletters.keep')).toBe('30d');
  });

  it('a section or a file in which all is commented out says nothing', () => {
    expect(loadSettings({ TOWNPULSE_CONFIG: file('# host: 10.0.0.1\n') }).settings.host).toBe('127.0.0.1');
    const settings = loadSettings({ TOWNPULSE_CONFIG: file('http:\n#  port: 1\nhost: 10.0.0.1\n') }).settings;
    expect([settings.http.port, settings.host]).toEqual([8080, '10.0.0.1']);
  });
});

describe('a secret', () => {
  it('may lie in a file of its own', () => {
    const TOWNPULSE_ADMIN_TOKEN_FILE = file('a-token-of-the-test\n', 'token');
    const { settings, inForce } = loadSettings({ TOWNPULSE_ADMIN_TOKEN_FILE });
    expect(settings.adminToken).toBe('a-token-of-the-test');
    const [token] = inForce.filter(({ secret }) => secret);
    expect(token).toMatchObject({ path: 'adminToken', source: 'TOWNPULSE_ADMIN_TOKEN_FILE' });
  });

  it('given as it is goes before the file', () => {
    const TOWNPULSE_ADMIN_TOKEN_FILE = file('a-token-of-the-file\n', 'token');
    const { settings } = loadSettings({ TOWNPULSE_ADMIN_TOKEN_FILE, TOWNPULSE_ADMIN_TOKEN: 'a-token-of-the-test' });
    expect(settings.adminToken).toBe('a-token-of-the-test');
  });

  it('whose file is not there is a problem that names the variable', () => {
    expect(problems({ TOWNPULSE_ADMIN_TOKEN_FILE: '/nowhere/token' })).toEqual([
      expect.stringMatching(/^TOWNPULSE_ADMIN_TOKEN_FILE: the file cannot be read: ENOENT/),
    ]);
  });

  it('is not read from a file where it is none', () => {
    expect(loadSettings({ TOWNPULSE_HOST_FILE: '/nowhere/host' }).settings.host).toBe('127.0.0.1');
  });

  it('that is too short is not shown', () => {
    expect(problems({ TOWNPULSE_ADMIN_TOKEN: 'hunter2' })).toEqual([
      'TOWNPULSE_ADMIN_TOKEN: adminToken: a token has at least 16 characters',
    ]);
  });
});

describe('what is wrong', () => {
  it('is told all at once, each with where it stands', () => {
    const TOWNPULSE_CONFIG = file('http:\n  port: many\njournal:\n  keep: fortnight\n');
    const env = { TOWNPULSE_CONFIG, TOWNPULSE_LOG_LEVEL: 'loud', TOWNPULSE_ADMIN_TOKEN_FILE: '/nowhere' };
    expect(problems(env, { 'mqtt.port': '70000' })).toEqual([
      expect.stringMatching(/^TOWNPULSE_ADMIN_TOKEN_FILE: the file cannot be read/),
      expect.stringMatching(/^TOWNPULSE_LOG_LEVEL: logLevel: "loud" is not known/),
      expect.stringContaining(`${TOWNPULSE_CONFIG}:2:9: http.port: `),
      expect.stringMatching(/^--mqtt-port: mqtt\.port: .*65535/),
      `${TOWNPULSE_CONFIG}:4:9: journal.keep: "fortnight" is no duration: write 90s, 10m, 1h or 30d`,
    ]);
  });

  it('is a name that no setting has, with the nearest that one has', () => {
    const TOWNPULSE_CONFIG = file('htp:\n  port: 1\nhttp:\n  prot: 1\njournal:\n  maxbytes: 1\ncolour: red\n');
    expect(problems({ TOWNPULSE_CONFIG }).sort()).toEqual([
      `${TOWNPULSE_CONFIG}:2:9: htp: no such setting (did you mean http?)`,
      `${TOWNPULSE_CONFIG}:4:9: http.prot: no such setting (did you mean http.port?)`,
      `${TOWNPULSE_CONFIG}:6:13: journal.maxbytes: no such setting (did you mean journal.maxBytes?)`,
      `${TOWNPULSE_CONFIG}:7:9: colour: no such setting`,
    ]);
  });

  it('is a misspelt choice, with the nearest that there is', () => {
    expect(problems({ TOWNPULSE_HISTORY: 'duckbd' })).toEqual([
      'TOWNPULSE_HISTORY: history.store: "duckbd" is not known (did you mean duckdb?)',
    ]);
  });

  it('is a value where a section should be', () => {
    const TOWNPULSE_CONFIG = file('http: 8080\n');
    expect(problems({ TOWNPULSE_CONFIG, TOWNPULSE_HTTP_PORT: '8081' })).toEqual([
      expect.stringContaining(`${TOWNPULSE_CONFIG}:1:7: http: `),
    ]);
  });

  it('is a file that is no YAML, by its line', () => {
    const TOWNPULSE_CONFIG = file('http:\n  port: 1\n port: 2\n');
    expect(problems({ TOWNPULSE_CONFIG })).toEqual([expect.stringContaining(`${TOWNPULSE_CONFIG}:3:`)]);
    const list = file('- http\n');
    expect(problems({ TOWNPULSE_CONFIG: list })).toEqual([expect.stringContaining(`${list}:1:1: `)]);
  });

  it('is a file that is not there', () => {
    expect(problems({ TOWNPULSE_CONFIG: '/nowhere/townpulse.yaml' })).toEqual([
      expect.stringMatching(/^TOWNPULSE_CONFIG: the file cannot be read: ENOENT/),
    ]);
  });
});

describe('the JSON Schema of the file', () => {
  const ajv = new Ajv2020({ allErrors: true });
  ajv.addKeyword('secret');

  it('is one, and knows every setting with a word on it', () => {
    expect(ajv.validateSchema(settingsSchema())).toBe(true);
    expect(settingsSchema()).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
    for (const { path, description } of loadSettings({}).inForce) expect(description, path).toMatch(/^[A-Z].*\.$/);
  });

  it('takes what the loader takes, and refuses what it refuses', () => {
    const fits = ajv.compile(settingsSchema());
    for (const right of [{}, { host: '0.0.0.0', http: { port: 0 }, journal: { keep: '2h', maxBytes: 70_000 } }]) {
      expect(fits(right)).toBe(true);
      expect(() => loadSettings({ TOWNPULSE_CONFIG: file(JSON.stringify(right)) })).not.toThrow();
    }
    for (const wrong of [{ prot: 1 }, { http: { port: 70_000 } }, { logLevel: 'loud' }, { adminToken: 'short' }]) {
      expect([wrong, fits(wrong)]).toEqual([wrong, false]);
      expect(problems({ TOWNPULSE_CONFIG: file(JSON.stringify(wrong)) })).toHaveLength(1);
    }
  });
});
