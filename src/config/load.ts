import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readDocument } from '../kernel/document.ts';
import { messageOf, type Problem, TownError } from '../kernel/errors.ts';
import { Settings, SHORT_NAMES } from './settings.ts';

/** A setting as it is in force. */
export interface SettingInForce {
  /** `journal.maxBytes` */
  path: string;
  value: unknown;
  /** `default`, `flag`, the variable's name, or `FILE:LINE:COLUMN`. */
  source: string;
  secret: boolean;
  description: string;
}

/** The settings, and where each value came from. */
export interface LoadedSettings {
  settings: Settings;
  inForce: SettingInForce[];
}

interface Leaf {
  path: string;
  secret: boolean;
  description: string;
}

/**
 * Puts the settings together: flags over environment over file (`TOWNPULSE_CONFIG`) over defaults. `flags` are by path.
 * @throws TownError `config-invalid` with every problem at once, each with where it stands
 */
export function loadSettings(env: NodeJS.ProcessEnv, flags: Readonly<Record<string, unknown>> = {}): LoadedSettings {
  const problems: Problem[] = [];
  const given = new Map<string, { value: unknown; source: string }>();
  const all = leaves();
  for (const [path, entry] of fromFile(env.TOWNPULSE_CONFIG, problems)) given.set(path, entry);
  for (const { path, secret } of all) {
    const entry = fromEnvironment(path, secret, env, problems);
    if (entry !== null) given.set(path, entry);
  }
  for (const [path, value] of Object.entries(flags))
    if (value !== undefined) given.set(path, { value, source: 'flag' });

  const parsed = Settings.safeParse(nested(given));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [null];
      for (const key of keys) {
        const path = [...issue.path, ...(key === null ? [] : [key])].join('.');
        const source = given.get(path)?.source;
        const message = key === null ? issue.message : 'no such setting';
        problems.push({
          path: source === undefined || source === 'flag' ? path : source,
          message: `${path}: ${message}`,
        });
      }
    }
  }
  if (!parsed.success || problems.length > 0) {
    throw new TownError('config-invalid', `${problems.length} problem(s) in the settings`, { problems });
  }
  const inForce = all.map(({ path, secret, description }) => ({
    path,
    value: path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], parsed.data),
    source: given.get(path)?.source ?? 'default',
    secret,
    description,
  }));
  return { settings: parsed.data, inForce };
}

/** The settings as JSON Schema (2020-12), as they may be written in the file. */
export function settingsSchema(): object {
  return z.toJSONSchema(Settings, { io: 'input' });
}

/** `journal.maxBytes` -> `TOWNPULSE_JOURNAL_MAX_BYTES` */
export function variableOf(path: string): string {
  return `TOWNPULSE_${path.replace(/\./g, '_').replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function leaves(): Leaf[] {
  const found: Leaf[] = [];
  const walk = (schema: JsonSchema, path: string) => {
    if (schema.properties !== undefined) {
      for (const [key, child] of Object.entries(schema.properties)) walk(child, path === '' ? key : `${path}.${key}`);
    } else found.push({ path, secret: schema.secret === true, description: schema.description ?? '' });
  };
  walk(settingsSchema() as JsonSchema, '');
  return found;
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  description?: string;
  secret?: boolean;
}

function fromFile(file: string | undefined, problems: Problem[]): Map<string, { value: unknown; source: string }> {
  const found = new Map<string, { value: unknown; source: string }>();
  if (file === undefined || file === '') return found;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    problems.push({ path: 'TOWNPULSE_CONFIG', message: `the file cannot be read: ${messageOf(error)}` });
    return found;
  }
  const document = readDocument(text, file, z.record(z.string(), z.unknown()));
  if (!document.ok) {
    problems.push(...document.problems);
    return found;
  }
  const walk = (value: unknown, path: string[]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, child] of Object.entries(value)) walk(child, [...path, key]);
    } else found.set(path.join('.'), { value, source: document.locate.at(path) });
  };
  walk(document.value, []);
  return found;
}

function fromEnvironment(
  path: string,
  secret: boolean,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): { value: unknown; source: string } | null {
  const names = [variableOf(path), ...Object.keys(SHORT_NAMES).filter((name) => SHORT_NAMES[name] === path)];
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== '') return { value, source: name };
    const file = secret ? env[`${name}_FILE`] : undefined;
    if (file === undefined || file === '') continue;
    try {
      return { value: readFileSync(file, 'utf8').trim(), source: `${name}_FILE` };
    } catch (error) {
      problems.push({ path: `${name}_FILE`, message: `the file cannot be read: ${messageOf(error)}` });
    }
  }
  return null;
}

function nested(given: ReadonlyMap<string, { value: unknown }>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, { value }] of given) {
    const keys = path.split('.');
    const last = keys.pop() as string;
    let at = root;
    for (const key of keys) {
      if (typeof at[key] !== 'object') at[key] = {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return root;
}
