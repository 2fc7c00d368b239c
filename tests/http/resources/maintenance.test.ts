import { describe, expect, it } from 'vitest';
import { asking, expectProblem } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

const WORK = {
  subject: { type: 'parent', id: 'F-1' },
  from: '2026-11-23T09:00:00+08:00',
  to: '2026-11-23T11:00:00+08:00',
  reason: 'cable',
};
const SHOWN = {
  ...{ id: 'window-1', subject: WORK.subject, reason: 'cable', by: 'admin', endedBy: null, state: 'running' },
  ...{ from: '2026-11-23T01:00:00.000Z', to: '2026-11-23T03:00:00.000Z' },
};

describe('/maintenance', () => {
  it('announces a window in the name of who asks, lists it, and ends it', async () => {
    const ask = asking(new MemoryTown());
    const made = await ask('POST', '/api/v1/maintenance', { payload: WORK });
    expect([made.status, made.json]).toEqual([201, SHOWN]);
    expect((await ask('GET', '/api/v1/maintenance')).json).toEqual({ items: [SHOWN], next: null });
    expect((await ask('GET', '/api/v1/maintenance?state=planned')).json).toEqual({ items: [], next: null });
    const ended = await ask('DELETE', '/api/v1/maintenance/window-1');
    expect(ended.json).toMatchObject({ state: 'over', endedBy: 'admin', to: '1970-01-01T00:00:02.000Z' });
  });

  it.each([
    ['a subject of another sort', { subject: { type: 'road', id: 'avenue' } }],
    ['no end', { to: undefined }],
    ['no reason', { reason: ' ' }],
    ['a time that is none', { from: 'tomorrow' }],
    ['what it does not know', { note: 'x' }],
  ])('refuses %s', async (_what, change) => {
    const town = new MemoryTown();
    expectProblem(
      await asking(town)('POST', '/api/v1/maintenance', { payload: { ...WORK, ...change } }),
      422,
      'invalid',
    );
    expect(town.windows).toEqual([]);
  });

  it('says what is wrong by its path, and what is not there', async () => {
    const ask = asking(new MemoryTown());
    const nobody = { ...WORK, subject: { type: 'device', id: 'NOBODY' } };
    const answer = await ask('POST', '/api/v1/maintenance', { payload: nobody });
    expect(expectProblem(answer, 422, 'invalid')).toEqual(['subject.id']);
    expectProblem(await ask('DELETE', '/api/v1/maintenance/none'), 404, 'not-found');
  });

  it('gives the list page by page', async () => {
    const ask = asking(new MemoryTown());
    for (let n = 0; n < 3; n++) await ask('POST', '/api/v1/maintenance', { payload: WORK });
    const first = await ask('GET', '/api/v1/maintenance?limit=2');
    const { items, next } = first.json as { items: { id: string }[]; next: string };
    const rest = await ask('GET', `/api/v1/maintenance?limit=2&cursor=${next}`);
    expect(
      [...items, ...(rest.json as typeof first.json & { items: { id: string }[] }).items].map(({ id }) => id),
    ).toEqual([...['window-3', 'window-2', 'window-1']]);
  });
});
