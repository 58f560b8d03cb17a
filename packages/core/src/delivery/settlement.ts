import type { DaybookError } from "../daybook-error.ts";
import type { PendingReceipt } from "./pending-receipt.ts";

/** A delivery that stored an event, or gave it up. */
export interface Settler {
  readonly required: boolean;
}

/** Combines the results of the sinks of one event: the first required sink that has it settles the receipt well. */
export class Settlement {
  readonly #receipt: PendingReceipt;
  /** Required sinks that have not failed yet. */
  #left: number;
  #failed: Settler[] | undefined;

  constructor(receipt: PendingReceipt, required: number) {
    this.#receipt = receipt;
    this.#left = required;
  }

  /** A required sink, or the spool, has the event. */
  get persisted(): boolean {
    return this.#receipt.persisted;
  }

  /** The receipt fails when all required sinks have. */
  settle(by: Settler, error?: DaybookError): void {
    if (!by.required) return;
    if (error === undefined) {
      this.#receipt.settle();
      return;
    }
    if (this.#failed?.includes(by)) return;
    this.#failed = [...(this.#failed ?? []), by];
    if (--this.#left === 0) this.#receipt.settle(error);
  }
}
