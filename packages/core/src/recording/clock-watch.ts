/** Larger steps of the clock are reported, in milliseconds. Smaller ones are ordinary corrections. */
const STEP_MS = 1_000;

/** Compares the wall clock with a clock that never jumps, and notices steps. */
export class ClockWatch {
  readonly #now: () => number;
  #offset: number;
  #steps = 0;

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#offset = now() - performance.now();
  }

  /** Number of steps so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Returns the milliseconds by which the clock stepped since the last call, positive if forward; undefined if it did not step. */
  check(): number | undefined {
    const offset = this.#now() - performance.now();
    const by = offset - this.#offset;
    this.#offset = offset;
    if (Math.abs(by) <= STEP_MS) return undefined;
    this.#steps++;
    return Math.round(by);
  }
}
