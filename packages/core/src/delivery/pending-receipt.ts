import type { Receipt } from "../contracts/receipt.ts";
import { DaybookError } from "../daybook-error.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";

type Listener = (error: DaybookError | undefined) => void;

/** The promise is made when somebody asks for it: most records are never waited for. */
export class PendingReceipt implements Receipt {
  readonly id: string;
  /** What happens to a request that waits, if this fails. */
  policy: FailurePolicy = "block";
  readonly #deadlineMs: number;
  #settled = false;
  #error: DaybookError | undefined;
  #listeners: Listener[] | undefined;
  #promise: Promise<void> | undefined;

  /** @param deadlineMs longest time `stored` may stay open once somebody looks at it */
  constructor(id: string, deadlineMs: number) {
    this.id = id;
    this.#deadlineMs = deadlineMs;
  }

  get stored(): Promise<void> {
    if (this.#promise === undefined) {
      this.#promise = this.#wait();
      // The reporter of the audit log has told about the failure; a receipt nobody awaits must not end the process.
      this.#promise.catch(() => undefined);
    }
    return this.#promise;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Settled, and well. */
  get persisted(): boolean {
    return this.#settled && this.#error === undefined;
  }

  whenSettled(listener: Listener): void {
    if (this.#settled) listener(this.#error);
    else if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  settle(error?: DaybookError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#error = error;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener(error);
  }

  #wait(): Promise<void> {
    if (this.#settled) return this.#error === undefined ? Promise.resolve() : Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      // Somebody waits, so the timer keeps the process alive.
      const timer = setTimeout(() => {
        reject(
          new DaybookError(
            "SINK_TIMEOUT",
            `The event was not stored within ${this.#deadlineMs} ms; it still waits, and may be stored later.`,
          ),
        );
      }, this.#deadlineMs + 100);
      this.whenSettled((error) => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }
}
