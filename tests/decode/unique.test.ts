import { describe, expect, it } from 'vitest';
import { createUnique } from '../../src/decode/unique.ts';

const MINUTE = 60_000;

describe('times that are handed out', () => {
  it('are never the same twice for a device, in a burst as in a batch that is shifted', () => {
    const { unique } = createUnique(0);
    const burst = Array.from({ length: 5_000 }, () => unique('WP-1', 1_000_000));
    expect(new Set(burst).size).toBe(5_000);
    expect(unique('WP-1', 1_000_100)).toBe(1_005_000);
    expect(unique('WP-2', 1_000_000)).toBe(1_000_000);
  });

  it('are remembered for the last hour, so that a batch shifted onto them finds other ones', () => {
    const { unique } = createUnique(0);
    const given = Array.from({ length: 60 }, (_, nth) => unique('WP-1', 1_000_000_000 + nth * MINUTE));
    const again = given.slice(1).map((ts) => unique('WP-1', ts));
    expect(again).toEqual(given.slice(1).map((ts) => ts + 1));
  });

  it('are forgotten after an hour, but for the last few, so that they do not pile up over the weeks', () => {
    const { unique } = createUnique(0);
    const given = Array.from({ length: 200 }, (_, nth) => unique('WP-1', 1_000_000_000 + nth * MINUTE));
    const forgotten = given[130] as number;
    const remembered = given[150] as number;
    expect([unique('WP-1', forgotten), unique('WP-1', remembered)]).toEqual([forgotten, remembered + 1]);
  });

  it('go on above what was handed out before a restart', () => {
    const { unique } = createUnique(1_000_500);
    expect(unique('WP-1', 1_000_400)).toBe(1_000_501);
  });
});
