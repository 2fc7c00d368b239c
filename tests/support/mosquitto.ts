import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended } from './child.ts';
import { freePort, reachable } from './port.ts';

const PROGRAMS = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/usr/local/sbin/mosquitto'];

/** A mosquitto of our own that lets anybody in, keeps nothing and throws nothing away. */
export interface Mosquitto {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** Starts it on a free port. @throws Error when it is not installed */
export async function startMosquitto(): Promise<Mosquitto> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (program === undefined) throw new Error('mosquitto is not installed: run `npm run servers` first');
  const folder = mkdtempSync(join(tmpdir(), 'townpulse-mosquitto-'));
  const port = await freePort();
  const settings = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    // With the defaults a burst that was acknowledged may be dropped behind the acknowledgement.
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'set_tcp_nodelay true',
    'log_dest none',
  ];
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `${settings.join('\n')}\n`);
  const child: ChildProcess = spawn(program, ['-c', file], { stdio: 'ignore' });
  await reachable(port, child, 'mosquitto');
  return {
    port,
    pid: child.pid as number,
    stop: async () => {
      child.kill('SIGTERM');
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
