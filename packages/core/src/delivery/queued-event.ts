import type { DaybookError } from "../daybook-error.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";
import type { Settler } from "./settlement.ts";
import type { WaitingEvent } from "./waiting-events.ts";

/** One event in the queue of one sink. */
export interface QueuedEvent extends WaitingEvent {
  readonly id: string;
  readonly type: string;
  readonly durable: boolean;
  readonly policy: FailurePolicy;
  /** A required sink, or the spool, has the event. */
  readonly persisted: boolean;
  settle(by: Settler, error?: DaybookError): void;
  /** Done. The object may be reused for another event. */
  recycle(): void;
}

/** An event may go to the spool if its policy says so, or if its receipt has already settled well. */
export const maySpool = (event: QueuedEvent): boolean => event.policy === "spool" || event.persisted;
