import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TownError } from '../kernel/errors.ts';
import type { Authenticator, Principal } from './principal.ts';
import { SESSION_COOKIE, type Sessions } from './sessions.ts';

/** Who may use a route. What a route does not say: everybody signed in may read, only an administrator may change. */
export type Access = 'anyone' | 'signed-in' | 'administrator';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

const PRINCIPAL = 'principal';
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** Finds out who makes a request: by its bearer token, or else by its session's cookie. */
export class Identities {
  readonly #authenticator: Authenticator;
  readonly #sessions: Sessions;

  constructor(authenticator: Authenticator, sessions: Sessions) {
    this.#authenticator = authenticator;
    this.#sessions = sessions;
  }

  of(request: FastifyRequest): Principal | null {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      return token === undefined ? null : this.#authenticator.authenticate(token);
    }
    return this.bySession(request);
  }

  bySession(request: FastifyRequest): Principal | null {
    const id = request.cookies[SESSION_COOKIE];
    return id === undefined ? null : this.#sessions.find(id);
  }
}

/**
 * Guards every route of `api`, also those that do not exist: nobody passes who is not known (401), may not (403), or whose
 * browser acts for another site (403).
 */
export function guard(api: FastifyInstance, identities: Identities): void {
  api.decorateRequest(PRINCIPAL, null);
  api.addHook('onRequest', async (request) => {
    const access = accessOf(request);
    if (access === 'anyone') return;
    const principal = identities.of(request);
    if (principal === null) {
      throw new TownError(
        'unauthorized',
        'sign in first: send an API token as "Authorization: Bearer …", or open a session with POST /api/v1/session',
      );
    }
    if (isForged(request)) throw new TownError('forbidden', 'a page of another site may not act in your name');
    if (access === 'administrator' && principal.role !== 'administrator') {
      throw new TownError('forbidden', `this needs an administrator; ${principal.name} is a ${principal.role}`);
    }
    request.setDecorator(PRINCIPAL, principal);
  });
}

/** Who makes the request, on a route that {@link guard} guards. */
export function principalOf(request: FastifyRequest): Principal {
  return request.getDecorator<Principal>(PRINCIPAL);
}

/** Who may use the route that a request has come to. */
function accessOf(request: FastifyRequest): Access {
  if (request.is404) return 'signed-in';
  return request.routeOptions.config.access ?? defaultAccess(request.method);
}

/** Who may use a route that does not say. */
export function defaultAccess(method: string): Access {
  return SAFE_METHODS.has(method) ? 'signed-in' : 'administrator';
}

/**
 * Whether a browser says that another page made a changing request with the session's cookie. SameSite alone does not tell:
 * to it, all ports of localhost are one site.
 */
function isForged(request: FastifyRequest): boolean {
  if (SAFE_METHODS.has(request.method) || request.headers.authorization !== undefined) return false;
  const from = request.headers['sec-fetch-site'];
  return from !== undefined && from !== 'same-origin' && from !== 'none';
}
