import { describe, expect, it } from 'vitest';
import { TownError } from '../../../src/kernel/errors.ts';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { AS_ADMIN, AS_OFFICER, MemoryTown } from '../support/town.ts';

const GOOD = '- id: low-pressure\n  when: pressure < 0.1\n';
const BAD = '- id: low-pressure\n  type: threshold\n  when: presure < 0.1\n';
const PROBLEM = { path: 'rules.yaml:3:9', message: 'no field presure (did you mean pressure?)' };

it('the rules in force tell their verdicts now, and their worst subjects', async () => {
  const ask = asking(new MemoryTown());
  const rule = {
    id: 'low-pressure',
    type: 'threshold',
    kind: 'water-pressure',
    name: { zh: '水压偏低', en: 'Low pressure' },
    severity: 'major',
    organisation: null,
    version: 'sha256:5d1c',
    verdicts: { ok: 29, breach: 1, silent: 0, unknown: 0, idle: 0 },
    worst: [{ subject: { type: 'device', id: 'WP-0001' }, verdict: 'breach' }],
  };
  expect((await ask('GET', '/api/v1/rules')).json).toEqual({ items: [rule], next: null });
  expect(await walk(ask, '/api/v1/rules', 1)).toEqual([rule]);
});

describe('checking a rulebook', () => {
  it.each(['text/yaml', 'application/yaml', 'text/x-yaml', 'application/x-yaml'])('sent as %s', async (type) => {
    const headers = { ...AS_ADMIN, 'content-type': type };
    const ask = asking(new MemoryTown());
    const good = await ask('POST', '/api/v1/rules/check', { headers, payload: GOOD });
    expect([good.status, good.json]).toEqual([200, { ok: true, rules: 1, problems: [] }]);
    const bad = await ask('POST', '/api/v1/rules/check', { headers, payload: BAD });
    expect([bad.status, bad.json]).toEqual([200, { ok: false, rules: 1, problems: [PROBLEM] }]);
  });

  it('sent as JSON', async () => {
    const ask = asking(new MemoryTown());
    const { json } = await ask('POST', '/api/v1/rules/check', { payload: { text: BAD } });
    expect(json).toEqual({ ok: false, rules: 1, problems: [PROBLEM] });
  });

  it('is for everybody who is signed in: it changes nothing', async () => {
    const headers = { ...AS_OFFICER, 'content-type': 'text/yaml' };
    const { status } = await asking(new MemoryTown())('POST', '/api/v1/rules/check', { headers, payload: GOOD });
    expect(status).toBe(200);
  });

  it('asks for a rulebook', async () => {
    const ask = asking(new MemoryTown());
    const answer = await ask('POST', '/api/v1/rules/check', { payload: { rules: [] } });
    expect(expectProblem(answer, 422, 'invalid')).toEqual(['']);
    expect(answer.json.detail).toContain('send the rulebook as text/yaml');
    expectProblem(await ask('POST', '/api/v1/rules/check'), 422, 'invalid');
  });

  it('takes YAML nowhere else', async () => {
    const headers = { ...AS_ADMIN, 'content-type': 'text/yaml' };
    const answer = await asking(new MemoryTown())('POST', '/api/v1/devices', { headers, payload: 'id: WP-1' });
    expectProblem(answer, 415, 'invalid');
  });
});

describe('reloading the rulebook', () => {
  it("is an administrator's, and tells what changed", async () => {
    const town = new MemoryTown();
    const ask = asking(town);
    const { status, json } = await ask('POST', '/api/v1/rules/reload');
    expect([status, json]).toEqual([
      200,
      { version: 'sha256:77', added: ['burst'], changed: [], reworded: [], removed: [], kept: 13 },
    ]);
    expectProblem(await ask('POST', '/api/v1/rules/reload', { headers: AS_OFFICER }), 403, 'forbidden');
    expect(town.reloadedBy).toEqual(['administrator']);
  });

  it('answers with every problem of a bad one', async () => {
    const town = new MemoryTown();
    town.spoiltRulebook = new TownError('rulebook-invalid', 'rules.yaml: 1 problem(s)', { problems: [PROBLEM] });
    const answer = await asking(town)('POST', '/api/v1/rules/reload');
    expect(expectProblem(answer, 422, 'rulebook-invalid')).toEqual([PROBLEM.path]);
  });
});
