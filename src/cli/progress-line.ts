/** Between two lines, ms: where they overwrite each other, and where they stay. */
const PACE = { terminal: 250, file: 10_000 };

/** Tells on standard error how far something is: how many rows, how fast, and how long it may take. */
export class ProgressLine {
  #what = '';
  #began = 0;
  /** How many there were of it when it began, here. */
  #first = 0;
  #shown = -Infinity;
  #isOpen = false;
  /** What was left out since the line that was shown last. */
  #unshown: (() => void) | null = null;

  /** `done` of `total` rows of `what`; a total of 0 is not known. */
  show(what: string, done: number, total: number): void {
    const now = performance.now();
    const isTerminal = process.stderr.isTTY === true;
    const print = () => {
      const rate = now > this.#began ? ((done - this.#first) / (now - this.#began)) * 1_000 : 0;
      const text = describeProgress(what, done, total, rate);
      process.stderr.write(isTerminal ? `\r\u001b[K${text}` : `${text}\n`);
      this.#isOpen = isTerminal;
      this.#unshown = null;
    };
    if (what !== this.#what) {
      this.end();
      [this.#what, this.#began, this.#first] = [what, now, done];
    } else if (now - this.#shown < (isTerminal ? PACE.terminal : PACE.file) && done !== total) {
      this.#unshown = print;
      return;
    }
    this.#shown = now;
    print();
  }

  /** Ends the line with what is the last of it, so that what comes next begins one. */
  end(): void {
    this.#unshown?.();
    if (this.#isOpen) process.stderr.write('\n');
    this.#isOpen = false;
    this.#what = '';
  }
}

/** `water-pressure: 1,200,000 of 5,000,000 rows, 80,000 rows/s, 0:48 left`; `rate` is rows a second, 0 where it is not known. */
export function describeProgress(what: string, done: number, total: number, rate: number): string {
  const number = (value: number) => Math.round(value).toLocaleString('en');
  const of = total > 0 ? ` of ${number(total)}` : '';
  if (rate < 1) return `${what}: ${number(done)}${of} rows`;
  const seconds = Math.ceil(Math.max(0, total - done) / rate);
  const left = total > done ? `, ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left` : '';
  return `${what}: ${number(done)}${of} rows, ${number(rate)} rows/s${left}`;
}
