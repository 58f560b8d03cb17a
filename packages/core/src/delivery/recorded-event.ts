import type { SinkEntry } from "../contracts/sink-entry.ts";
import { DaybookError, isDaybookError } from "../daybook-error.ts";
import type { AuditEvent } from "../events/audit-event.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";
import { PERSON_BUDGET, snapshot } from "../minimise/payload-snapshot.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { Settlement, Settler } from "./settlement.ts";
import type { EventRank } from "./waiting-events.ts";

/** One recorded event, shared by all sinks it is given to. */
export class RecordedEvent implements QueuedEvent, SinkEntry {
  event: AuditEvent;
  readonly definition: EventDefinition;
  readonly durable: boolean;
  readonly policy: FailurePolicy;
  readonly rank: EventRank;
  /** Estimate. */
  readonly bytes: number;
  readonly order: number;
  readonly since: number;
  /** Undefined if nothing awaits the event. */
  readonly settlement: Settlement | undefined;
  #checked = false;
  #verdict: DaybookError | undefined;

  constructor(
    event: AuditEvent,
    definition: EventDefinition,
    { durable, rank }: { readonly durable: boolean; readonly rank: EventRank },
    policy: FailurePolicy,
    bytes: number,
    order: number,
    settlement: Settlement | undefined,
  ) {
    this.event = event;
    this.definition = definition;
    this.durable = durable;
    this.policy = policy;
    this.rank = rank;
    this.bytes = bytes;
    this.order = order;
    this.since = durable ? performance.now() : 0;
    this.settlement = settlement;
  }

  get id(): string {
    return this.event.id;
  }

  get type(): string {
    return this.definition.type;
  }

  get persisted(): boolean {
    return this.settlement?.persisted ?? false;
  }

  settle(by: Settler, error?: DaybookError): void {
    this.settlement?.settle(by, error);
  }

  recycle(): void {
    // Other sinks may still hold the object.
  }

  /** Returns the error of its payload. The schema runs once, for the first sink that needs the result. */
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
      // A closed schema removes the flag like any unknown key, but the flag belongs to the record.
      this.event = { ...this.event, data: data.truncated === true ? { ...value, truncated: true } : value };
    }
  }
}
