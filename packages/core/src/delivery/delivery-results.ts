import type { RefusedEvent } from "../contracts/sink-entry.ts";
import { DaybookError } from "../daybook-error.ts";
import type { DeliveryAccount, DropReason } from "./delivery-account.ts";
import type { GapTracker } from "./gap-tracker.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { Settler } from "./settlement.ts";

export interface DeliveryResultsOptions {
  readonly sinkName: string;
  readonly settler: Settler;
  readonly account: DeliveryAccount;
  readonly gaps: GapTracker | undefined;
  readonly problem: (error: DaybookError) => void;
}

/** Reasons for which a good event is missing from the trail. */
const LOSS: ReadonlySet<DropReason> = new Set(["queue_full", "sink_failed", "closed", "exit", "spool_lost"]);

/** The end of an event at one sink: it is counted, then its receipt settles, then its object is recycled. */
export class DeliveryResults {
  readonly #options: DeliveryResultsOptions;
  /** Stored and counted; their receipts have not settled yet. */
  #unsettled: readonly QueuedEvent[] = [];

  constructor(options: DeliveryResultsOptions) {
    this.#options = options;
  }

  get hasUnsettled(): boolean {
    return this.#unsettled.length > 0;
  }

  stored(events: readonly QueuedEvent[], refused: readonly RefusedEvent[]): void {
    this.#leave(events, refused, ({ type }) => this.#options.account.write(type));
  }

  /** Counts events as stored, and leaves their receipts to `settleStored`. */
  storedUnsettled(events: readonly QueuedEvent[]): void {
    for (const { type } of events) this.#options.account.write(type);
    this.#unsettled = events;
  }

  settleStored(): void {
    const events = this.#unsettled;
    this.#unsettled = [];
    for (const event of events) this.#settle(event);
  }

  spooled(events: readonly QueuedEvent[], refused: readonly RefusedEvent[]): void {
    this.#leave(events, refused, () => this.#options.account.spooled++);
  }

  refused(event: QueuedEvent, refusal: RefusedEvent): void {
    const error = this.refusalError(refusal);
    this.dropped(event, "refused", error);
    this.#options.problem(error);
  }

  refusalError({ code, hint }: RefusedEvent): DaybookError {
    return new DaybookError("EVENT_REFUSED", `Sink ${this.#options.sinkName} refused the event with ${code}: ${hint}`);
  }

  dropped(event: QueuedEvent, reason: DropReason, error: DaybookError): void {
    const { account, gaps, settler } = this.#options;
    account.dropped[reason]++;
    if (LOSS.has(reason)) gaps?.lost(event.type);
    event.settle(settler, error);
    event.recycle();
  }

  /** Counts all events before any receipt settles: a caller that resumes sees the counters as they are. */
  #leave(events: readonly QueuedEvent[], refused: readonly RefusedEvent[], count: (event: QueuedEvent) => void): void {
    if (refused.length === 0) {
      for (const event of events) count(event);
      for (const event of events) this.#settle(event);
      return;
    }
    const refusals = new Map(refused.map((refusal) => [refusal.id, refusal]));
    const decided = events.map((event) => ({ event, refusal: refusals.get(event.id) }));
    for (const { event, refusal } of decided) if (refusal === undefined) count(event);
    for (const { event, refusal } of decided) {
      if (refusal === undefined) this.#settle(event);
      else this.refused(event, refusal);
    }
  }

  #settle(event: QueuedEvent): void {
    event.settle(this.#options.settler);
    event.recycle();
  }
}
