import type { InjectOptions } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { createApplication } from '../../../src/http/application.ts';
import type { HttpSettings } from '../../../src/http/settings.ts';
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
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  options?: Omit<InjectOptions, 'method' | 'url'>,
) => Promise<Answer>;

/** Asks the application of a town, without a socket; as the administrator unless the options bring headers of their own. */
export function asking(town: MemoryTown, settings: Partial<HttpSettings> = {}): Ask {
  const app = createApplication(town, { port: 0, metricsWithoutToken: 'loopback', ...settings });
  onTestFinished(() => app.close());
  return async (method, path, options = {}) => {
    const response = await app.inject({ headers: AS_ADMIN, ...options, method, url: path });
    const type = String(response.headers['content-type'] ?? '');
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: type.includes('json') ? response.json() : undefined,
    };
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
