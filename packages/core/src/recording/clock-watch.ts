/** A step of the clock larger than this is told; smaller ones are how clocks are kept right. */
const STEP_MS = 1_000;

/** Notices when the wall clock moved otherwise than time passed. */
export class ClockWatch {
  readonly #now: () => number;
  #offset: number;
  #steps = 0;

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#offset = now() - performance.now();
  }

  /** How often it stepped. */
  get steps(): number {
    return this.#steps;
  }

  /** Milliseconds by which the clock stepped since it was asked last, forward above 0; undefined where it did not. */
  check(): number | undefined {
    const offset = this.#now() - performance.now();
    const by = offset - this.#offset;
    this.#offset = offset;
    if (Math.abs(by) <= STEP_MS) return undefined;
    this.#steps++;
    return Math.round(by);
  }
}
