import { useSyncExternalStore } from 'react';
import { session } from './api.ts';
import type { Standing } from './session.ts';

/** How the page stands with the service, followed. */
export function useStanding(): Standing {
  return useSyncExternalStore(session.subscribe, session.standing);
}
