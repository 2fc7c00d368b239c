import { ApiFailure } from './api.ts';
import type { Polled } from './usePolling.ts';

/** Which parts of a picture could not be read at the last try. */
export interface Staleness<Part extends string> {
  failed: { part: Part; error: Error }[];
  /** Not even the service's own state can be had: nobody answers. */
  offline: boolean;
  /** When anything was last read, ms of this machine. */
  lastAt: number | null;
}

/** Sums up the state of a picture's parts, of which `ready` is the service's word on itself. */
export function stalenessOf<Part extends string>(
  picture: Record<Part | 'ready', Pick<Polled<unknown>, 'at' | 'error'>>,
): Staleness<Part | 'ready'> {
  const parts = Object.keys(picture) as (Part | 'ready')[];
  const failed = parts.flatMap((part) => {
    const { error } = picture[part];
    return error === null ? [] : [{ part, error }];
  });
  const times = parts.map((part) => picture[part].at).filter((at) => at !== null);
  const { error } = picture.ready;
  return {
    failed,
    offline: error !== null && !(error instanceof ApiFailure && error.status !== null),
    lastAt: times.length === 0 ? null : Math.max(...times),
  };
}
