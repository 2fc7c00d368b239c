/**
 * How long to wait before each new try: twice as long each time, from `first` to `most` ms. Half of a wait is chance, so
 * that those who failed together do not come back together.
 */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;
  #step: number;

  /** `random` gives numbers from 0 inclusive to 1 exclusive. */
  constructor(first: number, most: number, random: () => number = Math.random) {
    this.#first = first;
    this.#most = most;
    this.#random = random;
    this.#step = first;
  }

  /** The wait before the next try, ms. */
  next(): number {
    const wait = this.#step / 2 + (this.#random() * this.#step) / 2;
    this.#step = Math.min(this.#most, this.#step * 2);
    return wait;
  }

  /** A try has succeeded: the next failure begins with a short wait again. */
  reset(): void {
    this.#step = this.#first;
  }
}
