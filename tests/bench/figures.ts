import { cpus, release, totalmem } from 'node:os';

/** The machine as a report names it. */
export function machine(): string {
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory} GiB, Linux ${release()}, Node ${process.version}`;
}

/** The middle one, or the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** A whole number as people write it. */
export function rounded(figure: number): string {
  return Math.round(figure).toLocaleString('en');
}

/** Says whether a target is met; one that is missed makes the process end with exit code 1. */
export function verdict<T>(figure: T | null, met: (figure: T) => boolean, target: string): string {
  if (figure === null) return '';
  if (met(figure)) return `met (${target})`;
  process.exitCode = 1;
  return `MISSED (${target})`;
}
