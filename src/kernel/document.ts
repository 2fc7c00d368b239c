import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { messageOf, type Problem } from './errors.ts';
import { didYouMean } from './nearest.ts';

/** Where in a YAML text something stands. */
export interface Locator {
  /** `FILE:LINE:COLUMN` of the value at `path`, or of its nearest parent that exists. */
  at(path: readonly PropertyKey[]): string;
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
  };
  const parsed = schema.safeParse(document.toJS(), { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data, locate };
  return { ok: false, problems: parsed.error.issues.flatMap((issue) => explain(issue, locate)) };
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

/** What `issue` says, by the path it is about: one thing, or one for each key that is not known. */
export function describeIssue(issue: z.core.$ZodIssue): { path: readonly PropertyKey[]; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: `unknown key "${key}"` }));
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const hint = didYouMean(issue.input, issue.values.map(String));
    return [{ path: issue.path, message: `"${issue.input}" is not known${hint}` }];
  }
  return [{ path: issue.path, message: issue.message }];
}

function explain(issue: z.core.$ZodIssue, locate: Locator): Problem[] {
  const prefix = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
  return describeIssue(issue).map(({ path, message }) => ({ path: locate.at(path), message: prefix + message }));
}
