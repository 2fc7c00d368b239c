import { pino } from 'pino';

/** What a part of the house writes its log with: pino's shape, so that fields come first and the sentence second. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to each line. */
  child(fields: object): Logger;
}

/** A logger of JSON lines on standard error; secrets by these names never reach it. */
export function createLogger(level: string): Logger {
  return pino(
    { level, base: null, redact: ['secret', 'password', 'token', '*.secret', '*.password', '*.token'] },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** A logger that keeps quiet, for tests and libraries. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
