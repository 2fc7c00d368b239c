import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot, packageVersion } from '../../src/kernel/package-root.ts';
import { DEPLOYED_NODE_OPTIONS } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';
import {
  COMPOSE_FILE,
  DOCKERFILE,
  imageEnvironment,
  mountsOf,
  readCompose,
  readDockerfile,
} from './support/compose.ts';
import { checkTitle, containerCheck, hasContainerCheck } from './support/container-check.ts';

const compose = readCompose();
const services = Object.entries(compose.services);
const lasting = services.filter(([, { restart }]) => restart !== 'no');
const own = services.filter(([, { build }]) => build !== undefined);

describe.skipIf(!hasContainerCheck)(`the container files ${checkTitle}`, () => {
  it('fit the compose specification and the Dockerfile’s syntax', () => {
    expect(containerCheck(COMPOSE_FILE, DOCKERFILE)).toBe('');
  });

  const text = readFileSync(COMPOSE_FILE, 'utf8');
  it.each([
    ['an unknown key', text.replace('stop_signal:', 'stop_signl:'), 'stop_signl'],
    ['a service that there is not', text.replace('first-run: { condition', 'firstrun: { condition'), 'firstrun'],
    ['a volume that there is not', text.replace('- townpulse-data:/data', '- townpuls-data:/data'), 'townpuls-data'],
    ['a value of the wrong type', text.replace('read_only: true', 'read_only: perhaps'), 'read_only'],
  ])('would not with %s', (_what, spoilt, named) => {
    expect(spoilt).not.toBe(text);
    const file = join(temporaryFolder(), 'docker-compose.yml');
    writeFileSync(file, spoilt);
    expect(containerCheck(file)).toContain(named);
  });

  it('would not with an instruction that there is not', () => {
    const file = join(temporaryFolder(), 'Dockerfile');
    writeFileSync(file, readFileSync(DOCKERFILE, 'utf8').replace('STOPSIGNAL', 'STOPSIGNL'));
    expect(containerCheck(COMPOSE_FILE, file)).toContain('STOPSIGNL');
  });
});

describe('docker-compose.yml', () => {
  it('pins every image, and builds our own under the package’s version', () => {
    for (const [name, { image, build }] of services) {
      if (build === undefined) expect(image, name).toMatch(/^[a-z/]+:\d+\.\d+\.\d+$/);
      else expect([image, build], name).toEqual([`townpulse:${packageVersion}`, '.']);
    }
    expect(own.map(([name]) => name).sort()).toEqual(['first-run', 'simulator', 'townpulse']);
  });

  it('waits for services that there are, in states that they can reach', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const service = compose.services[other];
        expect(service, `${name} waits for ${other}`).toBeDefined();
        if (condition === 'service_completed_successfully') expect(service?.restart, other).toBe('no');
        else {
          const inImage = service?.build !== undefined && service.healthcheck === undefined;
          expect(inImage || service?.healthcheck?.test !== undefined, `${other} can be healthy`).toBe(true);
        }
      }
    }
  });

  it('mounts volumes that are declared and files that are in a clone, and declares none in vain', () => {
    const used = new Set<string>();
    for (const [name, service] of services) {
      for (const { from, to } of mountsOf(service)) {
        expect(to, name).toMatch(/^\//);
        if (from.startsWith('.')) expect(statSync(join(packageRoot, from)).isDirectory(), from).toBe(true);
        else used.add(from);
      }
    }
    expect([...used].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('asks hosts that are services, on the ports that these listen to', () => {
    const ports: Record<string, number[]> = { influxdb: [8086], townpulse: [8080, 1883] };
    const found = new Set<string>();
    const texts = services.flatMap(([, { environment = {} }]) => Object.values(environment));
    const sources = parse(read('dashboards/provisioning/datasources/townpulse.yaml')).datasources as { url: string }[];
    for (const text of [...texts, ...sources.map(({ url }) => url)]) {
      for (const [, host = '', port] of text.matchAll(/(?:https?|mqtt):\/\/([\w.-]+):(\d+)/g)) {
        expect(ports[host], text).toContain(Number(port));
        found.add(host);
      }
    }
    expect([...found].sort()).toEqual(['influxdb', 'townpulse']);
  });

  it('opens MQTT to the network, pages to this machine, and nothing else', () => {
    const open = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(open).toEqual([
      'townpulse 0.0.0.0:1883:1883',
      'townpulse 127.0.0.1:8080:8080',
      'grafana 127.0.0.1:3000:3000',
    ]);
  });

  it('gives every part a health check, a bound on what it takes, and a log that does not fill the disk', () => {
    for (const [name, { healthcheck, build, deploy, logging }] of services) {
      const { cpus, memory, pids } = deploy?.resources.limits ?? {};
      expect([Number(cpus) > 0, /^\d+[MG]$/.test(memory ?? ''), (pids ?? 0) > 0], name).toEqual([true, true, true]);
      expect(logging?.options['max-size'], name).toBe('10m');
      // Ours is in the image; what has no page and ends by itself has none.
      const inImage = build !== undefined && ['townpulse', 'first-run', 'simulator'].includes(name);
      expect(inImage || healthcheck?.test?.[0] === 'CMD', name).toBe(true);
    }
    for (const [name, { restart }] of lasting) expect(restart, name).toBe('unless-stopped');
    expect(services.filter(([, { restart }]) => restart === 'no').map(([name]) => name)).toEqual(['first-run']);
  });

  it('lets our own containers write to one volume and to nothing else, with no power over the rest', () => {
    for (const [name, service] of own) {
      const { read_only, cap_drop, security_opt, cap_add, tmpfs, user } = service;
      expect({ read_only, cap_drop, security_opt, tmpfs }, name).toEqual({
        ...{ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], tmpfs: ['/tmp'] },
      });
      const writable = mountsOf(service).filter(({ readOnly }) => !readOnly);
      // First-run makes the secrets of three users: that is all that it does, and it ends.
      if (name === 'first-run') expect([user, cap_add, writable.length]).toEqual(['0:0', ['CHOWN'], 3]);
      else expect([user, cap_add, writable.map(({ to }) => to)], name).toEqual([undefined, undefined, ['/data']]);
    }
  });

  it('gives secrets as files only', () => {
    const secret = /token|password|secret/i;
    for (const [name, { environment = {} }] of services) {
      for (const [key, value] of Object.entries(environment)) {
        if (secret.test(key))
          expect([key, value], name).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/secrets\//)]);
      }
    }
    expect(JSON.stringify(compose)).not.toMatch(/changeme|admin123/i);
  });

  it('needs no variable to be set', () => {
    const names = [...read('docker-compose.yml').matchAll(/\$\{?(\w+)([^}]*)\}/g)];
    expect(names.map(([, name, rest]) => [name, rest?.startsWith(':-')])).toEqual([
      ['TOWN', true],
      ['MQTT_ADDRESS', true],
      ['TOWN', true],
    ]);
  });

  it('points Grafana at the bucket that Townpulse writes to', () => {
    const { INFLUX_BUCKET } = compose.services.townpulse?.environment ?? {};
    const [source] = parse(read('dashboards/provisioning/datasources/townpulse.yaml')).datasources;
    expect(source).toMatchObject({ type: 'influxdb', jsonData: { version: 'InfluxQL', dbName: INFLUX_BUCKET } });
  });
});

