import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { messageOf } from '../../kernel/errors.ts';
import { type Finding, fine, wrong } from './finding.ts';

/** A port that Townpulse listens on. */
export interface Door {
  name: string;
  port: number;
  variable: string;
}

/** Whether a service that starts now gets its ports, or the one that runs has them. */
export async function checkPorts(host: string, doors: readonly Door[], running: boolean): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const door of doors) {
    if (door.port === 0) findings.push(fine('ports', `${door.name} takes a free port`));
    else findings.push(running ? await checkTaken(host, door) : await checkFree(host, door));
  }
  return findings;
}

async function checkFree(host: string, { name, port, variable }: Door): Promise<Finding> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return fine('ports', `${name}: port ${port} on ${host} is free`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      const todo = `stop what listens there (ss -ltnp 'sport = :${port}'), or set ${variable} to another`;
      return wrong('ports', `${name}: port ${port} on ${host} is taken by another program`, todo);
    }
    const todo =
      code === 'EACCES' ? `set ${variable} to a port from 1024 on` : 'set TOWNPULSE_HOST to an address of this machine';
    return wrong('ports', `${name}: nothing can listen on ${host}, port ${port} (${messageOf(error)})`, todo);
  } finally {
    server.close();
  }
}

async function checkTaken(host: string, { name, port }: Door): Promise<Finding> {
  const socket = connect({ host: reachable(host), port, timeout: 3_000 });
  try {
    await Promise.race([
      once(socket, 'connect'),
      once(socket, 'timeout').then(() => Promise.reject(new Error('no answer'))),
    ]);
    return fine('ports', `${name}: port ${port} on ${host} answers`);
  } catch (error) {
    const todo = 'these settings are not those that it was started with, or it hangs: look at its log';
    return wrong(
      'ports',
      `${name}: townpulse runs, but port ${port} on ${host} does not answer (${messageOf(error)})`,
      todo,
    );
  } finally {
    socket.destroy();
  }
}

/** An address that can be connected to, where `host` is any of this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
