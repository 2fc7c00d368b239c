import { z } from 'zod';
import { TownError } from '../kernel/errors.ts';
import type { Identities } from './access.ts';
import type { Api } from './api.ts';
import { isFromLoopback } from './local.ts';
import type { Readiness } from './readiness.ts';
import type { HttpSettings } from './settings.ts';

/** What those who watch the service from outside need. */
export interface ProbeParts {
  readiness(): Readiness;
  metrics: { text(): Promise<string> };
}

const Health = z.object({ status: z.literal('ok') });

const ShownReadiness = z
  .object({
    status: z.enum(['ready', 'not ready']),
    checks: z.record(z.string(), z.string()).meta({ description: '`ok`, or what is wrong with the part' }),
  })
  .meta({ id: 'Readiness' });

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `GET /healthz`, `/readyz`, `/metrics` */
export function probes(app: Api, parts: ProbeParts, settings: HttpSettings, identities: Identities): void {
  const tags = ['service'];
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  const health = { summary: 'The process lives', tags, security: [], response: { 200: Health } };
  app.get('/healthz', { schema: health }, () => ({ status: 'ok' as const }));

  const ready = {
    summary: 'Whether it takes readings, and why not',
    tags,
    security: [],
    response: { 200: ShownReadiness, 503: ShownReadiness },
  };
  app.get('/readyz', { schema: ready }, async (_request, reply) => {
    const { ready, checks } = parts.readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? ('ready' as const) : ('not ready' as const), checks });
  });

  const metrics = {
    summary: "The service's figures, for Prometheus; without a token on this machine only unless the settings say so",
    tags,
    response: { 200: { description: 'exposition format 0.0.4', content: { 'text/plain': { schema: z.string() } } } },
  };
  app.get('/metrics', { schema: metrics }, async (request, reply) => {
    const open = settings.metricsWithoutToken === 'anywhere' || isFromLoopback(request);
    if (!open && identities.of(request) === null) {
      throw new TownError('unauthorized', 'from another machine the metrics need an API token');
    }
    return reply.header('content-type', METRICS_TYPE).send(await parts.metrics.text());
  });
}
