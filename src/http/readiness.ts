/** Whether the service takes readings, and how each part is: `ok`, or why not. */
export interface Readiness {
  ready: boolean;
  checks: Record<string, string>;
}

/** How the parts are. */
export interface PartsNow {
  phase: 'starting' | 'running' | 'stopping';
  /** Why no reading is taken, or null. */
  paused: string | null;
  history: { state: 'up' | 'down' | 'slow'; error: string | null };
  rulesError: string | null;
  /** Town seconds a second of a trial clock, or null. */
  speed: number | null;
  /** How far the demo is, or null. */
  demo: string | null;
}

/** What `/readyz` says: an outage of the history does not make the service unready, a full journal does. */
export function readinessOf({ phase, paused, history, rulesError, speed, demo }: PartsNow): Readiness {
  const { state, error } = history;
  const checks: Record<string, string> = {
    journal: paused ?? 'ok',
    history: state === 'up' ? 'ok' : state === 'slow' ? 'slow: a commit takes more than 5 s' : `down: ${error}`,
    rules: rulesError ?? 'ok',
  };
  if (phase !== 'running') checks.service = phase;
  if (speed !== null) checks.clock = `trial clock, speed ${speed}`;
  if (demo !== null) checks.demo = demo;
  return { ready: phase === 'running' && paused === null, checks };
}
