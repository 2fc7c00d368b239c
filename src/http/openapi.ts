import swagger from '@fastify/swagger';
import type { RouteOptions } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { defaultAccess } from './access.ts';
import type { Api } from './api.ts';
import { PROBLEM_TYPE, ProblemDocument } from './problem.ts';
import { SESSION_COOKIE } from './sessions.ts';

const PROBLEM_ANSWER = {
  description: 'what went wrong (RFC 9457)',
  content: { [PROBLEM_TYPE]: { schema: ProblemDocument } },
};

/** Collects every route that is added after it into an OpenAPI document, made from the routes' own schemas. */
export function describe(app: Api): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Townpulse',
        version: '1',
        description:
          'Telemetry and alerts of a town. Instants in answers are RFC 3339 in UTC with milliseconds, durations are 90s, 10m, 1h or 30d, rates are 0 to 1; of periods the begin counts, the end does not.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  });
  app.addHook('onRoute', completeSchema);
}

/** `GET /openapi.json` */
export function openApiResource(api: Api): void {
  const schema = {
    summary: 'This description (OpenAPI 3.1)',
    tags: ['service'],
    response: { 200: z.record(z.string(), z.unknown()) },
  };
  api.get('/openapi.json', { schema }, () => ({ ...api.swagger() }));
}

/** Adds to a route's schema what is true of all routes: how they fail, and who may use them. */
function completeSchema(route: RouteOptions): void {
  if (route.schema === undefined || route.schema.hide === true) return;
  const access = route.config?.access ?? defaultAccess(String(route.method));
  route.schema = {
    ...route.schema,
    ...(access === 'anyone' ? { security: [] } : {}),
    ...(access === 'administrator' ? { description: 'Needs the role administrator.' } : {}),
    response: { ...(route.schema.response ?? {}), default: PROBLEM_ANSWER },
  };
}

/** Schemas are registered for requests and answers alike; those that no route speaks of are left out. */
function withoutUnused<D extends object>(document: D): D {
  const { paths, components } = document as { paths?: object; components?: { schemas?: Record<string, unknown> } };
  const schemas = components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (part: unknown) => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit(paths);
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return { ...document, components: { ...components, schemas: kept } };
}
