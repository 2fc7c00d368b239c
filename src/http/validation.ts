import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { describeIssue } from '../kernel/document.ts';
import { type Problem, TownError } from '../kernel/errors.ts';

const PART_IN_WORDS: Record<string, string> = { querystring: 'query', params: 'path' };

/** Reads the parts of a request by their schemas; what does not fit is `invalid`, every problem by its path. */
export const validateBySchema: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'request' }) => {
  const part = PART_IN_WORDS[httpPart] ?? httpPart;
  return (data) => {
    // No body at all comes as null.
    const given = httpPart === 'body' && data === null ? undefined : data;
    const read = schema.safeParse(given, { reportInput: true });
    if (read.success) return { value: read.data };
    const problems = read.error.issues.flatMap(explain);
    return { error: new TownError('invalid', `the ${part} does not fit: ${listed(problems)}`, { problems }) };
  };
};

function explain(issue: z.core.$ZodIssue): Problem[] {
  return describeIssue(issue).map(({ path, message }) => ({
    path: path.map(String).join('.'),
    message,
  }));
}

function listed(problems: readonly Problem[]): string {
  const first = problems.slice(0, 3).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const more = problems.length - first.length;
  return first.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
