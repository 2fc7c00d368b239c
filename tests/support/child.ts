import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Resolves with how a process ended: its exit code or its signal. */
export async function ended(child: ChildProcess): Promise<number | NodeJS.Signals> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? (child.signalCode as NodeJS.Signals);
}

/** CPU time that a process has taken with all its threads, s. */
export function cpuSeconds(pid: number): number {
  // The name in parentheses may hold anything; utime and stime are fields 14 and 15, in ticks of 10 ms (proc(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Memory that a process holds right now, bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`process ${pid} has no memory: it is gone`);
  return Number(match[1]) * 1024;
}
