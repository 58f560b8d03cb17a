import type { DaybookError } from "../daybook-error.ts";
import type { Deliverer } from "./delivered.ts";
import type { PendingReceipt } from "./pending-receipt.ts";

/** What the sinks of one event say together: the first required one that has it settles the receipt well. */
export class Settlement {
  readonly #receipt: PendingReceipt;
  /** Required sinks that have not failed yet. */
  #left: number;
  #failed: Deliverer[] | undefined;

  constructor(receipt: PendingReceipt, required: number) {
    this.#receipt = receipt;
    this.#left = required;
  }

  /** A required sink, or the spool, has the event. */
  get persisted(): boolean {
    return this.#receipt.persisted;
  }

  /** The receipt fails when all required sinks have. */
  settle(by: Deliverer, error?: DaybookError): void {
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
