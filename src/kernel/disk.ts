import { statfsSync } from 'node:fs';

/** Bytes that the disk under `directory` has left for this user. */
export function freeBytesOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
