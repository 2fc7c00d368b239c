import { describe, expect, it } from 'vitest';
import { asking, expectProblem } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

const PAPER = {
  ...{ subject: { type: 'zone', id: 'Z-1' }, reason: 'planned-shut-off', approver: 'Li, water bureau' },
  ...{ from: '2026-11-23T09:00:00+08:00', to: '2026-11-23T11:00:00+08:00' },
};
const SHOWN = {
  ...{ id: 'exclusion-1', subject: PAPER.subject, reason: PAPER.reason, approver: PAPER.approver, by: 'admin' },
  ...{ from: '2026-11-23T01:00:00.000Z', to: '2026-11-23T03:00:00.000Z', withdrawnBy: null },
};

describe('/exclusions', () => {
  it('takes a period in the name of who asks, lists it, and takes it back', async () => {
    const ask = asking(new MemoryTown());
    const made = await ask('POST', '/api/v1/exclusions', { payload: PAPER });
    expect([made.status, made.json]).toEqual([201, SHOWN]);
    expect((await ask('GET', '/api/v1/exclusions')).json).toEqual({ items: [SHOWN], next: null });
    expect((await ask('DELETE', '/api/v1/exclusions/exclusion-1')).json).toEqual({ ...SHOWN, withdrawnBy: 'admin' });
  });

  it.each([
    ['another reason', { reason: 'bad weather' }],
    ['nobody who approved it', { approver: ' ' }],
    ['a subject of another sort', { subject: { type: 'area', id: 'centre' } }],
    ['no beginning', { from: undefined }],
    ['what it does not know', { note: 'x' }],
  ])('refuses %s', async (_what, change) => {
    const town = new MemoryTown();
    const answer = await asking(town)('POST', '/api/v1/exclusions', { payload: { ...PAPER, ...change } });
    expectProblem(answer, 422, 'invalid');
    expect(town.excluded).toEqual([]);
  });

  it('says what is wrong by its path, and what is not there', async () => {
    const ask = asking(new MemoryTown());
    const nobody = { ...PAPER, subject: { type: 'point', id: 'NOBODY' } };
    expect(expectProblem(await ask('POST', '/api/v1/exclusions', { payload: nobody }), 422, 'invalid')).toEqual([
      'subject.id',
    ]);
    expectProblem(await ask('DELETE', '/api/v1/exclusions/none'), 404, 'not-found');
  });
});

it('GET /compliance/raised gives each point with a baseline, page by page', async () => {
  const ask = asking(new MemoryTown());
  const first = await ask('GET', '/api/v1/compliance/raised?limit=1&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z');
  const period = { from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z', mean: 0.26, samples: 288 };
  expect(first.json.items).toMatchObject([{ id: 'WP-0001', period, raised: 0.05 }]);
  const rest = await ask('GET', `/api/v1/compliance/raised?limit=1&cursor=${first.json.next}`);
  expect(rest.json).toMatchObject({ items: [{ id: 'WP-0002', raised: null }], next: null });
});
