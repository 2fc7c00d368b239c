import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InfluxAddress } from '../../src/history/settings.ts';
import { ended } from './child.ts';
import { freePort } from './port.ts';

/** The InfluxDBs that tests run against; `npm run servers` builds them into the cache. */
export const INFLUX_VERSIONS = ['1.8.10', '2.7.12'] as const;
export type InfluxVersion = (typeof INFLUX_VERSIONS)[number];

const ADMIN = { username: 'admin', password: 'the-password-of-the-tests', token: 'the-token-of-the-tests' };
const ORG = 'lailong';

/** Where a version lies in the cache. */
function programOf(version: InfluxVersion): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(cache, 'townpulse/servers', `influxdb-${version}`, 'influxd');
}

/** Whether a version is in the cache. */
export function hasInflux(version: InfluxVersion): boolean {
  return existsSync(programOf(version));
}

/** What a test that was skipped for want of a server is called. */
export function influxTitle(version: InfluxVersion): string {
  return hasInflux(version) ? `InfluxDB ${version}` : `InfluxDB ${version} (not in the cache: run \`npm run servers\`)`;
}

/** Credentials of a bucket, that can be taken away. */
export type BucketAddress = InfluxAddress & { id: string };

/** What tells a service that its history lies there. */
export function influxEnvironment(address: InfluxAddress): Record<string, string> {
  const { url, bucket, org, token, username, password } = address;
  const given = Object.entries({ url, bucket, org, token, username, password });
  const set = given.flatMap(([name, value]) => (value === undefined ? [] : [[`INFLUX_${name.toUpperCase()}`, value]]));
  return { TOWNPULSE_HISTORY: 'influxdb', ...Object.fromEntries(set) };
}

/** A real InfluxDB of our own: on 127.0.0.1, on a free port, in a folder that goes with it. */
export class InfluxProcess {
  readonly version: InfluxVersion;
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | null = null;
  #orgId = '';
  #buckets = 0;

  private constructor(version: InfluxVersion, port: number, folder: string) {
    this.version = version;
    this.port = port;
    this.#folder = folder;
  }

