/** Width of a slot, ms: about a tick. */
const SLOT = 5_000;

/**
 * When what has to be looked at again, so that a tick costs what may have changed and not what there is. A look may come up to
 * a slot too early, never too late: who finds nothing puts it down again.
 */
export class Agenda<T> {
  readonly #slots = new Map<number, T[]>();
  #passed = Number.NEGATIVE_INFINITY;

  /** `item` has to be looked at from `at` (ms) on; never, where that is infinite. */
  add(item: T, at: number): void {
    if (at === Number.POSITIVE_INFINITY) return;
    const slot = Math.max(Math.floor(at / SLOT), this.#passed);
    const known = this.#slots.get(slot);
    if (known === undefined) this.#slots.set(slot, [item]);
    else known.push(item);
  }

  /** What has to be looked at by `at` (ms), taken off, in no order. */
  due(at: number): T[] {
    const now = Math.floor(at / SLOT);
    const found: T[] = [];
    for (const [slot, items] of this.#slots) {
      if (slot > now) continue;
      for (const item of items) found.push(item);
      this.#slots.delete(slot);
    }
    this.#passed = now;
    return found;
  }
}
