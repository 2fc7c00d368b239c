import { readFileSync } from 'node:fs';
import { isNode, isScalar, LineCounter, parseDocument, visit, type Document as Yaml } from 'yaml';
import type { z } from 'zod';
import { messageOf, type Problem } from './errors.ts';
import { didYouMean } from './nearest.ts';

/** Where in a YAML text something stands. */
export interface Locator {
  /** `FILE:LINE:COLUMN` of the value at `path`, or of its nearest parent that exists. */
  at(path: readonly PropertyKey[]): string;
  /** `FILE:LINE:COLUMN` of a letter of the text at `path`: of the one `offset` letters (0-based) into its value. */
  inside(path: readonly PropertyKey[], offset: number): string;
}

/** A YAML text read by a schema: its value, or everything that is wrong with it, each with `FILE:LINE:COLUMN`. */
export type Document<T> = { ok: true; value: T; locate: Locator } | { ok: false; problems: Problem[] };

/** Reads `text` as YAML 1.2 and checks it by `schema`; `file` is only used in the problems' paths. Never throws. */
export function readDocument<T>(text: string, file: string, schema: z.ZodType<T>): Document<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) => ({
        path: place(error.pos[0]),
        message: error.message.split(' at line')[0] ?? error.message,
      })),
    };
  }
  const locate: Locator = {
    at: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return place(node.range[0]);
      }
      return `${file}:1:1`;
    },
    inside: (path, offset) => {
      const node = document.getIn(path, true);
      if (!isScalar(node) || !node.range || typeof node.value !== 'string') return locate.at(path);
      const [start, end] = node.range;
      return place(start + offsetInSource(text.slice(start, end), node.value, offset));
    },
  };
  const alias = brokenAlias(document);
  if (alias !== null) return { ok: false, problems: [{ path: place(alias.offset), message: alias.message }] };
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    const message = `the aliases (*name) stand for far more than is written; write it out (${messageOf(error)})`;
    return { ok: false, problems: [{ path: locate.at([]), message }] };
  }
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data, locate };
  return { ok: false, problems: parsed.error.issues.flatMap((issue) => explain(issue, { schema, locate })) };
}

/** The first alias that stands for nothing, or for what it is a part of; null without one. */
function brokenAlias(document: Yaml): { offset: number; message: string } | null {
  const anchors = new Set<string>();
  let broken: { offset: number; message: string } | null = null;
  visit(document, {
    Alias: (_key, { source, range }, path) => {
      const isPart = path.some((node) => isNode(node) && 'anchor' in node && node.anchor === source);
      if (anchors.has(source) && !isPart) return;
      const message = isPart
        ? `*${source} is a part of itself`
        : `*${source} stands for nothing: there is no &${source} before it`;
      broken = { offset: range?.[0] ?? 0, message };
      return visit.BREAK;
    },
    Value: (_key, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor);
    },
  });
  return broken;
}

/** Reads the YAML file `file` as {@link readDocument} does; that it can't be read is a problem like another. Never throws. */
export function readDocumentFile<T>(file: string, schema: z.ZodType<T>): Document<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { ok: false, problems: [{ path: file, message: `the file cannot be read: ${messageOf(error)}` }] };
  }
  return readDocument(text, file, schema);
}

/**
 * What `issue` says, by the path it is about: one thing, or one for each key that is not known. With the schema it was
 * found by, it also says which key was meant.
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  schema?: z.core.$ZodType,
): { path: readonly PropertyKey[]; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    const known = schema === undefined ? [] : keysAt(schema, issue.path);
    return issue.keys.map((key) => {
      const hint = didYouMean(
        key,
        known.filter((one) => one !== key),
      );
      return { path: [...issue.path, key], message: `unknown key "${key}"${hint}` };
    });
  }
  const nothing = missing(issue);
  if (nothing !== null) return [{ path: issue.path, message: nothing }];
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const hint = didYouMean(issue.input, issue.values.map(String));
    return [{ path: issue.path, message: `"${issue.input}" is not known${hint}` }];
  }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const found = (issue.input as Record<string, unknown> | undefined)?.[issue.discriminator];
    if (typeof found === 'string') {
      // Zod's types leave `options` out.
      const { options = [] } = issue as { options?: readonly unknown[] };
      const hint = didYouMean(found, options.map(String));
      return [{ path: issue.path, message: `"${found}" is not known${hint}` }];
    }
  }
  // Of things that are told apart by their shape, such as one and a list of them: what is wrong with the one that it is.
  const isUntold = issue.code === 'invalid_union' && issue.message === 'Invalid input';
  const meant = isUntold ? issue.errors.filter((found) => found.every(isInside)) : [];
  if (meant.length !== 1) return [{ path: issue.path, message: issue.message }];
  return (meant[0] ?? []).flatMap((inner) =>
    describeIssue(inner).map(({ path, message }) => ({ path: [...issue.path, ...path], message })),
  );
}

/** Whether what is wrong lies within the thing, so that it is of the right sort itself. */
function isInside({ code, path }: z.core.$ZodIssue): boolean {
  return path.length > 0 || code === 'unrecognized_keys';
}

/** That nothing stands there, and what could; null where something stands, or the schema was not asked to report what. */
function missing(issue: z.core.$ZodIssue): string | null {
  // As Zod says it, it is not plain that the key is not there.
  if (issue.code === 'invalid_type') return issue.message.endsWith('received undefined') ? 'is missing' : null;
  if (!('input' in issue)) return null;
  if (issue.code === 'invalid_value') return issue.input === undefined ? oneOf(issue.values) : null;
  if (issue.code !== 'invalid_union' || issue.discriminator === undefined) return null;
  const found = (issue.input as Record<string, unknown> | undefined)?.[issue.discriminator];
  // Zod's types leave `options` out.
  return found === undefined ? oneOf((issue as { options?: readonly unknown[] }).options ?? []) : null;
}

function oneOf(known: readonly unknown[]): string {
  return `is missing: one of ${known.map(String).join(', ')}`;
}

/** What `issue` says, with its place; `base` is where in the document the value stands that `schema` was asked about. */
export function explain(
  issue: z.core.$ZodIssue,
  { schema, locate, base = [] }: { schema: z.core.$ZodType; locate: Locator; base?: readonly PropertyKey[] },
): Problem[] {
  const prefix = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
  return describeIssue(issue, schema).map(({ path, message }) => ({
    path: locate.at([...base, ...path]),
    message: prefix + message,
  }));
}

/** The keys that an object at `path` may have by `schema`. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const [key, ...rest] = path;
  switch (def.type) {
    case 'object': {
      if (key === undefined) return Object.keys(def.shape);
      const inner = def.shape[String(key)];
      return inner === undefined ? [] : keysAt(inner, rest);
    }
    case 'array':
      return keysAt(def.element, rest);
    case 'record':
      return keysAt(def.valueType, rest);
    case 'union':
      return def.options.flatMap((option) => keysAt(option, path));
    case 'pipe':
      return keysAt(def.in, path);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return keysAt(def.innerType, path);
    default:
      return [];
  }
}

/** How far into the source of a YAML string a letter of its value stands: quotes, indentation and line ends are no part of it. */
function offsetInSource(source: string, value: string, offset: number): number {
  const header = /^[|>].*\n/.exec(source)?.[0].length;
  const start = header ?? (/^["']/.test(source) ? 1 : 0);
  let left = value.slice(0, offset).replace(/\s/g, '').length;
  let at = start;
  while (left > 0 && at < source.length) if (!/\s/.test(source[at++] ?? '')) left--;
  if (offset < value.length) while (/\s/.test(source[at] ?? '')) at++;
  return at;
}
