import { describe, expect, it } from 'vitest';
import { RatioRule } from '../../../src/model/rule.ts';
import type { Engine } from '../../../src/rules/engine.ts';
import { tallyOf } from '../../../src/rules/lamp-state.ts';
import { judgeRate } from '../../../src/rules/lamp-target.ts';
import type { GroupCount } from '../../../src/rules/lighting.ts';
import { rateSays } from '../../../src/rules/why/rates.ts';
import { TOWN } from '../support/town.ts';

const rule = RatioRule.parse({
  ...{ id: 'rate', type: 'ratio', kind: 'lighting-controller', name: { zh: '率', en: 'Rate' }, severity: 'major' },
  ...{ part: 'lamps lit', whole: 'lamps expected', groupBy: ['road'], target: 0.97, clear: 0.975 },
  ...{ targets: { main: 0.98 }, smallRoads: [{ upTo: 50, dark: 2 }] },
});
const engine = { roster: { town: TOWN }, deadNodes: () => new Map() } as unknown as Engine;

function road(expected: number, lit: number, maintained: number): GroupCount {
  const tally = { ...tallyOf(expected, lit, expected - lit), maintained };
  return { group: 'road', id: 'avenue', ...tally, recorded: tally, version: 1, devices: new Map() };
}

describe('what ends a low rate', () => {
  it.each([
    { expected: 1_000, lit: 985, maintained: 0, text: 'low >= 0.985', holds: true },
    { expected: 1_000, lit: 984, maintained: 0, text: 'low >= 0.985', holds: false },
    { expected: 900, lit: 900, maintained: 100, text: 'lit / (expected + maintained) >= 0.985', holds: false },
    { expected: 50, lit: 48, maintained: 0, text: 'out + unknown <= dark', holds: true },
    { expected: 40, lit: 40, maintained: 10, text: 'out + unknown + maintained <= dark', holds: false },
  ])(
    'is asked as the rule judges it: $text of $lit of $expected, $maintained worked on',
    ({ text, holds, ...lamps }) => {
      const count = road(lamps.expected, lamps.lit, lamps.maintained);
      expect(rateSays(engine, rule, count, 'ok').clear).toMatchObject({ text, holds });
      expect(judgeRate(rule, count, count, TOWN, true).isClear).toBe(holds);
    },
  );
});
