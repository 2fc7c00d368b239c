import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RatioRule } from '../../src/model/rule.ts';
import { ratesOf, verdictOf } from '../../src/rules/lamp-rate.ts';
import { countOf } from '../../src/rules/lamp-state.ts';
import { judgeRate, targetOf } from '../../src/rules/lamp-target.ts';
import { TOWN } from './support/town.ts';

const WRITTEN = {
  ...{ id: 'rate', type: 'ratio', kind: 'lighting-controller', name: { zh: '率', en: 'Rate' }, severity: 'major' },
  ...{ part: 'lamps lit', whole: 'lamps expected', groupBy: ['road'], target: 0.97, clear: 0.975 },
};
const rule = (more: object) => RatioRule.parse({ ...WRITTEN, ...more });
const LADDER = [
  { upTo: 99, dark: 2 },
  { upTo: 149, dark: 3 },
  { upTo: 199, dark: 4 },
];
const ROAD = { group: 'road', id: 'avenue' } as const;

describe('a target', () => {
  it("is that of the road's class, or of the class, or the rule's", () => {
    const own = rule({ targets: { main: 0.98 } });
    const found = (group: Parameters<typeof targetOf>[1], id: string) => targetOf(own, group, id, TOWN);
    expect([found('road', 'avenue'), found('class', 'main')]).toEqual([0.98, 0.98]);
    expect([found('road', 'lane'), found('class', 'alley'), found('town', 'lailong')]).toEqual([0.97, 0.97, 0.97]);
    expect([found('village', 'main'), found('road', 'nowhere')]).toEqual([0.97, 0.97]);
  });

  it('ends what is low as far above it as the rule says of its own', () => {
    const own = rule({ targets: { main: 0.98 } });
    const at = (lit: number) => judgeRate(own, ROAD, countOf(1_000, lit, 1_000 - lit), TOWN, true);
    expect([at(979), at(980), at(984), at(985)].map(({ verdict, isClear }) => [verdict, isClear])).toEqual([
      ['breach', false],
      ['ok', false],
      ['ok', false],
      ['ok', true],
    ]);
  });
});

describe('minCoverage', () => {
  const judged = (lit: number, out: number, unknown: number, more: object) =>
    judgeRate(rule({ minCoverage: 0.8, ...more }), ROAD, countOf(lit + out + unknown, lit, out), TOWN, true);

  it('finds no group ok of which less is known, be its target met whatever the unknown lamps do', () => {
    const low = { target: 0.5, clear: 0.5 };
    expect(judged(79, 0, 21, low)).toEqual({ verdict: 'unknown', reason: 'coverage', isClear: false });
    expect(judged(80, 0, 20, low)).toEqual({ verdict: 'ok', reason: null, isClear: true });
  });

  it('finds no small road ok of which nobody knows anything', () => {
    const small = { smallRoads: LADDER };
    expect(judged(0, 0, 2, small).verdict).toBe('unknown');
    expect(judged(0, 0, 2, { ...small, minCoverage: 0 }).verdict).toBe('ok');
  });

  it('leaves a breach that no unknown lamp could undo', () => {
    expect(judged(0, 10, 90, {}).verdict).toBe('breach');
    expect(judged(0, 3, 7, { smallRoads: LADDER }).verdict).toBe('breach');
  });

  it('asks nothing of a group of which nothing is expected', () => {
    expect(judged(0, 0, 0, {}).verdict).toBe('idle');
  });
});

describe('a small road', () => {
  const judged = (expected: number, out: number, unknown = 0, more: object = { smallRoads: LADDER }) => {
    const count = countOf(expected, expected - out - unknown, out);
    const { verdict, reason } = judgeRate(rule(more), ROAD, count, TOWN, true);
    return reason === null ? verdict : `${verdict}: ${reason}`;
  };

  it.each([
    [33, 2, 'ok: small-road'],
    [33, 3, 'breach: small-road'],
    [99, 2, 'ok: small-road'],
    [99, 3, 'breach: small-road'],
    [100, 3, 'ok: small-road'],
    [149, 4, 'breach: small-road'],
    [150, 4, 'ok: small-road'],
    [199, 5, 'breach: small-road'],
    // From 200 on it is the rate again: six of 200 are three in a hundred.
    [200, 6, 'ok'],
    [200, 7, 'breach'],
  ])('with %i lamps and %i out is %s', (expected, out, verdict) => {
    expect(judged(expected, out)).toBe(verdict);
  });

  it('is told only when no unknown lamp could change it', () => {
    expect(judged(50, 0, 2)).toBe('ok: small-road');
    expect(judged(50, 1, 2)).toBe('unknown: coverage');
    expect(judged(50, 3, 40)).toBe('breach: small-road');
  });

  it('is judged by its rate where the rule has no ladder, and so is every other group', () => {
    expect(judged(33, 2, 0, {})).toBe('breach');
    const town = judgeRate(rule({ smallRoads: LADDER }), { group: 'town', id: 'x' }, countOf(33, 31, 2), TOWN, true);
    expect(town.verdict).toBe('breach');
  });

  it('is idle by day', () => {
    const day = judgeRate(rule({ smallRoads: LADDER }), ROAD, countOf(0, 0, 0), TOWN, false);
    expect(day).toEqual({ verdict: 'idle', reason: 'daylight', isClear: false });
  });

  it.each([
    [
      [
        { upTo: 99, dark: 2 },
        { upTo: 99, dark: 3 },
      ],
    ],
    [
      [
        { upTo: 99, dark: 2 },
        { upTo: 149, dark: 1 },
      ],
    ],
    [[{ upTo: 2, dark: 2 }]],
  ])('is not judged by %j, which is no ladder', (smallRoads) => {
    const read = RatioRule.safeParse({ ...WRITTEN, smallRoads });
    expect(read.error?.issues.map(({ message }) => message).join()).toContain('the ladder goes up');
  });
});

describe('whatever the unknown lamps do', () => {
  const counts = fc
    .tuple(fc.nat(300), fc.nat(30), fc.nat(30), fc.nat(30))
    .map(([lit, out, first, second]) => ({ known: countOf(lit + out + first + second, lit, out), first, second }));

  it('the true rate lies within the bounds, and a verdict holds for it', () => {
    fc.assert(
      fc.property(counts, fc.constantFrom([], LADDER), ({ known, first, second }, smallRoads) => {
        const { low, high } = ratesOf(known);
        const truth = countOf(known.expected, known.lit + first, known.out + second);
        const rate = ratesOf(truth).low;
        if (rate === null) return expect([low, high]).toEqual([null, null]);
        expect(low).toBeLessThanOrEqual(rate);
        expect(high).toBeGreaterThanOrEqual(rate);
        const own = rule({ smallRoads });
        const { verdict } = judgeRate(own, ROAD, known, TOWN, true);
        if (verdict !== 'unknown') expect(judgeRate(own, ROAD, truth, TOWN, true).verdict).toBe(verdict);
      }),
    );
  });

  it('lamps that never reported only widen the interval, and decide nothing', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 50 }), ({ known }, more) => {
        if (known.expected === 0) return;
        const wider = { ...known, expected: known.expected + more, unknown: known.unknown + more };
        const [narrow, wide] = [ratesOf(known), ratesOf(wider)];
        expect(wide.low).toBeLessThanOrEqual(narrow.low as number);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high as number);
        const [before, after] = [known, wider].map((count) => verdictOf(count, 0.97, true).verdict);
        expect(['unknown', before]).toContain(after);
      }),
    );
  });
});
