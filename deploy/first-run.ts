/*
 * What docker-compose.yml runs before everything else: sets up the InfluxDB and makes every secret, once, so that nobody
 * has to make a file by hand. Each part finds its own in its own folder of SECRETS, and cannot read the others':
 *
 *   influxdb/operator-token   may do everything in the InfluxDB; for backups and for this program
 *   influxdb/password         of its user `townpulse`, for its own page
 *   townpulse/influx-token    may read and write the bucket
 *   townpulse/admin-token     the administrator's token of Townpulse
 *   grafana/influx-token      may read the bucket
 *   grafana/admin-password    of Grafana's user `admin`
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const {
  SECRETS = '/secrets',
  INFLUX_URL = 'http://influxdb:8086',
  INFLUX_ORG = 'town',
  INFLUX_BUCKET = 'townpulse',
} = process.env;
/** Who reads a folder: the user ids of the images. InfluxDB's own starts as root. */
const READERS = { influxdb: 0, townpulse: 1_000, grafana: 472 } as const;
const PATIENCE_MS = 60_000;

type Reader = keyof typeof READERS;

try {
  await run();
} catch (error) {
  console.error(`first-run: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const operator = keep('influxdb', 'operator-token');
  const password = keep('influxdb', 'password');
  keep('townpulse', 'admin-token');
  keep('grafana', 'admin-password');
  await setUp(operator, password);
  const { id, orgID } = await bucket(operator);
  for (const [reader, actions] of [
    ['townpulse', ['read', 'write']],
    ['grafana', ['read']],
  ] as const) {
    if (existsSync(fileOf(reader, 'influx-token'))) continue;
    const permissions = actions.map((action) => ({ action, resource: { type: 'buckets', id, orgID } }));
    const { token } = await ask<{ token: string }>('POST', '/authorizations', operator, {
      orgID,
      description: reader,
      permissions,
    });
    write(reader, 'influx-token', token);
  }
  console.log(`first-run: InfluxDB is set up, and the secrets are in ${SECRETS}`);
}

/** Sets a new InfluxDB up; one that is set up must know our token. */
async function setUp(token: string, password: string): Promise<void> {
  await answers();
  const { allowed } = await ask<{ allowed: boolean }>('GET', '/setup', null);
  if (allowed) {
    const account = { username: 'townpulse', password, org: INFLUX_ORG, bucket: INFLUX_BUCKET };
    await ask('POST', '/setup', null, { ...account, token, retentionPeriodSeconds: 0 });
  }
}

async function answers(): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (
    !(await fetch(`${INFLUX_URL}/health`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (performance.now() > until) throw new Error(`the InfluxDB at ${INFLUX_URL} does not answer`);
    await sleep(500);
  }
}

/** Our bucket, made if it is gone. */
async function bucket(token: string): Promise<{ id: string; orgID: string }> {
  const { orgs } = await ask<{ orgs: { id: string }[] }>('GET', `/orgs?org=${encodeURIComponent(INFLUX_ORG)}`, token);
  const orgID = orgs[0]?.id;
  if (orgID === undefined) throw new Error(`the InfluxDB has no organisation ${INFLUX_ORG}`);
  const found = await ask<{ buckets: { id: string; name: string }[] }>(
    'GET',
    `/buckets?orgID=${orgID}&limit=100`,
    token,
  );
  const known = found.buckets.find(({ name }) => name === INFLUX_BUCKET);
  if (known !== undefined) return { id: known.id, orgID };
  return ask('POST', '/buckets', token, { orgID, name: INFLUX_BUCKET, retentionRules: [] });
}

async function ask<T>(method: string, path: string, token: string | null, body?: object): Promise<T> {
  const answer = await fetch(`${INFLUX_URL}/api/v2${path}`, {
    method,
    headers: { ...(token === null ? {} : { authorization: `Token ${token}` }), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text) as T;
  if (answer.status === 401) {
    throw new Error(
      `the InfluxDB was set up with another token than ${fileOf('influxdb', 'operator-token')}: put its operator token there, or remove its volume (with all readings in it) to begin anew`,
    );
  }
  throw new Error(`the InfluxDB answers ${answer.status} to ${method} ${path}: ${text}`);
}

/** A secret that is there, or is made now. */
function keep(reader: Reader, name: string): string {
  const file = fileOf(reader, name);
  if (!existsSync(file)) write(reader, name, randomBytes(32).toString('base64url'));
  // Only root's own are asked for again: without its powers, root cannot read another user's.
  return reader === 'influxdb' ? readFileSync(file, 'utf8').trim() : '';
}

/** Writes a secret for its reader alone: all of it or nothing. */
function write(reader: Reader, name: string, secret: string): void {
  mkdirSync(join(SECRETS, reader), { recursive: true });
  const file = fileOf(reader, name);
  // What a kill left there could not be written to again.
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, `${secret}\n`, { mode: 0o400 });
  chmodSync(`${file}.new`, 0o400);
  if (process.getuid?.() === 0) chownSync(`${file}.new`, READERS[reader], READERS[reader]);
  renameSync(`${file}.new`, file);
}

function fileOf(reader: Reader, name: string): string {
  return join(SECRETS, reader, name);
}
