import { expect, it } from 'vitest';
import { asking, expectProblem } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

const FOUND = { device: 'LC-1', ts: '2026-11-23T20:10:00+08:00', lit: 3, by: 'Wang' };

it('findings are handed in one by one or as a list, and say until when they hold', async () => {
  const town = new MemoryTown();
  const one = await asking(town)('POST', '/api/v1/patrols', { payload: FOUND });
  expect(one.status).toBe(201);
  expect(one.json).toEqual({
    items: [{ device: 'LC-1', ts: '2026-11-23T12:10:00.000Z', lit: 3, by: 'Wang', until: '2026-11-24T12:10:00.000Z' }],
  });
  const many = await asking(town)('POST', '/api/v1/patrols', { payload: [FOUND, { ...FOUND, validFor: '7d' }] });
  expect(many.status).toBe(201);
  expect(town.patrols.map(({ findings, by }) => [findings.length, by])).toEqual([
    [1, 'admin'],
    [2, 'admin'],
  ]);
});

it('what is wrong with one is told by its place in the list', async () => {
  const town = new MemoryTown();
  const answer = await asking(town)('POST', '/api/v1/patrols', { payload: [FOUND, { ...FOUND, device: 'NOBODY' }] });
  expect(expectProblem(answer, 422, 'invalid')).toEqual(['1.device']);
  const bad = await asking(town)('POST', '/api/v1/patrols', { payload: { ...FOUND, lit: 'perhaps' } });
  expect(expectProblem(bad, 422, 'invalid')).toEqual(['lit']);
  const { by, ...nobody } = FOUND;
  const unsigned = await asking(town)('POST', '/api/v1/patrols', { payload: [FOUND, { ...nobody, lits: by }] });
  expect(expectProblem(unsigned, 422, 'invalid')).toEqual(['1.by', '1.lits']);
  expect(town.patrols).toEqual([]);
});
