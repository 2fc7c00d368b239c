#!/usr/bin/env node
try {
  process.cwd();
} catch {
  // What is loaded below asks for it as well, and would end with a stack trace.
  console.error('townpulse: the folder that this was started in is gone: change to another one');
  process.exit(2);
}
const { run } = await import('./program.ts');

const code = await run(process.argv.slice(2));
if (code !== 0) process.exit(code);
