import cookie from '@fastify/cookie';
import fastify, { type FastifyRequest } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { TownError } from '../kernel/errors.ts';
import { guard, Identities } from './access.ts';
import type { Api } from './api.ts';
import { describe, openApiResource } from './openapi.ts';
import { page } from './page.ts';
import { probes } from './probes.ts';
import { answerProblems } from './problem.ts';
import { alertsResource } from './resources/alerts.ts';
import { backupResource } from './resources/backup.ts';
import { clockResource } from './resources/clock.ts';
import { complianceResource } from './resources/compliance.ts';
import { deadLettersResource } from './resources/dead-letters.ts';
import { demoFaultsResource } from './resources/demo-faults.ts';
import { deviceImportResource } from './resources/device-import.ts';
import { devicesResource } from './resources/devices.ts';
import { exclusionsResource } from './resources/exclusions.ts';
import { exportResource } from './resources/export.ts';
import { facilitiesResource } from './resources/facilities.ts';
import { latestResource } from './resources/latest.ts';
import { ledgerResource } from './resources/ledger.ts';
import { lightingRateResource } from './resources/lighting-rate.ts';
import { maintenanceResource } from './resources/maintenance.ts';
import { patrolsResource } from './resources/patrols.ts';
import { readingsResource } from './resources/readings.ts';
import { refusedResource } from './resources/refused.ts';
import { replaysResource } from './resources/replays.ts';
import { rulesResource } from './resources/rules.ts';
import { sessionResource } from './resources/session.ts';
import { townResource } from './resources/town.ts';
import { whyResource } from './resources/why.ts';
import type { HttpParts } from './server.ts';
import { Sessions } from './sessions.ts';
import type { HttpSettings } from './settings.ts';
import { validateBySchema } from './validation.ts';

const BODY_LIMIT = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 120_000;

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Everything that answers a request: the probes, the page, and under /api/v1 the resources behind their guard. */
export function createApplication(parts: HttpParts, settings: HttpSettings): Api {
  const sessions = new Sessions(parts.realClock);
  const identities = new Identities(parts.tokens, sessions);
  const answer = answerProblems(parts.log);
  const app: Api = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // An address that is none is answered before any hook runs.
    frameworkErrors: (error, request, reply) => answer(error, request, reply.headers(HEADERS)),
  });
  app.setValidatorCompiler(validateBySchema);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answer);
  app.setNotFoundHandler(refuseUnknown);
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
  });
  // What is not asked for is not read: a form of another site may send text/plain without asking first.
  app.removeContentTypeParser('text/plain');
  // Many clients name JSON also where they send nothing.
  const readJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : readJson(request, String(body), done),
  );

  app.register(cookie);
  describe(app);
  app.register((outside: Api, _options, done) => {
    probes(outside, parts, settings, identities);
    done();
  });
  app.register((outside: Api, _options, done) => {
    page(outside, { page: parts.page, demoOfficer: parts.demo?.officer ?? null, sessions, identities });
    done();
  });
  app.register(
    (api: Api, _options, done) => {
      guard(api, identities);
      // A handler of its own, so that the guard stands before what does not exist, too.
      api.setNotFoundHandler(refuseUnknown);
      api.addHook('onSend', async (_request, reply) => {
        reply.header('cache-control', 'no-store');
      });
      sessionResource(api, { tokens: parts.tokens, sessions, demo: parts.demo !== null });
      resources(api, parts);
      done();
    },
    { prefix: '/api/v1' },
  );
  return app;
}

function resources(api: Api, parts: HttpParts): void {
  openApiResource(api);
  clockResource(api, parts);
  ledgerResource(api, parts);
  townResource(api, parts);
  devicesResource(api, parts);
  latestResource(api, parts);
  refusedResource(api, parts);
  deviceImportResource(api, parts);
  readingsResource(api, parts);
  exportResource(api, parts);
  deadLettersResource(api, parts);
  lightingRateResource(api, parts);
  facilitiesResource(api, parts);
  complianceResource(api, parts);
  maintenanceResource(api, parts);
  exclusionsResource(api, parts);
  patrolsResource(api, parts);
  rulesResource(api, parts);
  replaysResource(api, parts);
  whyResource(api, parts);
  alertsResource(api, parts);
  backupResource(api, parts);
  if (parts.demo !== null) demoFaultsResource(api, parts.demo.faults);
}

function refuseUnknown(request: FastifyRequest): never {
  throw new TownError('not-found', `there is nothing at ${request.method} ${request.url.split('?', 1)[0]}`);
}
