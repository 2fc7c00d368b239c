import type { ErrorCode, Problem } from '../src/kernel/errors.ts';
import type { Fault, FaultKind, FaultRequest } from './faults.ts';
import type { FleetTotals } from './fleet.ts';

/**
 * What the service and a simulator in a worker thread say to each other. All instants are ms of town time.
 *
 * ```
 * service                                    simulator
 *   start ────────────────────────────────────▶  connects
 *         ◀──────────────────────────────── connected
 *         ◀──────────────────────────── step {to}        ⎫ until backfillUntil: each step when
 *   steps its clock, now {now} ───────────────▶ publishes ⎬ the last one's readings are acknowledged
 *         ◀──────────────────────────────── caught-up    ⎭
 *   lets its clock run, run {now, speed} ─────▶  its own clock runs from there
 * ```
 *
 * `fault` may be asked at any time, and is answered by `fault-answer` with the same number.
 */
export type ToSimulator =
  | StartMessage
  | { type: 'now'; now: number }
  | { type: 'run'; now: number; speed: number }
  | { type: 'fault'; number: number; call: FaultCall }
  | { type: 'stop' };

export interface StartMessage {
  type: 'start';
  /** `mqtt://HOST:PORT` */
  url: string;
  /** The folder of town.yaml and devices.csv. */
  townFolder: string;
  /** The folder of the kinds. */
  devicesFolder: string;
  /** Device id -> secret; a device without one is left out. */
  secrets: Record<string, string>;
  seed: number;
  /** Where the town's clock stands. */
  now: number;
  /** History is made from `now` to here, a minute a step; null when there is none to make. */
  backfillUntil: number | null;
}

/** A call of the fault desk. */
export type FaultCall =
  | { do: 'kinds' }
  | { do: 'list' }
  | { do: 'start'; request: FaultRequest }
  | { do: 'stop'; id: string };

/** What each call of the fault desk gives. */
export interface FaultAnswers {
  kinds: FaultKind[];
  list: Fault[];
  start: Fault;
  stop: Fault;
}

export type FromSimulator =
  | { type: 'connected'; connected: number; devices: number; refused: string[] }
  | { type: 'step'; to: number }
  | { type: 'caught-up' }
  | { type: 'fault-answer'; number: number; value: FaultAnswers[keyof FaultAnswers] }
  | { type: 'fault-error'; number: number; error: PlainError }
  | { type: 'failed'; error: PlainError }
  | { type: 'stopped'; totals: FleetTotals };

/** A TownError on its way between threads. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  problems: readonly Problem[];
}

/** The end of a channel as both a worker and its parent have it. */
export interface Port<In, Out> {
  on(event: 'message', hear: (message: In) => void): unknown;
  postMessage(message: Out): void;
}
