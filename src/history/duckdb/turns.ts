/** Lets one at a time through, in the order of asking; none is held up by one that fails. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs once those before it are through. */
  take<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
