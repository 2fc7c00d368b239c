import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answerProblems, STATUS } from '../../src/http/problem.ts';
import { ERRORS, type ErrorCode, TownError } from '../../src/kernel/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

/** An application whose one route throws `error`, and what it writes into the log. */
async function failing(error: unknown) {
  const logged: { fields: { id?: string }; message: string }[] = [];
  const log = { error: (fields: { id?: string }, message: string) => void logged.push({ fields, message }) };
  const app = fastify();
  onTestFinished(() => app.close());
  app.setErrorHandler(answerProblems(log as never));
  app.get('/', () => {
    throw error;
  });
  const response = await app.inject('/?token=pasted');
  return { status: response.statusCode, headers: response.headers, json: response.json(), text: response.body, logged };
}

describe('an error that was expected', () => {
  it.each([
    ['invalid', 422],
    ['unauthorized', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['unavailable', 503],
    ['journal-full', 503],
  ] as const)('%s is %i', async (code, status) => {
    const problems = [{ path: 'attributes.minPressure', message: 'is no number' }];
    const answer = await failing(new TownError(code, 'what happened, and what to do', { problems }));
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json).toEqual({
      type: `urn:townpulse:error:${code}`,
      title: ERRORS[code].title,
      status,
      detail: 'what happened, and what to do',
      code,
      errors: problems,
    });
    expect(answer.logged).toEqual([]);
  });

  it('may be tried again where the table says so, and only there', () => {
    for (const code of CODES) expect([code, STATUS[code] === 503]).toEqual([code, ERRORS[code].retryable]);
  });
});

describe('an error that is no business of the caller', () => {
  it.each([
    ['a code about the service itself', new TownError('data-newer', 'the file /var/lib/townpulse is newer')],
    ['anything that was thrown', new Error('cannot read /var/lib/townpulse of undefined')],
    ['something that is no error', 'a text from /var/lib/townpulse'],
  ])('%s is 500 under an id that the log has, too', async (_what, error) => {
    const answer = await failing(error);
    expect([answer.status, answer.json.code, answer.json.errors]).toEqual([500, 'internal', []]);
    expect(answer.text).not.toContain('/var/lib/townpulse');
    const [entry] = answer.logged;
    expect(answer.logged).toHaveLength(1);
    expect(entry?.fields).toMatchObject({ err: error, method: 'GET', path: '/' });
    expect(answer.json.detail).toContain(entry?.fields.id);
  });
});
