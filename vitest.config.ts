import { defineConfig } from 'vitest/config';

/** Files at a time; what belongs to one phase must agree on it. The slow ones wait more than they work. */
const TWO = { maxWorkers: 2 };
const ONE = { maxWorkers: 1, fileParallelism: false };
/** A unit takes milliseconds; what is waited for is a busy machine. */
const PATIENT = { testTimeout: 30_000, hookTimeout: 30_000 };
/** They take long, and no short run misses them: whole stores, months of rows, days of town time, one store beside another. */
const LONG = [
  'tests/history/{duckdb-copy,duckdb-rollups,duckdb-sealing,transfer}.test.ts',
  'tests/history/import/importer.test.ts',
  'tests/rules/lighting-past.test.ts',
  'tests/{rules,cli/rules}/replay{/replay,}.test.ts',
  'tests/rules/{crash-and-order,year}.test.ts',
  'tests/servers/{compliance-differential,differential,history-copy,history-rollups}.test.ts',
  'tests/simulators/quiet-days.test.ts',
];
/** The phases of a run, one after the other. */
const phase = (groupOrder: number) => ({ sequence: { groupOrder } });

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          ...TWO,
          ...PATIENT,
          ...phase(0),
          include: ['tests/**/*.test.ts'],
          exclude: [
            'tests/{broker,cli,config,http,model,registry,scenario,browser,crash,servers,bench}/**',
            'tests/deploy/assembled/**',
            'tests/dashboards/schema.test.ts',
            ...LONG,
          ],
        },
      },
      {
        test: {
          name: 'unit-shared',
          ...TWO,
          ...PATIENT,
          ...phase(0),
          include: ['tests/{broker,cli,config,http,model,registry}/**/*.test.ts'],
          exclude: LONG,
          // These share their modules: to load fastify, zod and aedes anew for each file would take longer than its tests.
          isolate: false,
        },
      },
      {
        test: {
          name: 'scenario',
          ...TWO,
          ...phase(1),
          // Most of these start the same service: its modules are loaded once.
          isolate: false,
          include: ['tests/{scenario,browser}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'servers',
          ...TWO,
          ...phase(2),
          include: ['tests/servers/*.test.ts'],
          exclude: LONG,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'long',
          ...TWO,
          ...phase(7),
          include: [...LONG, 'tests/rules/reference.test.ts'],
          // A short run has fewer of them.
          env: { TOWNS: '1000' },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'outages',
          ...ONE,
          ...phase(3),
          include: ['tests/servers/outages/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'boards',
          ...ONE,
          ...phase(4),
          include: ['tests/dashboards/schema.test.ts', 'tests/servers/boards/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'deploy',
          ...ONE,
          ...phase(5),
          include: ['tests/deploy/assembled/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'crash',
          ...ONE,
          ...phase(6),
          include: ['tests/crash/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
