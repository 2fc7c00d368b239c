import type { Logger } from '../../../src/kernel/logger.ts';

/** A line of a log. */
export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  fields: Record<string, unknown>;
  message: string;
}

/** A log that a test reads afterwards. */
export class KeptLog implements Logger {
  readonly lines: LogLine[];
  readonly #fields: object;

  constructor(lines: LogLine[] = [], fields: object = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(): void {
    // Nobody asks for them, and a flood of bad messages writes very many.
  }

  info(fields: object, message: string): void {
    this.#keep('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#keep('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#keep('error', fields, message);
  }

  child(fields: object): Logger {
    return new KeptLog(this.lines, { ...this.#fields, ...fields });
  }

  /** The lines that say this. */
  saying(message: string): LogLine[] {
    return this.lines.filter((line) => line.message.includes(message));
  }

  #keep(level: LogLine['level'], fields: object, message: string): void {
    this.lines.push({ level, fields: { ...this.#fields, ...fields }, message });
  }
}
