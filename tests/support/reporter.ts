import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed` (and `, N skipped`) alone on the last line, for people and for CI; before it what was
 * skipped for want of something, as its suite's name says in parentheses.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let skipped = 0;
    let failed = errors.length;
    const absent = new Set<string>();
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const { name, options } of module.children.allSuites()) {
        const reason = /\w[\w. ]* \(.*\)$/.exec(name)?.[0];
        if (options.mode === 'skip' && reason !== undefined) absent.add(reason);
      }
      for (const test of tests) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'skipped') skipped++;
        else failed++;
      }
      // A file or suite that broke before its tests ran has no failed test of its own.
      if (!module.ok() && tests.every((test) => test.result().state !== 'failed')) failed++;
    }
    // Printed after every other reporter has had its say.
    process.once('exit', () => {
      for (const name of absent) console.log(`skipped: ${name}`);
      console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    });
  }
}
