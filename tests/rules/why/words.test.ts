import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/kernel/package-root.ts';
import { durationWords, moveWords, reasonWords } from '../../../src/rules/why/words.ts';

describe('words', () => {
  it('there are for every reason that a verdict has anywhere in the rules, in both languages', () => {
    const folder = join(packageRoot, 'src/rules');
    const found = readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [
        ...readFileSync(join(folder, name), 'utf8').matchAll(/verdict: '[a-z]+'(?: as const)?, reason: '([a-z-]+)'/g),
      ])
      .map(([, reason = '']) => reason);
    const reasons = [
      ...new Set([...found, 'small-road', 'transition', 'coverage', 'lamp-plan', 'daylight', 'keeps-firing']),
    ];
    expect(reasons.length).toBeGreaterThan(15);
    for (const reason of reasons) {
      const { zh, en } = reasonWords(reason);
      expect([reason, /[\u4e00-\u9fff]/.test(zh), en.includes(' ')]).toEqual([reason, true, true]);
    }
  });

  it('there are for every reason that an alert moves by', () => {
    const folder = join(packageRoot, 'src/rules');
    const found = readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [
        ...readFileSync(join(folder, name), 'utf8').matchAll(
          /(?:begin|resolve|vanish|close|fire)\([^;]*?'([a-z]+(?:-[a-z]+)*)',?\s*\);|reason: '([a-z-]+)', step/g,
        ),
      ])
      .map(([, ended, said]) => ended ?? said ?? '');
    expect(found).toEqual(
      expect.arrayContaining(['condition', 'cleared', 'heard', 'late', 'rule-removed', 'reworded']),
    );
    for (const reason of new Set(found))
      expect([reason, /[\u4e00-\u9fff]/.test(moveWords(reason).zh)]).toEqual([reason, true]);
  });

  it.each([
    [0, '0 s'],
    [235_000, '3 min 55 s'],
    [900_000, '15 min'],
    [90_061_000, '1 d 1 h'],
  ])('%i ms are %s', (ms, words) => {
    expect(durationWords(ms).en).toBe(words);
  });
});
