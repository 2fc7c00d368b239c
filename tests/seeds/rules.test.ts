import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { testRules } from '../../src/offline.ts';

const { settings } = loadSettings({});
const tested = testRules(settings, join(packageRoot, 'seeds/lailong/rules.test.yaml'), () => performance.now());

it('every rule of the sample town does what its tests say', () => {
  expect(tested.problems).toEqual([]);
  const wrong = tested.outcomes.flatMap(({ rows }) => rows.filter(({ isRight }) => !isRight));
  expect(wrong).toEqual([]);
  expect(tested.outcomes.length).toBeGreaterThanOrEqual(14);
});

it('every rule of the sample town has a test', () => {
  expect(tested.untested).toEqual([]);
});
