import { expect, it } from 'vitest';
import { asking, expectProblem } from '../support/asking.ts';
import { AS_OFFICER, MemoryTown } from '../support/town.ts';

const PATH = '/api/v1/rules/low-pressure/why';

it('why is for everybody who is signed in, in both languages', async () => {
  const ask = asking(new MemoryTown());
  const { status, json } = await ask('GET', `${PATH}?subject=WP-0001`, { headers: AS_OFFICER });
  expect([status, json.subject.id, json.when.figures, json.sentences]).toEqual([
    200,
    'WP-0001',
    '0.12 < 0.14',
    { zh: ['句'], en: ['sentence'] },
  ]);
});

it('why asks for a subject, and knows no rule that there is not', async () => {
  const ask = asking(new MemoryTown());
  expectProblem(await ask('GET', PATH), 422, 'invalid');
  expectProblem(await ask('GET', '/api/v1/rules/nothing/why?subject=WP-0001'), 404, 'not-found');
});
