import type { Receipt } from "../contracts/receipt.ts";
import { DaybookError } from "../daybook-error.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";

type Listener = (error: DaybookError | undefined) => void;

/** The receipt of a record. It makes its promise on first use: most callers never await one. */
export class PendingReceipt implements Receipt {
  readonly id: string;
  /** Failure policy of the event: decides what happens to a request whose receipt rejects. */
  policy: FailurePolicy = "block";
  readonly #deadlineMs: number;
  readonly #awaited: () => void;
  #settled = false;
  #error: DaybookError | undefined;
  #listeners: Listener[] | undefined;
  #promise: Promise<void> | undefined;

  /**
   * @param deadlineMs longest time for which `stored` stays pending after its first use
   * @param awaited called at the first use of `stored`, if the event is still queued
   */
  constructor(id: string, deadlineMs: number, awaited: () => void) {
    this.id = id;
    this.#deadlineMs = deadlineMs;
    this.#awaited = awaited;
  }

  get stored(): Promise<void> {
    if (this.#promise === undefined) {
      this.#promise = this.#wait();
      // The audit log reports the failure. A receipt that no caller awaits must not end the process.
      this.#promise.catch(() => undefined);
    }
    return this.#promise;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** The receipt settled without an error. */
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
    this.#awaited();
    return new Promise((resolve, reject) => {
      // A caller awaits the promise, so the timer keeps the process alive.
      const timer = setTimeout(() => {
        reject(
          new DaybookError(
            "SINK_TIMEOUT",
            `The event was not stored within ${this.#deadlineMs} ms; it is still queued and may be stored later.`,
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
