import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identities } from './access.ts';
import type { Api } from './api.ts';
import { isOpenedLocally } from './local.ts';
import type { Principal } from './principal.ts';
import { SESSION_COOKIE, SESSION_COOKIE_OPTIONS, type Sessions } from './sessions.ts';

/** What the console's page needs. */
export interface PageParts {
  /** The folder of the built console. */
  page: string;
  /** As whom a page that is opened on this machine signs in by itself, or null outside the demo. */
  demoOfficer: Principal | null;
  sessions: Sessions;
  identities: Identities;
}

const NOT_BUILT = `Townpulse is running; its console is not built yet.

  npm run build

and start it again. The API is at /api/v1, its description at /api/v1/openapi.json.
`;

/** Serves the console's files: the page itself is never kept, what carries its hash in its name for ever. */
export function page(app: Api, parts: PageParts): void {
  const folder = parts.page;
  const built = existsSync(join(folder, 'index.html'));
  if (built) {
    app.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      index: false,
      // A folder is nothing that can be asked for.
      allowedPath: (path) => !path.endsWith('/'),
      immutable: true,
      maxAge: '365d',
      schemaHide: true,
    });
    for (const file of otherFiles(folder)) {
      app.get(`/${file}`, { schema: { hide: true } }, (_request, reply) =>
        reply.header('cache-control', 'no-cache').sendFile(file, folder, { cacheControl: false }),
      );
    }
  }

  const open = (request: FastifyRequest, reply: FastifyReply) => {
    signInAlone(request, reply, parts);
    reply.header('cache-control', 'no-store');
    return built
      ? reply.sendFile('index.html', folder, { cacheControl: false })
      : reply.type('text/plain; charset=utf-8').send(NOT_BUILT);
  };
  app.get('/', { schema: { hide: true } }, open);
  app.get('/index.html', { schema: { hide: true } }, open);
}

/** What lies beside the page: icons and the like. */
function otherFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'index.html')
    .map(({ name }) => name);
}

/** Gives the demo's own page, opened on this machine, a session that nobody had to sign in for. */
function signInAlone(request: FastifyRequest, reply: FastifyReply, parts: PageParts): void {
  const { demoOfficer, sessions, identities } = parts;
  if (demoOfficer === null || !isOpenedLocally(request) || identities.bySession(request) !== null) return;
  reply.setCookie(SESSION_COOKIE, sessions.begin(demoOfficer), SESSION_COOKIE_OPTIONS);
}
