import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ERRORS, type ErrorCode, type Problem, TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';

/** What an error is answered with (RFC 9457). */
export const ProblemDocument = z
  .object({
    type: z.string().meta({ description: 'urn:townpulse:error:CODE' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'what happened, where, and what to do' }),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
  })
  .meta({ id: 'Problem' });
export type ProblemDocument = z.infer<typeof ProblemDocument>;

/** The media type of a {@link ProblemDocument}. */
export const PROBLEM_TYPE = 'application/problem+json';

/** HTTP status by code. Those of 500 are about the service itself, and no business of the caller's: the log has them. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  'config-invalid': 500,
  'rulebook-invalid': 422,
  'town-invalid': 500,
  'data-dir-locked': 500,
  'data-dir-unusable': 500,
  'data-newer': 500,
  'clock-mismatch': 500,
  'port-in-use': 500,
  'kind-changed': 500,
  invalid: 422,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unavailable: 503,
  'journal-full': 503,
  internal: 500,
};

/** Answers whatever a route threw as a problem document. What nobody expected goes to the log, under an id. */
export function answerProblems(log: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = expected(error) ?? unexpected(error, request, log);
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="townpulse"');
    return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
  };
}

function expected(error: unknown): ProblemDocument | null {
  if (error instanceof TownError) {
    const status = STATUS[error.code];
    return status === 500 ? null : problem(error.code, status, error.message, error.problems);
  }
  if (!isRefusal(error)) return null;
  const { statusCode, message } = error;
  return problem(statusCode === 404 ? 'not-found' : 'invalid', statusCode, message);
}

/** Whether the HTTP library itself turned the request away: no JSON, too large, a media type that nobody reads. */
function isRefusal(error: unknown): error is FastifyError & { statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error) || !('code' in error)) return false;
  const { statusCode, code } = error;
  return String(code).startsWith('FST_') && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}

function unexpected(error: unknown, request: FastifyRequest, log: Logger): ProblemDocument {
  const id = randomUUID();
  // The path alone: a query may hold what somebody pasted into the wrong place.
  const path = request.url.split('?', 1)[0];
  log.error({ err: error, id, method: request.method, path }, 'a request failed in a way that nobody expected');
  return problem('internal', 500, `the service failed to answer; its log says why, under ${id}`);
}

function problem(code: ErrorCode, status: number, detail: string, problems: readonly Problem[] = []): ProblemDocument {
  const errors = problems.map(({ path, message }) => ({ path, message }));
  return { type: `urn:townpulse:error:${code}`, title: ERRORS[code].title, status, detail, code, errors };
}
