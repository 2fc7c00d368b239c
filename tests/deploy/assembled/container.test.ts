import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasInflux, InfluxProcess, influxTitle } from '../../support/influxdb.ts';
import { freePort } from '../../support/port.ts';
import { ServiceClient } from '../../support/service-client.ts';
import { healthCommand, imageEnvironment, readCompose } from '../support/compose.ts';
import { Container, type ContainerParts, noContainer } from '../support/container.ts';
import { assemble, copyContext, imageNode } from '../support/image.ts';

const VERSION = '2.7.12';
const NODE_USER = 1_000;
const compose = readCompose();
const title = noContainer ?? (hasInflux(VERSION) ? 'beside a real InfluxDB' : influxTitle(VERSION));

describe.skipIf(noContainer !== null || !hasInflux(VERSION))(
  `the image as docker-compose.yml runs it, ${title}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'townpulse-image-'));
    const place = (name: string) => join(folder, name);
    const image = place('image');
    const containers: Container[] = [];
    let influx: InfluxProcess;
    let files: string[];
    let node: string;
    let ports: { http: number; mqtt: number };

    beforeAll(async () => {
      chmodSync(folder, 0o755);
      for (const name of ['checkout', 'secrets']) mkdirSync(place(name));
      for (const name of ['data', 'restored', 'simulator']) {
        mkdirSync(place(name), { mode: 0o750 });
        chownSync(place(name), NODE_USER, NODE_USER);
      }
      influx = await InfluxProcess.startNew(VERSION);
      ports = { http: await freePort(), mqtt: await freePort() };
      files = await copyContext(place('checkout'));
      node = await imageNode(folder);
      const seconds = await assemble(place('checkout'), node, image);
      console.log(`deploy/assemble.sh took ${seconds.toFixed(0)} s`);
    }, 600_000);

    afterAll(async () => {
      for (const container of containers) await container.kill();
      await influx?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** The container of a service, with its environment; only who is asked where is another. */
    function container(service: string, command: readonly string[], more: Partial<ContainerParts> = {}): Container {
      const written = { ...imageEnvironment(), ...compose.services[service]?.environment };
      const env: Record<string, string> = {
        TOWNPULSE_HTTP_PORT: String(ports.http),
        TOWNPULSE_MQTT_PORT: String(ports.mqtt),
      };
      for (const [key, value] of Object.entries(written)) {
        env[key] = value
          .replace('//influxdb:8086', `//127.0.0.1:${influx.port}`)
          .replace('//townpulse:8080', `//127.0.0.1:${ports.http}`)
          .replace('//townpulse:1883', `//127.0.0.1:${ports.mqtt}`);
      }
      const parts = {
        image,
        node,
        data: place('data'),
        secrets: place('secrets/townpulse'),
        town: join(image, 'seeds/lailong'),
      };
      const made = new Container({ ...parts, env, ...more }, command);
      containers.push(made);
      return made;
    }

    /** Runs a command to its end. */
    async function ran(command: readonly string[], more: Partial<ContainerParts> = {}) {
      const made = container('townpulse', command, more);
      return { code: await made.ended(), out: made.out, err: made.err };
    }

    const client = () => {
      const token = readFileSync(place('secrets/townpulse/admin-token'), 'utf8').trim();
      return new ServiceClient(ports.http, ports.mqtt, token);
    };
    const isWell = async () => (await ran(healthCommand())).code;
    let service: Container;

    it('is assembled from what the Dockerfile copies, and holds what runs and no more', () => {
      expect(files).toEqual(expect.arrayContaining(['package.json', 'deploy/assemble.sh', 'src/app.ts']));
      expect(files.filter((file) => /^(?:tests|docs|\.ci)\//.test(file))).toEqual([]);
      expect(readdirSync(image).sort()).toEqual([
        'LICENSE',
        'deploy',
        'devices',
        'dist',
        'node_modules',
        'package.json',
        'seeds',
      ]);
      for (const name of ['typescript', 'vitest', 'vite', 'react', 'tsx', '@biomejs/biome']) {
        expect(existsSync(join(image, 'node_modules', name)), name).toBe(false);
      }
      for (const name of ['dist/console/index.html', 'dist/deploy/first-run.js', 'deploy/simulate.sh']) {
        expect(existsSync(join(image, name)), name).toBe(true);
      }
    });

    it('runs on Node 24 as a user who can write nothing but its data', async () => {
      const script =
        "touch /data/x && rm /data/x && touch /tmp/x; for f in /x /opt/townpulse/x /secrets/x /town/x /usr/x; do touch $f 2>/dev/null && echo $f; done; id -u; node -v; grep -E '^(NoNewPrivs|CapBnd|CapEff)' /proc/self/status";
      mkdirSync(place('secrets/townpulse'));
      const { code, out } = await ran(['sh', '-c', script]);
      expect([code, out.split(/\s+/)]).toEqual([
        0,
        [
          '1000',
          expect.stringMatching(/^v24\./),
          'CapEff:',
          '0000000000000000',
          'CapBnd:',
          '0000000000000000',
          'NoNewPrivs:',
          '1',
          '',
        ],
      ]);
    });

    it('its first run sets the InfluxDB up and makes the secrets', async () => {
      // As root, as docker-compose.yml runs it: it hands each secret to its reader.
      const { INFLUX_ORG = '', INFLUX_BUCKET = '' } = compose.services['first-run']?.environment ?? {};
      const made = compose.services['first-run']?.entrypoint ?? [];
      const { spawnSync } = await import('node:child_process');
      const { status, stdout } = spawnSync(join(node, 'node'), made.slice(1), {
        cwd: image,
        env: { SECRETS: place('secrets'), INFLUX_URL: influx.url, INFLUX_ORG, INFLUX_BUCKET },
        encoding: 'utf8',
      });
      expect([status, stdout]).toEqual([0, expect.stringContaining('InfluxDB is set up')]);
      expect(readdirSync(place('secrets/townpulse')).sort()).toEqual(['admin-token', 'influx-token']);
    });

    it('the service starts with the environment of the compose file, and is well', async () => {
      expect(await isWell()).toBe(1);
      service = container('townpulse', ['townpulse', 'start']);
      await service.says(`ready http://0.0.0.0:${ports.http} mqtt://0.0.0.0:${ports.mqtt}`);
      expect(await isWell()).toBe(0);
      expect(readFileSync(`/proc/${service.pid}/status`, 'utf8')).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
      expect(readdirSync(place('data'))).toContain('townpulse.mdb');
      expect(readdirSync(place('data'))).not.toContain('history.duckdb');
      expect(await client().ledger()).toMatchObject({ history: { store: 'influxdb', state: 'up' } });
    });

    it('the demo’s simulator registers the sample devices and speaks; what it says reaches the InfluxDB', async () => {
      const command = compose.services.simulator?.entrypoint ?? [];
      const simulator = container('simulator', command, { data: place('simulator') });
      await simulator.says('registered');
      const deadline = performance.now() + 120_000;
      let stored = 0;
      while (stored < 20 && performance.now() < deadline) {
        await sleep(250);
        stored = (await client().ledger()).stored;
      }
      expect(stored, `${simulator.out}\n${simulator.err}`).toBeGreaterThanOrEqual(20);
      expect(await simulator.stop()).toBe(0);
      await client().drained();

      const { stored: all, merged, balanced } = await client().ledger();
      expect(balanced).toBe(true);
      const token = readFileSync(place('secrets/grafana/influx-token'), 'utf8').trim();
      const kinds = 'lighting-controller|water-pressure|gas-meter|gas-regulator|smart-pole';
      const query = new URLSearchParams({ db: 'townpulse', q: `SELECT count("receivedAt") FROM /^(${kinds})$/` });
      const answer = await fetch(`${influx.url}/query?${query}`, { headers: { authorization: `Token ${token}` } });
      const { results } = (await answer.json()) as { results: { series: { values: [string, number][] }[] }[] };
      const points = results[0]?.series.reduce((sum, { values }) => sum + (values[0]?.[1] ?? 0), 0);
      expect(points).toBe(all - merged);
    });

    it('commands work inside it without an option, and the doctor finds nothing wrong', async () => {
      const { out } = await ran(['townpulse', 'devices', 'list', '--kind', 'smart-pole']);
      expect(out).toMatch(/\n\d+ devices\n$/);
      const doctor = await ran(['townpulse', 'doctor']);
      expect([doctor.code, doctor.out]).toEqual([0, expect.stringContaining('nothing is wrong')]);
      expect(doctor.out).toContain('its bucket can be written and read');
    });

    it('gives a backup to whoever asks inside it, and stops in order', async () => {
      const { code, out } = await ran(['townpulse', 'backup', '-']);
      expect(code).toBe(0);
      writeFileSync(place('restored.tar'), Buffer.from(out, 'latin1'));
      expect(await service.stop()).toBe(0);
      expect(await isWell()).toBe(1);
    });

    it('a backup is restored into a new volume, and the service goes on with it', async () => {
      mkdirSync(place('backup'));
      writeFileSync(place('backup/town.tar'), readFileSync(place('restored.tar')));
      // Where the town's folder is mounted, as `docker compose run -v` mounts any.
      const restored = { data: place('restored'), town: place('backup') };
      const restoring = await ran(['townpulse', 'restore', '/town/town.tar'], restored);
      expect([restoring.code, restoring.out]).toEqual([
        0,
        expect.stringContaining('the readings are not in it: they lie in influxdb'),
      ]);
      const again = container('townpulse', ['townpulse', 'start'], { data: place('restored') });
      await again.says('ready ');
      await client().drained();
      expect(await client().ledger()).toMatchObject({ balanced: true, pending: 0 });
      expect(await again.stop()).toBe(0);
    });
  },
);
