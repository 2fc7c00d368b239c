import type { AlertState } from '../model/alert.ts';

/**
 * Every move an alert may make: from which state, by which move, to which state. `null`: there was no alert. A move that is
 * not in the table does not compile.
 */
export const MOVES = {
  pending: { fire: 'firing', vanish: null },
  firing: { acknowledge: 'acknowledged', repair: 'repaired', resolve: 'resolved', close: 'closed' },
  acknowledged: { repair: 'repaired', resolve: 'resolved', close: 'closed' },
  repaired: { return: 'acknowledged', resolve: 'resolved', close: 'closed' },
  resolved: {},
  closed: {},
} as const satisfies Record<AlertState, Record<string, AlertState | null>>;

/** States in which something is still to come. */
export type RunningState = { [S in AlertState]: keyof (typeof MOVES)[S] extends never ? never : S }[AlertState];
/** *Open* = firing, acknowledged or repaired. */
export type OpenState = Exclude<RunningState, 'pending'>;

/** Where a move leads. */
export function moved<S extends AlertState, M extends keyof (typeof MOVES)[S]>(from: S, move: M): (typeof MOVES)[S][M] {
  return MOVES[from][move];
}

/** Whether something is still to come in this state. */
export function isRunning(state: AlertState): state is RunningState {
  return Object.keys(MOVES[state]).length > 0;
}

/** Whether an alert in this state is open. */
export function isOpen(state: AlertState): state is OpenState {
  return isRunning(state) && state !== 'pending';
}
