import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../../src/kernel/package-root.ts';

/** A service of docker-compose.yml, as far as tests look at it. */
export interface ComposeService {
  image: string;
  build?: string;
  user?: string;
  environment?: Record<string, string>;
  entrypoint?: string[];
  command?: string[];
  volumes?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  restart?: string;
  read_only?: boolean;
  tmpfs?: string[];
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  profiles?: string[];
  logging?: { driver: string; options: Record<string, string> };
  deploy?: { resources: { limits: { cpus: string; memory: string; pids: number } } };
}

export interface Compose {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
}

/** What is mounted where. */
export interface Mount {
  /** A volume, or a path that begins with `.`. */
  from: string;
  to: string;
  readOnly: boolean;
}

export const COMPOSE_FILE = join(packageRoot, 'docker-compose.yml');
export const DOCKERFILE = join(packageRoot, 'Dockerfile');

/** docker-compose.yml, with what its variables are when nobody sets them. */
export function readCompose(): Compose {
  const text = readFileSync(COMPOSE_FILE, 'utf8').replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  return parse(text, { merge: true }) as Compose;
}

/** The mounts of a service. */
export function mountsOf({ volumes = [] }: ComposeService): Mount[] {
  return volumes.map((line) => {
    const [from = '', to = '', mode] = line.split(':');
    return { from, to, readOnly: mode === 'ro' };
  });
}

/** The instructions of the Dockerfile, each with its whole text. */
export function readDockerfile(): { name: string; text: string }[] {
  const joined = readFileSync(DOCKERFILE, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '');
  return joined
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', text = ''] = /^\s*([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return { name, text };
    });
}

/** What the image's last stage sets in its environment. */
export function imageEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { name, text } of readDockerfile()) {
    if (name === 'ENV')
      for (const [, key, value] of text.matchAll(/(\w+)=(\S+)/g)) env[key as string] = value as string;
  }
  return env;
}

/** The command by which the image says whether it is well. */
export function healthCommand(): string[] {
  const check = readDockerfile().find(({ name }) => name === 'HEALTHCHECK');
  return JSON.parse(/CMD (\[.*\])$/.exec(check?.text ?? '')?.[1] ?? '[]') as string[];
}
