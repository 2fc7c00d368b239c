/**
 * Every error that a person or a program outside may meet, by code. `retryable` says whether the same call may succeed
 * later without anybody changing anything. `http/problem.ts` alone maps codes to HTTP status.
 */
export const ERRORS = {
  'config-invalid': { title: 'The configuration is wrong', retryable: false },
  'rulebook-invalid': { title: 'The rulebook is wrong', retryable: false },
  'town-invalid': { title: "The town's folder is wrong", retryable: false },
  'data-dir-locked': { title: 'Another process holds the data directory', retryable: false },
  'data-dir-unusable': { title: 'The data directory cannot be used', retryable: false },
  'data-newer': { title: 'The data were written by a newer version', retryable: false },
  'clock-mismatch': { title: 'The data directory belongs to another clock', retryable: false },
  'port-in-use': { title: 'A port is already in use', retryable: false },
  'kind-changed': { title: 'A kind changed a type or a unit', retryable: false },
  invalid: { title: 'The request does not fit its schema', retryable: false },
  unauthorized: { title: 'Authentication is needed', retryable: false },
  forbidden: { title: 'Not allowed', retryable: false },
  'not-found': { title: 'No such thing', retryable: false },
  conflict: { title: 'It exists already, or its state does not allow it', retryable: false },
  unavailable: { title: 'A part of the service is not available now', retryable: true },
  'journal-full': { title: 'The journal is full', retryable: true },
  internal: { title: 'Something unexpected happened', retryable: false },
} as const;

/** A code of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** One thing that is wrong with an input: where (`attributes.minPressure`, `rules.yaml:12:7`), and what to do. */
export interface Problem {
  path: string;
  message: string;
}

/** An error with a code of the table, a sentence that says what happened, where and what to do, and its parts. */
export class TownError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, options: { problems?: readonly Problem[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TownError';
    this.code = code;
    this.problems = options.problems ?? [];
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
