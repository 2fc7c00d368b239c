import { describe, expect, it } from 'vitest';
import { isOpen, isRunning, MOVES, moved } from '../../src/alerts/lifecycle.ts';
import { AlertState } from '../../src/model/alert.ts';

/** Each way that an alert may take, as DESIGN.md §8 draws it. */
const WAYS = [
  'pending fire firing',
  'pending vanish nothing',
  'firing acknowledge acknowledged',
  'firing repair repaired',
  'firing resolve resolved',
  'firing close closed',
  'acknowledged repair repaired',
  'acknowledged resolve resolved',
  'acknowledged close closed',
  'repaired return acknowledged',
  'repaired resolve resolved',
  'repaired close closed',
];

describe("the table of an alert's life", () => {
  it('has these moves and no others', () => {
    const moves = Object.entries(MOVES).flatMap(([from, ways]) =>
      Object.entries(ways).map(([move, to]) => `${from} ${move} ${to ?? 'nothing'}`),
    );
    expect(moves.sort()).toEqual([...WAYS].sort());
  });

  it('knows every state, and leads to no other', () => {
    expect(Object.keys(MOVES).sort()).toEqual([...AlertState.options].sort());
    const ends = Object.values(MOVES).flatMap((ways) => Object.values<string | null>(ways));
    for (const end of ends) if (end !== null) expect(AlertState.options).toContain(end);
  });

  it('ends where it is resolved or closed: what was over does not come back', () => {
    expect(AlertState.options.filter((state) => !isRunning(state))).toEqual(['resolved', 'closed']);
  });

  it('calls an alert open from firing until it is over', () => {
    expect(AlertState.options.filter(isOpen)).toEqual(['firing', 'acknowledged', 'repaired']);
  });

  it('gives the state that a move leads to; a move that is not in it does not compile', () => {
    expect([moved('pending', 'fire'), moved('repaired', 'return'), moved('pending', 'vanish')]).toEqual([
      'firing',
      'acknowledged',
      null,
    ]);
    // @ts-expect-error a pending alert cannot be acknowledged
    expect(moved('pending', 'acknowledge')).toBeUndefined();
    // @ts-expect-error what is resolved stays so
    expect(moved('resolved', 'fire')).toBeUndefined();
  });
});