  /** Starts one and sets it up. @throws Error when it is not in the cache, or does not answer */
  static async start(version: InfluxVersion): Promise<InfluxProcess> {
    const server = await InfluxProcess.startNew(version);
    try {
      await server.#setUp();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Starts one as it is after its installation: nobody has set it up. @throws Error as `start` */
  static async startNew(version: InfluxVersion): Promise<InfluxProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'townpulse-influxdb-'));
    const server = new InfluxProcess(version, await freePort(), folder);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @throws Error while it does not run */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`InfluxDB ${this.version} does not run`);
    return this.#child.pid;
  }

  get #isOne(): boolean {
    return this.version.startsWith('1.');
  }

  /** Starts the process again after `kill`, with what it had. */
  async start(): Promise<void> {
    const program = programOf(this.version);
    if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run servers\` first`);
    const at = (name: string) => join(this.#folder, name);
    const address = `127.0.0.1:${this.port}`;
    const flags = ['--http-bind-address', address, '--bolt-path', at('bolt'), '--sqlite-path', at('sqlite')];
    const [args, env] = this.#isOne
      ? [
          [],
          {
            INFLUXDB_HTTP_BIND_ADDRESS: address,
            INFLUXDB_BIND_ADDRESS: '127.0.0.1:0',
            INFLUXDB_META_DIR: at('meta'),
            INFLUXDB_DATA_DIR: at('data'),
            INFLUXDB_DATA_WAL_DIR: at('wal'),
            INFLUXDB_REPORTING_DISABLED: 'true',
            INFLUXDB_HTTP_AUTH_ENABLED: 'true',
            INFLUXDB_MONITOR_STORE_ENABLED: 'false',
          },
        ]
      : [[...flags, '--engine-path', at('engine'), '--reporting-disabled', '--log-level', 'error'], {}];
    const child = spawn(program, args, {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, HOME: this.#folder, ...env },
    });
    this.#child = child;
    const deadline = performance.now() + 30_000;
    for (;;) {
      const answer = await fetch(`${this.url}/health`).catch(() => null);
      if (answer?.ok === true) return;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`InfluxDB ${this.version} ended`);
      if (performance.now() > deadline) throw new Error(`InfluxDB ${this.version} does not answer`);
      await sleep(20);
    }
  }

  /** Ends it at once; its data stay. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    if (child !== null) await ended(child);
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Makes a bucket (2.x) or database (1.x), and a token of its own, or a user, that may read and write it. */
  async newBucket(name = `bucket-${this.#buckets++}`): Promise<BucketAddress> {
    const base = { url: this.url, bucket: name, timeout: 30_000 };
    if (this.#isOne) {
      await this.ask(`CREATE DATABASE "${name}"`);
      await this.ask(`CREATE USER "${name}" WITH PASSWORD 'secret of ${name}'`);
      await this.ask(`GRANT ALL ON "${name}" TO "${name}"`);
      return { ...base, username: name, password: `secret of ${name}`, id: name };
    }
    await this.#makeBucket(name);
    const { id, token } = await this.#token(['read', 'write']);
    return { ...base, org: ORG, token, id };
  }

  /** A new bucket with a token or user that may write to it and not read it. */
  async newWriteOnlyBucket(): Promise<BucketAddress> {
    const address = await this.newBucket();
    if (!this.#isOne) return { ...address, ...(await this.#token(['write'])) };
    await this.setAllowed(address, false);
    await this.ask(`GRANT WRITE ON "${address.bucket}" TO "${address.id}"`);
    return address;
  }

  /** Takes a bucket away with all that is in it. */
  async dropBucket(name: string): Promise<void> {
    if (this.#isOne) await this.ask(`DROP DATABASE "${name}"`);
    else await this.#api('DELETE', `/buckets/${await this.#bucketId(name)}`);
  }

  /** Makes a dropped bucket anew; its address is right again. */
  async remakeBucket({ bucket, id }: BucketAddress): Promise<void> {
    if (!this.#isOne) return this.#makeBucket(bucket);
    await this.ask(`CREATE DATABASE "${bucket}"`);
    await this.ask(`GRANT ALL ON "${bucket}" TO "${id}"`);
  }

  /** Takes the right of an address away, or gives it back. */
  async setAllowed(address: BucketAddress, allowed: boolean): Promise<void> {
    if (this.#isOne) {
      await this.ask(
        `${allowed ? 'GRANT' : 'REVOKE'} ALL ON "${address.bucket}" ${allowed ? 'TO' : 'FROM'} "${address.id}"`,
      );
    } else await this.#api('PATCH', `/authorizations/${address.id}`, { status: allowed ? 'active' : 'inactive' });
  }

  /** How long points stay in a bucket, whole hours. */
  async setRetention(name: string, hours: number): Promise<void> {
    if (this.#isOne) {
      await this.ask(`ALTER RETENTION POLICY "autogen" ON "${name}" DURATION ${hours}h SHARD DURATION 1h`);
      return;
    }
    const retentionRules = [{ type: 'expire', everySeconds: hours * 3_600, shardGroupDurationSeconds: 3_600 }];
    await this.#api('PATCH', `/buckets/${await this.#bucketId(name)}`, { retentionRules });
  }

  /** Writes lines as the administrator. @throws Error on any answer but 2xx */
  async write(bucket: string, lines: string): Promise<void> {
    const answer = await fetch(`${this.url}/write?${new URLSearchParams({ db: bucket, precision: 'ms' })}`, {
      method: 'POST',
      headers: this.#admin,
      body: lines,
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  /** Asks InfluxQL as the administrator; the series of the first statement. @throws Error on any error */
  async ask(q: string, db = ''): Promise<{ tags?: Record<string, string>; columns: string[]; values: unknown[][] }[]> {
    const answer = await fetch(`${this.url}/query`, {
      method: 'POST',
      headers: this.#admin,
      body: new URLSearchParams({ db, epoch: 'ms', q }),
    });
    const text = await answer.text();
    const { results = [], error } = JSON.parse(text);
    const wrong = error ?? results[0]?.error ?? (answer.ok ? undefined : text);
    if (wrong !== undefined) throw new Error(`${q}: ${wrong}`);
    return results[0]?.series ?? [];
  }

  /** Points of a measurement, as the server itself counts them. */
  async points(bucket: string, measurement: string): Promise<number> {
    const series = await this.ask(`SELECT count("receivedAt") FROM "${measurement}"`, bucket);
    return Number(series[0]?.values[0]?.[1] ?? 0);
  }

  get #admin(): Record<string, string> {
    if (!this.#isOne) return { authorization: `Token ${ADMIN.token}` };
    return { authorization: `Basic ${Buffer.from(`${ADMIN.username}:${ADMIN.password}`).toString('base64')}` };
  }

  async #setUp(): Promise<void> {
    if (this.#isOne) {
      await this.ask(`CREATE USER "${ADMIN.username}" WITH PASSWORD '${ADMIN.password}' WITH ALL PRIVILEGES`);
      return;
    }
    const { org } = await this.#api<{ org: { id: string } }>('POST', '/setup', { ...ADMIN, org: ORG, bucket: 'first' });
    this.#orgId = org.id;
  }

  async #bucketId(name: string): Promise<string> {
    const { buckets } = await this.#api<{ buckets: { id: string }[] }>('GET', `/buckets?name=${name}`);
    return buckets[0]?.id ?? '';
  }

  async #makeBucket(name: string): Promise<void> {
    await this.#api('POST', '/buckets', { orgID: this.#orgId, name, retentionRules: [] });
  }

  /** A token for any bucket, also one that is made anew: to a token of a single one, that would be another. */
  async #token(actions: string[]): Promise<{ id: string; token: string }> {
    const resource = { type: 'buckets', orgID: this.#orgId };
    const permissions = actions.map((action) => ({ action, resource }));
    return this.#api('POST', '/authorizations', { orgID: this.#orgId, permissions });
  }

  async #api<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${this.url}/api/v2${path}`, {
      method,
      headers: { ...this.#admin, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }
}
