import { describe, expect, it } from 'vitest';
import type { Alert, AlertEvent, News } from '../../src/model/alert.ts';
import { keyOf, nextGroup } from '../../src/notify/grouping.ts';

const word = (id: string, more: Partial<Alert> = {}, event: AlertEvent = 'fired'): News => ({
  ...{ event, alert: { id, rule: 'leak', severity: 'major', organisation: 'gas', ...more } as Alert },
});
const next = (words: readonly News[], resting: readonly string[] = []) =>
  nextGroup(
    words.map((value, index) => ({ key: index + 1, value })),
    (group) => resting.includes(group),
  );

describe('who is told next', () => {
  it.each<[string, Partial<Alert>, AlertEvent]>([
    ['event', {}, 'resolved'],
    ['rule', { rule: 'other' }, 'fired'],
    ['severity', { severity: 'critical' }, 'fired'],
    ['organisation', { organisation: 'water' }, 'fired'],
  ])('is one group: those of another %s are told apart', (_what, more, event) => {
    expect(next([word('a'), word('b', more, event), word('c')])).toEqual([1, 3]);
  });

  it('is the first whose group does not rest, and nobody where all do', () => {
    const words = [word('a'), word('b', { severity: 'critical' })];
    expect(next(words, ['fired leak gas major'])).toEqual([2]);
    expect(next(words, ['fired leak gas major', 'fired leak gas critical'])).toEqual([]);
    expect(next([])).toEqual([]);
  });

  it('is no message without a bound', () => {
    expect(next(Array.from({ length: 6_000 }, (_, index) => word(`a${index}`)))).toHaveLength(5_000);
  });
});

describe('a key', () => {
  it('is that of the alert where there is one, and one of all of them where there are more', () => {
    expect(keyOf([word('a')])).toBe('a:fired');
    const both = keyOf([word('a'), word('b')]);
    expect(both).toMatch(/^[0-9a-f]{32}$/);
    expect(keyOf([word('a'), word('b')])).toBe(both);
    expect(keyOf([word('a'), word('c')])).not.toBe(both);
  });
});
