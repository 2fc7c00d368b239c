import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: [
            'tests/{broker,cli,config,http,model,registry,scenario,browser,crash,servers,bench}/**',
            'tests/deploy/assembled/**',
          ],
        },
      },
      {
        test: {
          name: 'unit-shared',
          include: ['tests/{broker,cli,config,http,model,registry}/**/*.test.ts'],
          // These share their modules: to load fastify, zod and aedes anew for each file would take longer than its tests.
          isolate: false,
        },
      },
      {
        test: {
          name: 'scenario',
          // Most of these start the same service: its modules are loaded once. They wait more than they work: two at a time.
          isolate: false,
          maxWorkers: 2,
          include: ['tests/{scenario,browser}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['tests/servers/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'outages',
          include: ['tests/servers/outages/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'deploy',
          include: ['tests/deploy/assembled/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'crash',
          include: ['tests/crash/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
