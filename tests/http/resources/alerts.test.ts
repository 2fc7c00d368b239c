import { describe, expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

const AT = '2026-11-23T12:00:00.000Z';

/** What CONTRACT.md §4 says of an alert. */
const SHAPE = {
  id: 'a1',
  rule: 'low-pressure',
  ruleVersion: 'sha256:5d1c',
  subject: { type: 'device', id: 'WP-0001' },
  title: { zh: '水压偏低', en: 'Low pressure' },
  severity: 'major',
  state: 'firing',
  reason: 'held',
  verdict: 'breach',
  organisation: 'water-company',
  assignee: null,
  startedAt: AT,
  receivedAt: AT,
  firedAt: AT,
  decidedAt: AT,
  values: { pressure: 0.118 },
  evidence: [{ device: 'WP-0001', ts: AT, values: { pressure: 0.118 } }],
  children: [],
  inhibitedBy: null,
  repair: null,
  resolvedAt: null,
  clearedValues: null,
  flapping: false,
};

/** One alert in each state, the older the earlier in the alphabet; and one of another bureau, rule and subject. */
function sevenAlerts(): MemoryTown {
  const town = new MemoryTown();
  const states = ['pending', 'firing', 'acknowledged', 'repaired', 'resolved', 'closed'] as const;
  states.forEach((state, index) => {
    town.alerts.add({ id: state, state, startedAt: `2026-11-2${index + 1}T12:00:00.000Z` });
  });
  town.alerts.add({
    id: 'feeder',
    startedAt: '2026-11-20T12:00:00.000Z',
    rule: 'feeder-supply',
    organisation: 'urban-management',
    severity: 'critical',
    subject: { type: 'parent', id: 'F-1' },
  });
  return town;
}

const idsOf = (items: unknown[]) => items.map((item) => (item as { id: string }).id);

describe('alerts', () => {
  it('have the shape of CONTRACT.md §4', async () => {
    const town = new MemoryTown();
    town.alerts.add({ id: 'a1', startedAt: AT });
    const { status, json } = await asking(town)('GET', '/api/v1/alerts');
    expect(status).toBe(200);
    expect(json).toEqual({ items: [SHAPE], next: null });
  });

  it.each([
    ['', ['closed', 'resolved', 'repaired', 'acknowledged', 'firing', 'pending', 'feeder']],
    ['state=open', ['repaired', 'acknowledged', 'firing', 'feeder']],
    ['state=pending', ['pending']],
    ['state=firing', ['firing', 'feeder']],
    ['state=acknowledged', ['acknowledged']],
    ['state=repaired', ['repaired']],
    ['state=resolved', ['resolved']],
    ['state=closed', ['closed']],
    ['organisation=urban-management', ['feeder']],
    ['severity=critical', ['feeder']],
    ['rule=feeder-supply', ['feeder']],
    ['subject=F-1', ['feeder']],
    ['subject=F-1&state=closed', []],
  ])('?%s, the newest first', async (query, ids) => {
    const { json } = await asking(sevenAlerts())('GET', `/api/v1/alerts?${query}`);
    expect(idsOf(json.items)).toEqual(ids);
  });

  it('walk page by page, also where several began at one moment', async () => {
    const town = sevenAlerts();
    town.alerts.add({ id: 'twin', startedAt: '2026-11-22T12:00:00.000Z' });
    const all = ['closed', 'resolved', 'repaired', 'acknowledged', 'twin', 'firing', 'pending', 'feeder'];
    for (const limit of [1, 3, 8]) {
      expect(idsOf(await walk(asking(town), '/api/v1/alerts', limit))).toEqual(all);
    }
  });

  it.each([
    ['state=opened', 'state', 'did you mean open?'],
    ['severity=worst', 'severity', '"worst" is not known'],
    ['organisation=water-compny', 'organisation', 'did you mean water-company?'],
    ['verdict=breach', 'verdict', 'unknown key'],
    ['limit=1001', 'limit', '1000'],
  ])('?%s is 422 by its name', async (query, path, hint) => {
    const answer = await asking(sevenAlerts())('GET', `/api/v1/alerts?${query}`);
    expect(expectProblem(answer, 422, 'invalid')).toEqual([path]);
    expect(answer.json.errors[0].message).toContain(hint);
  });
});

describe('one alert', () => {
  it('tells its moves and who was told', async () => {
    const town = new MemoryTown();
    town.alerts.add({ id: 'a1', startedAt: AT });
    const { status, json } = await asking(town)('GET', '/api/v1/alerts/a1');
    expect(status).toBe(200);
    expect(json).toEqual({
      ...SHAPE,
      correction: null,
      history: [{ at: AT, from: 'pending', to: 'firing', reason: 'held', by: 'rules' }],
      notifications: [{ channel: 'log', at: AT, outcome: 'sent', reason: null, attempts: 1 }],
    });
  });

  it('that nobody raised is 404', async () => {
    const answer = await asking(new MemoryTown())('GET', '/api/v1/alerts/a9');
    expectProblem(answer, 404, 'not-found');
    expect(answer.json.detail).toBe('there is no alert a9');
  });
});
