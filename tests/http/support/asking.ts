import type { InjectOptions } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { createApplication } from '../../../src/http/application.ts';
import type { HttpSettings } from '../../../src/http/settings.ts';
import { Description } from './description.ts';
import { AS_ADMIN, type MemoryTown } from './town.ts';

/** How an answer came: its status, its headers, and its JSON where it is some. */
export interface Answer {
  status: number;
  headers: Record<string, number | string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any;
}

export type Ask = (
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options?: Omit<InjectOptions, 'method' | 'url'>,
) => Promise<Answer>;

let described: Promise<Description> | null = null;
let demoDescribed: Promise<Description> | null = null;

/**
 * Asks the application of a town, without a socket; as the administrator unless the options bring headers of their own.
 * Whatever it answers is held against its own OpenAPI document, and every instant must be UTC with milliseconds.
 */
export function asking(town: MemoryTown, settings: Partial<HttpSettings> = {}): Ask {
  const app = createApplication(town, { port: 0, metricsWithoutToken: 'loopback', ...settings });
  onTestFinished(() => app.close());
  const describedHere = () => {
    if (town.demo === null) described ??= Description.of(app);
    else demoDescribed ??= Description.of(app);
    return town.demo === null ? described : demoDescribed;
  };
  return async (method, path, options = {}) => {
    const response = await app.inject({ headers: AS_ADMIN, ...options, method, url: path });
    const type = String(response.headers['content-type'] ?? '');
    const json = method !== 'HEAD' && type.includes('json') ? response.json() : undefined;
    if (path.startsWith('/api/') && method !== 'HEAD') {
      const description = (await describedHere()) as Description;
      expect(description.faults(method, path, response.statusCode, type, json), `${method} ${path}`).toEqual([]);
      expect(unusualInstants(json), `${method} ${path}`).toEqual([]);
    }
    return { status: response.statusCode, headers: response.headers, text: response.body, json };
  };
}

/** Checks that an answer is a problem document, and gives the paths of what it names. */
export function expectProblem(answer: Answer, status: number, code: string): string[] {
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json).toMatchObject({ type: `urn:townpulse:error:${code}`, status, code });
  expect(Object.keys(answer.json).sort()).toEqual(['code', 'detail', 'errors', 'status', 'title', 'type']);
  expect(answer.status).toBe(status);
  return answer.json.errors.map(({ path }: { path: string }) => path);
}

/** Every item of a list, page by page; each page holds `limit` at most, only the last may hold fewer, and none comes twice. */
export async function walk(ask: Ask, path: string, limit: number): Promise<unknown[]> {
  const items: unknown[] = [];
  const cursors = new Set<string | null>();
  let next: string | null = null;
  do {
    const cursor: string = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
    const { status, json }: Answer = await ask(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`,
    );
    expect(status).toBe(200);
    expect(cursors.has(next)).toBe(false);
    cursors.add(next);
    next = json.next;
    if (next === null) expect(json.items.length).toBeLessThanOrEqual(limit);
    else expect(json.items).toHaveLength(limit);
    items.push(...json.items);
  } while (next !== null);
  return items;
}

/** Instants in an answer that are not as CONTRACT.md shows them. */
function unusualInstants(json: unknown): string[] {
  if (typeof json === 'string') {
    const isInstant = /^\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-][\d:]+)?$/.test(json);
    return isInstant && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(json) ? [json] : [];
  }
  return typeof json === 'object' && json !== null ? Object.values(json).flatMap(unusualInstants) : [];
}
