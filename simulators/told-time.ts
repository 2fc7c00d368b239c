import type { Clock } from '../src/kernel/clock.ts';

/** A clock's answer: where it stands (ms of town time), and how many town seconds it makes of a real one. */
export interface Told {
  now: number;
  speed: number;
}

/** Town time as a service tells it now and then; in between it goes on by itself. It follows wherever it is told. */
export class ToldTime {
  readonly #real: Pick<Clock, 'now'>;
  #told: Told;
  #toldAt: number;

  constructor(real: Pick<Clock, 'now'>, told: Told) {
    this.#real = real;
    this.#told = told;
    this.#toldAt = real.now();
  }

  now(): number {
    return this.#told.now + Math.floor((this.#real.now() - this.#toldAt) * this.#told.speed);
  }

  tell(told: Told): void {
    this.#told = told;
    this.#toldAt = this.#real.now();
  }
}
