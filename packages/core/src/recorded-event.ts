import type { AuditEvent } from "./audit-event.ts";
import { DaybookError, isDaybookError } from "./daybook-error.ts";
import type { EventDefinition } from "./event-definition.ts";
import type { FailurePolicy } from "./failure-policy.ts";
import { PERSON_BUDGET, snapshot } from "./payload-snapshot.ts";
import type { PendingReceipt } from "./receipt.ts";
import type { Delivered, SinkDelivery } from "./sink-delivery.ts";
import type { EventRank } from "./waiting-events.ts";

/** How the events of one definition are treated; worked out once for each. */
export interface Handling {
  readonly durable: boolean;
  readonly policy: FailurePolicy;
  readonly rank: EventRank;
  /** Sinks that take the type. */
  readonly takers: readonly SinkDelivery[];
  /** How many of them are required. */
  readonly required: number;
}

/** One recorded event, shared by all sinks it is given to: they settle its receipt together. */
export class RecordedEvent implements Delivered {
  event: AuditEvent;
  readonly definition: EventDefinition;
  readonly durable: boolean;
  readonly policy: FailurePolicy;
  readonly rank: EventRank;
  readonly bytes: number;
  readonly order: number;
  readonly since: number;
  readonly #receipt: PendingReceipt;
  /** Required sinks that have not failed yet. */
  #requiredLeft: number;
  #failed: SinkDelivery[] | undefined;
  #checked = false;
  #verdict: DaybookError | undefined;

  constructor(
    event: AuditEvent,
    definition: EventDefinition,
    { durable, rank, required }: Handling,
    bytes: number,
    order: number,
    receipt: PendingReceipt,
  ) {
    this.event = event;
    this.definition = definition;
    this.durable = durable;
    this.policy = receipt.policy;
    this.rank = rank;
    this.bytes = bytes;
    this.order = order;
    this.since = durable ? performance.now() : 0;
    this.#receipt = receipt;
    this.#requiredLeft = required;
  }

  get persisted(): boolean {
    return this.#receipt.persisted;
  }

  verdict(): DaybookError | undefined {
    if (this.#checked) return this.#verdict;
    this.#checked = true;
    try {
      this.#validate();
    } catch (cause) {
      this.#verdict = isDaybookError(cause)
        ? cause
        : new DaybookError(
            "SCHEMA_VIOLATION",
            `The schema of ${this.event.action} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
            { cause },
          );
    }
    return this.#verdict;
  }

  /** The first required sink that has it settles the receipt well; it fails when all of them have failed. */
  settle(delivery: SinkDelivery, error?: DaybookError): void {
    if (!delivery.required) return;
    if (error === undefined) {
      this.#receipt.settle();
      return;
    }
    if (this.#failed?.includes(delivery)) return;
    this.#failed = [...(this.#failed ?? []), delivery];
    if (--this.#requiredLeft === 0) this.#receipt.settle(error);
  }

  #validate(): void {
    const { schema, action } = this.definition;
    const { data } = this.event;
    if (schema === undefined) {
      if (data !== undefined)
        throw new DaybookError("SCHEMA_VIOLATION", `The definition of ${action} has no \`data\` schema, so the event takes no data.`);
      return;
    }
    const answer = schema["~standard"].validate(data ?? {});
    if (answer instanceof Promise) throw new DaybookError("SCHEMA_ASYNC", `Give ${action} a schema that validates without promises.`);
    if (answer.issues !== undefined) {
      const first = answer.issues[0];
      const path = first?.path?.map((key) => (typeof key === "object" ? String(key.key) : String(key))).join(".");
      throw new DaybookError(
        "SCHEMA_VIOLATION",
        `In data of ${action}${path ? ` at ${path}` : ""}: ${first?.message ?? "it does not fit"}.`,
      );
    }
    if (answer.value !== data && data !== undefined) {
      const value = snapshot(answer.value as object, PERSON_BUDGET).value;
      // A closed schema strips the flag like any key it does not know; it belongs to the record, not to the caller.
      this.event = { ...this.event, data: data.truncated === true ? { ...value, truncated: true } : value };
    }
  }
}
