import type { DaybookError } from "../daybook-error.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";
import type { WaitingEvent } from "./waiting-events.ts";

/** One event waiting for one sink. */
export interface Delivered extends WaitingEvent {
  readonly id: string;
  readonly type: string;
  readonly durable: boolean;
  readonly policy: FailurePolicy;
  /** A required sink, or the spool, has it. */
  readonly persisted: boolean;
  settle(by: Deliverer, error?: DaybookError): void;
  /** It waits no more: the object may stand for another event from now on. */
  release(): void;
}

/** What carries events to one sink. */
export interface Deliverer {
  readonly required: boolean;
}
