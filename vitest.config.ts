import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/{http,scenario,browser,crash,servers,bench}/**'],
        },
      },
      {
        test: {
          name: 'unit-http',
          include: ['tests/http/**/*.test.ts'],
          // Its files share their modules: to load the HTTP library anew for each would take longer than its tests.
          isolate: false,
        },
      },
      {
        test: {
          name: 'scenario',
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
