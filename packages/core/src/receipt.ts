import type { DaybookError } from "./daybook-error.ts";

/** What `audit.record` hands back at once. */
export interface Receipt {
  /** Id of the event. */
  readonly id: string;
  /**
   * Settles when the record is durable in a required sink, with nothing; rejects with a `DaybookError` if it never will be. Not
   * looking at it is fine: no unhandled rejection is made.
   */
  readonly stored: Promise<void>;
}

type Listener = (error: DaybookError | undefined) => void;

/** The promise is made when somebody asks for it: most records are never waited for. */
export class PendingReceipt implements Receipt {
  readonly id: string;
  #settled = false;
  #error: DaybookError | undefined;
  #listeners: Listener[] | undefined;
  #promise: Promise<void> | undefined;

  constructor(id: string) {
    this.id = id;
  }

  get stored(): Promise<void> {
    if (this.#promise === undefined) {
      this.#promise = new Promise((resolve, reject) => this.whenSettled((error) => (error === undefined ? resolve() : reject(error))));
      // The reporter of the audit log has told about the failure; a receipt nobody awaits must not end the process.
      this.#promise.catch(() => undefined);
    }
    return this.#promise;
  }

  get settled(): boolean {
    return this.#settled;
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
}
