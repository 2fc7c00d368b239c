import { existsSync } from 'node:fs';

/** strace, so that the program under it keeps the pid that was started. */
function strace(...options: string[]): string[] {
  if (!existsSync('/usr/bin/strace')) throw new Error('strace is not installed: run `npm run servers` first');
  return ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...options];
}

/** Runs a program so that every `call` takes `ms` longer, before it does anything. */
export function slowedAtCall(call: string, ms: number): string[] {
  const injection = `inject=${call}:delay_enter=${ms * 1_000}`;
  return strace('--seccomp-bpf', '-e', `trace=${call}`, '-e', injection);
}

/** Runs a program so that SIGKILL meets it as one of its threads makes `call` for the `nth` time. */
export function killedAtCall(call: string, nth: number): string[] {
  // With --seccomp-bpf strace 6.1 sends no signal.
  return strace('-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${nth}`);
}
