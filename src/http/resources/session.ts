import { z } from 'zod';
import { TownError } from '../../kernel/errors.ts';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';
import { type Authenticator, Principal } from '../principal.ts';
import { SESSION_COOKIE, SESSION_COOKIE_OPTIONS, type Sessions } from '../sessions.ts';

/** What the session's resource needs. */
export interface SessionParts {
  tokens: Authenticator;
  sessions: Sessions;
  /** Whether this is the demo. */
  demo: boolean;
}

const Me = Principal.extend({
  demo: z.boolean().meta({ description: 'whether this is the demo, whose own page signs in by itself' }),
}).meta({ id: 'Me' });

const SignIn = z.strictObject({ token: z.string().min(1).max(1_024) });

/** `POST|DELETE /session`, `GET /me` */
export function sessionResource(api: Api, { tokens, sessions, demo }: SessionParts): void {
  const tags = ['session'];

  const begin = { summary: "Exchanges an API token for a session's cookie", tags, body: SignIn };
  api.post(
    '/session',
    { schema: { ...begin, response: { 201: Me } }, config: { access: 'anyone' } },
    async (request, reply) => {
      const principal = tokens.authenticate(request.body.token);
      if (principal === null) throw new TownError('unauthorized', 'this token is not known here, or not any more');
      reply.setCookie(SESSION_COOKIE, sessions.begin(principal), SESSION_COOKIE_OPTIONS);
      return reply.code(201).send({ ...principal, demo });
    },
  );

  const end = { summary: 'Ends the session', tags };
  api.delete(
    '/session',
    { schema: { ...end, response: { 204: z.undefined() } }, config: { access: 'signed-in' } },
    async (request, reply) => {
      const id = request.cookies[SESSION_COOKIE];
      if (id !== undefined) sessions.end(id);
      return reply.clearCookie(SESSION_COOKIE, SESSION_COOKIE_OPTIONS).code(204).send();
    },
  );

  const me = { summary: 'Who is asking', tags };
  api.get('/me', { schema: { ...me, response: { 200: Me } } }, (request) => ({ ...principalOf(request), demo }));
}
