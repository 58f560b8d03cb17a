import { DaybookError } from "../daybook-error.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryResults } from "./delivery-results.ts";
import { maySpool, type QueuedEvent } from "./queued-event.ts";
import type { Settler } from "./settlement.ts";
import type { SinkWatch } from "./sink-watch.ts";

export interface DeadlineWatchOptions<E extends QueuedEvent> {
  readonly sinkName: string;
  readonly settler: Settler;
  readonly deadlineMs: number;
  readonly queue: DeliveryQueue<E>;
  readonly results: DeliveryResults;
  readonly watch: SinkWatch;
  /** Events that have left the queue and are with the sink or the spool. */
  readonly underWay: () => readonly E[];
  readonly spoolIsOpen: () => boolean;
}

const SHORTEST_TIMER_MS = 5;

/** Settles the receipt of each durable event at the latest when its deadline is over, so that no caller waits for ever. */
export class DeadlineWatch<E extends QueuedEvent> {
  readonly #options: DeadlineWatchOptions<E>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeadlineWatchOptions<E>) {
    this.#options = options;
  }

  /** Makes sure a timer runs for the oldest durable event. */
  start(): void {
    if (this.#timer !== undefined) return;
    const { deadlineMs } = this.#options;
    const since = this.#oldest(performance.now() - deadlineMs) ?? performance.now();
    const ms = Math.max(SHORTEST_TIMER_MS, since + deadlineMs - performance.now() + 1);
    this.#timer = setTimeout(() => this.#over(), ms).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Drops queued durable events whose deadline is over; those the spool can take are left to it. */
  giveUpOld(): void {
    const { queue, results, deadlineMs, settler, spoolIsOpen } = this.#options;
    const oldest = settler.required ? queue.oldestDurable() : undefined;
    const tooLong = performance.now() - deadlineMs;
    if (oldest === undefined || oldest > tooLong) return;
    const error = this.#error();
    const spared = spoolIsOpen() ? maySpool : () => false;
    for (const event of queue.takeDurable((each) => each.since <= tooLong && !spared(each))) results.dropped(event, "sink_failed", error);
  }

  #over(): void {
    this.#timer = undefined;
    const { queue, watch, deadlineMs, settler, spoolIsOpen, underWay } = this.#options;
    const tooLong = performance.now() - deadlineMs;
    const oldest = queue.oldestDurable();
    if (spoolIsOpen() && oldest !== undefined && oldest <= tooLong) watch.silent(deadlineMs);
    this.giveUpOld();
    const error = this.#error();
    // The sink or the spool may still store these; only the wait of their callers ends.
    for (const event of underWay()) if (event.durable && event.since <= tooLong) event.settle(settler, error);
    if (this.#oldest(tooLong) !== undefined) this.start();
  }

  /** When the oldest durable event was recorded, among those whose receipts have not settled by their deadline. */
  #oldest(tooLong: number): number | undefined {
    let since = this.#options.queue.oldestDurable();
    for (const event of this.#options.underWay()) {
      if (event.durable && event.since > tooLong && (since === undefined || event.since < since)) since = event.since;
    }
    return since;
  }

  #error(): DaybookError {
    const { sinkName, deadlineMs } = this.#options;
    return new DaybookError("SINK_TIMEOUT", `Sink ${sinkName} did not store the event within ${deadlineMs} ms.`);
  }
}
