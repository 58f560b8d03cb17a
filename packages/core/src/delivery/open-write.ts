import type { RefusedEvent } from "../contracts/sink-entry.ts";
import type { DeliveryResults } from "./delivery-results.ts";
import { maySpool, type QueuedEvent } from "./queued-event.ts";

/** Events on their way to the spool; `giveBack` returns them if the spool refuses them. */
export interface Taken<E extends QueuedEvent> {
  readonly events: readonly E[];
  readonly giveBack: () => void;
}

/** The batch that the sink is busy with. */
export class OpenWrite<E extends QueuedEvent> {
  #events: readonly E[];
  #state: "open" | "stored" | "failed" = "open";
  #refused: readonly RefusedEvent[] = [];

  constructor(events: readonly E[]) {
    this.#events = events;
  }

  get events(): readonly E[] {
    return this.#events;
  }

  /** The sink stored the batch except for refused events. Returns the events still in it. */
  stored(refused: readonly RefusedEvent[]): readonly E[] {
    this.#state = "stored";
    this.#refused = refused;
    return this.#events;
  }

  /** The sink stored nothing of the batch. Returns the events still in it. */
  failed(): readonly E[] {
    this.#state = "failed";
    return this.#events;
  }

  /**
   * Takes the spoolable events of a silent write: an idempotent sink may be given an event again, so the spool is the safer place. They
   * stay events of this write until the spool has them: the sink may still store them, and an event that it stores must not be dropped.
   */
  takeSpoolable(results: DeliveryResults, putBack: (events: readonly E[]) => void): Taken<E> | undefined {
    const events = this.#events.filter(maySpool);
    if (events.length === 0) return undefined;
    this.#events = this.#events.filter((event) => !maySpool(event));
    const giveBack = () => {
      if (this.#state === "open") this.#events = [...events, ...this.#events];
      else if (this.#state === "failed") putBack(events);
      else results.stored(events, this.#refused);
    };
    return { events, giveBack };
  }
}