describe('the Dockerfile', () => {
  const instructions = readDockerfile();
  const all = (name: string) => instructions.filter((one) => one.name === name).map(({ text }) => text);

  it('builds and runs on one pinned Node 24', () => {
    const images = all('FROM').map((text) => text.split(' ')[0]);
    expect(images).toHaveLength(2);
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:24\.\d+\.\d+-bookworm-slim$/);
    const version = /^node:([\d.]+)-/.exec(images[0] ?? '')?.[1];
    expect(read('package.json'), 'the tests run on the same').toContain(`npx -y -p node@${version} node`);
    expect(read('.ci/run')).toContain('npm run test:node24');
  });

  it('is assembled by the script that the tests run', () => {
    expect(all('RUN').some((text) => text.includes('deploy/assemble.sh /opt/townpulse'))).toBe(true);
    expect(all('COPY')).toContain('--from=build /opt/townpulse /opt/townpulse');
  });

  it('runs as nobody special, keeps its data in one volume, and says whether it is ready', () => {
    expect(all('USER')).toEqual(['node']);
    expect(all('VOLUME')).toEqual(['/data']);
    expect(imageEnvironment()).toMatchObject({
      TOWNPULSE_DATA_DIR: '/data',
      NODE_ENV: 'production',
      NODE_OPTIONS: DEPLOYED_NODE_OPTIONS,
    });
    expect(all('HEALTHCHECK').join()).toContain('/readyz');
    expect([all('ENTRYPOINT'), all('CMD')]).toEqual([['["townpulse"]'], ['["start"]']]);
  });

  it('leaves out what is no part of it, and nothing that is', () => {
    const ignored = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(ignored).toEqual(expect.arrayContaining(['.git', 'node_modules', 'data', 'tests']));
    for (const name of [
      'deploy',
      'devices',
      'seeds',
      'simulators',
      'src',
      'package.json',
      'package-lock.json',
      'LICENSE',
      'tsconfig.json',
    ]) {
      expect(ignored).not.toContain(name);
    }
  });
});

function read(file: string): string {
  return readFileSync(join(packageRoot, file), 'utf8');
}
