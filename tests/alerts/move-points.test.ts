import { expect, it } from 'vitest';
import { AlertBook } from '../../src/alerts/book.ts';
import { MovePoints } from '../../src/alerts/move-points.ts';
import { identityOf, type SeriesPoint } from '../../src/model/series.ts';
import type { Transition } from '../../src/model/transition.ts';
import { temporaryStore } from '../support/temporary.ts';

const AT = Date.UTC(2026, 10, 22, 12);
const FINDING = { verdict: 'breach', values: {}, evidence: [] } as const;

function begun(alert: string, at = AT): Transition {
  return {
    ...{ alert, step: 'begun', at, reason: 'condition', rule: 'low-pressure', ruleVersion: 'sha256:1' },
    ...{ subject: { type: 'device', id: 'WP-1' }, title: { zh: '低', en: 'Low' }, severity: 'major' },
    ...{ organisation: 'water-company', assignee: null, startedAt: at, receivedAt: at },
    ...{ ...FINDING, evidence: [] },
  };
}
const fired = (alert: string, at = AT): Transition => {
  return { alert, step: 'fired', at, reason: 'held', firedAt: at, children: [], ...FINDING, evidence: [] };
};
const resolved = (alert: string, at: number): Transition => {
  return { alert, step: 'resolved', at, reason: 'cleared', resolvedAt: at, quiet: false, ...FINDING, evidence: [] };
};
const vanished = (alert: string, at: number): Transition => ({ alert, step: 'vanished', at, reason: 'cleared' });

/** The points of what a book takes, each list of transitions in a transaction of its own. */
async function pointsOf(...taken: Transition[][]): Promise<SeriesPoint[]> {
  const store = await temporaryStore();
  const points: SeriesPoint[] = [];
  for (const transitions of taken) {
    // A book of its own each time: nothing but the disk remembers.
    const moves = new MovePoints(store);
    const book = new AlertBook(store, { moved: (alert, move) => points.push(...moves.of(alert, move)) });
    await store.transaction(() => book.take(transitions));
  }
  return points;
}

it('is a point for every move, open while the alert is', async () => {
  const points = await pointsOf([begun('a')], [fired('a', AT + 60_000)], [resolved('a', AT + 90_000)]);
  const tags = { rule: 'low-pressure', subject: 'WP-1', severity: 'major', organisation: 'water-company' };
  const point = (ts: number, from: string, to: string, reason: string, open: number) => {
    return { series: 'alerts', tags, ts, fields: { id: 'a', from, to, reason, open } };
  };
  expect(points).toEqual([
    point(AT, 'none', 'pending', 'condition', 0),
    point(AT + 60_000, 'pending', 'firing', 'held', 1),
    point(AT + 90_000, 'firing', 'resolved', 'cleared', 0),
  ]);
});

it('tells of a pending one that vanished', async () => {
  const points = await pointsOf([begun('a')], [vanished('a', AT + 1_000)]);
  expect(points.map(({ fields }) => [fields.from, fields.to, fields.open])).toEqual([
    ['none', 'pending', 0],
    ['pending', 'none', 0],
  ]);
});

it('lets no move take the place of another that was decided in the same instant', async () => {
  const points = await pointsOf([begun('a'), fired('a')], [resolved('a', AT), begun('b')], [vanished('b', AT)]);
  expect(points.map(({ ts }) => ts - AT)).toEqual([0, 1, 2, 3, 4]);
  expect(new Set(points.map(identityOf)).size).toBe(5);
});

it('makes no point of a transition that changes nothing', async () => {
  const points = await pointsOf([begun('a')], [begun('a'), vanished('x', AT), resolved('a', AT)]);
  expect(points.length).toBe(1);
});

it('leaves the points of one severity and comes to those of the other when it becomes graver', async () => {
  const graded: Transition = {
    alert: 'a',
    step: 'graded',
    at: AT + 2,
    reason: 'worse',
    severity: 'critical',
    ...FINDING,
    evidence: [],
  };
  const points = await pointsOf([begun('a'), fired('a', AT + 1)], [graded], [resolved('a', AT + 3)]);
  const told = points.map(({ tags, fields }) => [tags.severity, fields.from, fields.to, fields.open]);
  expect(told.slice(2)).toEqual([
    ['major', 'firing', 'none', 0],
    ['critical', 'none', 'firing', 1],
    ['critical', 'firing', 'resolved', 0],
  ]);
  // Open by severity, as a board asks for it: nothing is left open, or counted twice.
  const newest = new Map(points.map(({ tags, fields }) => [tags.severity, fields.open]));
  expect([...newest]).toEqual([
    ['major', 0],
    ['critical', 0],
  ]);
});
