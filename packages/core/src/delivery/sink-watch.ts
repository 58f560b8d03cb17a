/**
 * `well`: the sink takes events. `slow`: it has been busy with one write for too long. `failing`: its last write failed. `stopped`: the
 * log gives it nothing more.
 */
export type SinkState = "well" | "slow" | "failing" | "stopped";

/** `stored`: a write ended well. `failed`: a write was rejected. `silent`: a write has been open for too long. `stop`: the log closes. */
export type SinkSignal = "stored" | "failed" | "silent" | "stop";

const NEXT: Readonly<Record<SinkState, Readonly<Record<SinkSignal, SinkState>>>> = {
  well: { stored: "well", failed: "failing", silent: "slow", stop: "stopped" },
  slow: { stored: "well", failed: "failing", silent: "slow", stop: "stopped" },
  failing: { stored: "well", failed: "failing", silent: "failing", stop: "stopped" },
  stopped: { stored: "stopped", failed: "stopped", silent: "stopped", stop: "stopped" },
};

/** The state of a sink after a signal. */
export const nextSinkState = (state: SinkState, signal: SinkSignal): SinkState => NEXT[state][signal];

export interface SinkWatchOptions {
  /** A write open for this many milliseconds makes the sink slow; undefined: no write does. */
  readonly patienceMs: number | undefined;
  /** Called once when the sink becomes slow, with the milliseconds its write has been open. */
  readonly onSlow: (ms: number) => void;
}

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1_000;

/** Watches the writes of one sink: keeps its state, notices a silent write, and waits between attempts. */
export class SinkWatch {
  readonly #options: SinkWatchOptions;
  #state: SinkState = "well";
  /** When the open write began, in milliseconds of a clock that never jumps. */
  #busySince: number | undefined;
  #patience: NodeJS.Timeout | undefined;
  #failures = 0;
  #wake: (() => void) | undefined;

  constructor(options: SinkWatchOptions) {
    this.#options = options;
  }

  get state(): SinkState {
    return this.#state;
  }

  /** The sink takes no events now: spoolable ones go to the spool. */
  get unavailable(): boolean {
    return this.#state === "slow" || this.#state === "failing";
  }

  get stopped(): boolean {
    return this.#state === "stopped";
  }

  /** A write begins. */
  begin(): void {
    const { patienceMs } = this.#options;
    if (patienceMs === undefined) return;
    this.#busySince = performance.now();
    this.#patience ??= this.#patienceTimer(patienceMs, patienceMs);
  }

  /** The open write ended, whatever its result. */
  end(): void {
    this.#busySince = undefined;
  }

  stored(): void {
    this.#failures = 0;
    this.#signal("stored");
  }

  /** Returns true for the first failure after a success. */
  failed(): boolean {
    this.#signal("failed");
    return this.#failures++ === 0;
  }

  /** The sink has taken nothing for `ms` milliseconds. */
  silent(ms: number): void {
    if (this.#state !== "well") return;
    this.#signal("silent");
    this.#options.onSlow(ms);
  }

  /** Waits before the next attempt: 20 ms after the first failure, doubled up to 1 s. `stop` ends it. */
  async backOff(): Promise<void> {
    const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10));
    await new Promise<void>((resolve) => {
      // The timer must not keep a process alive: its exit writes or spools what is queued.
      const timer = setTimeout(resolve, delay).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  stop(): void {
    this.#signal("stop");
    clearTimeout(this.#patience);
    this.#wake?.();
  }

  #signal(signal: SinkSignal): void {
    this.#state = nextSinkState(this.#state, signal);
  }

  #patienceTimer(ms: number, patienceMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#patience = undefined;
      if (this.#busySince === undefined || this.#state !== "well") return;
      const busy = performance.now() - this.#busySince;
      if (patienceMs - busy > 1) this.#patience = this.#patienceTimer(patienceMs - busy, patienceMs);
      else this.silent(busy);
    }, ms).unref();
  }
}
