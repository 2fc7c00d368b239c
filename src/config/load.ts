import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { describeIssue, readDocument } from '../kernel/document.ts';
import { messageOf, type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import { Settings, SHORT_NAMES } from './settings.ts';

/** A setting as it is in force. */
export interface SettingInForce {
  /** `journal.maxBytes` */
  path: string;
  /** As people write it: a duration is `48h`. */
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
  schema: JsonSchema;
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
  for (const { path, schema } of all) {
    const entry = fromEnvironment(path, schema.secret === true, env, problems);
    if (entry !== null) given.set(path, entry);
  }
  for (const [path, value] of Object.entries(flags))
    if (value !== undefined) given.set(path, { value, source: 'flag' });

  const parsed = Settings.safeParse(nested(given), { reportInput: true });
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => explain(issue, given, all)));
  if (!parsed.success || problems.length > 0) {
    throw new TownError('config-invalid', `${problems.length} problem(s) in the settings`, { problems });
  }
  const inForce = all.map(({ path, schema }) => ({
    path,
    value: schema.type === 'string' ? (given.get(path)?.value ?? schema.default) : valueAt(parsed.data, path),
    source: given.get(path)?.source ?? 'default',
    secret: schema.secret === true,
    description: schema.description ?? '',
  }));
  return { settings: parsed.data, inForce };
}

function valueAt(settings: object, path: string): unknown {
  const keys = path.split('.');
  return keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], settings);
}

/** What is wrong, each with where the value stands: a line of the file, a variable, or a flag. */
function explain(
  issue: z.core.$ZodIssue,
  given: ReadonlyMap<string, { source: string }>,
  all: readonly Leaf[],
): Problem[] {
  return describeIssue(issue).map(({ path: keys, message }) => {
    const path = keys.map(String).join('.');
    const within = [...given.keys()].find((one) => one === path || one.startsWith(`${path}.`));
    const source = given.get(within ?? path)?.source ?? 'settings';
    const known = all.flatMap((leaf) => [leaf.path, leaf.path.split('.')[0] as string]);
    const said = issue.code === 'unrecognized_keys' ? `no such setting${didYouMean(path, known)}` : message;
    return { path: source === 'flag' ? flagOf(path) : source, message: `${path}: ${said}` };
  });
}

/** The settings as JSON Schema (2020-12), as they may be written in the file. */
export function settingsSchema(): object {
  return z.toJSONSchema(Settings, { io: 'input' });
}

/** `journal.maxBytes` -> `TOWNPULSE_JOURNAL_MAX_BYTES` */
export function variableOf(path: string): string {
  return `TOWNPULSE_${path.replace(/\./g, '_').replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

/** `http.port` -> `--http-port` */
function flagOf(path: string): string {
  return `--${path.replace(/\./g, '-').replace(/[A-Z]/g, '-$&').toLowerCase()}`;
}

function leaves(): Leaf[] {
  const found: Leaf[] = [];
  const walk = (schema: JsonSchema, path: string) => {
    if (schema.properties !== undefined) {
      for (const [key, child] of Object.entries(schema.properties)) walk(child, path === '' ? key : `${path}.${key}`);
    } else found.push({ path, schema });
  };
  walk(settingsSchema() as JsonSchema, '');
  return found;
}

interface JsonSchema {
  type?: string;
  default?: unknown;
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
  const document = readDocument(text, file, z.record(z.string(), z.unknown()).nullable());
  if (!document.ok) {
    problems.push(...document.problems);
    return found;
  }
  const walk = (value: unknown, path: string[]) => {
    // Nothing after a key (or in the whole file) says nothing: what stood there is commented out.
    if (value === null) return;
    if (isRecord(value)) {
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
    let at: unknown = root;
    for (const key of keys) {
      if (isRecord(at)) at[key] ??= {};
      at = isRecord(at) ? at[key] : at;
    }
    // Where a value stands in the place of a section, that is what is wrong.
    if (isRecord(at)) at[last] = value;
  }
  return root;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
