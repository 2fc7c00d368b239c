import { vi } from 'vitest';
import { run } from '../../../src/cli/program.ts';

/** What came of a command. */
export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** Does what is typed after `townpulse`, in this process; `env` is all of Townpulse's environment that it sees. */
export async function typed(words: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const outcome: Outcome = { code: 0, out: '', err: '' };
  const line = (to: 'out' | 'err') => (text: unknown) => {
    outcome[to] += `${String(text)}\n`;
  };
  const chunk = (to: 'out' | 'err') => (text: unknown) => {
    outcome[to] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(line('out')),
    vi.spyOn(console, 'error').mockImplementation(line('err')),
    vi.spyOn(process.stdout, 'write').mockImplementation(chunk('out') as never),
    vi.spyOn(process.stderr, 'write').mockImplementation(chunk('err') as never),
  ];
  for (const name of Object.keys(process.env)) if (/^(?:TOWNPULSE|INFLUX)_/.test(name)) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    outcome.code = await run(words);
  } finally {
    process.exitCode = undefined;
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
  return outcome;
}
