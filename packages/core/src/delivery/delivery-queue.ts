import { refusalOf } from "../contracts/event-codec.ts";
import { DaybookError } from "../daybook-error.ts";
import type { DeliveryResults } from "./delivery-results.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { RecordedEvent } from "./recorded-event.ts";
import type { SinkInput } from "./sink-input.ts";
import { WaitingEvents } from "./waiting-events.ts";

export interface DeliveryQueueOptions<E extends QueuedEvent> {
  readonly sinkName: string;
  /** Most events of each delivery class. */
  readonly maxEvents: number;
  /** Most bytes of each delivery class; estimated for a sink that takes entries. */
  readonly maxBytes: number;
  readonly input: SinkInput<E>;
  readonly results: DeliveryResults;
  /** Called after a durable event entered the queue. */
  readonly onDurable: () => void;
  readonly problem: (error: DaybookError) => void;
}

/** Most events of one write. */
export const MOST_PER_BATCH = 640;

const ARRIVED_AT_ONCE = 16;

/** The bounded queue before one sink: one lane for each delivery class, each in the order of recording. */
export class DeliveryQueue<E extends QueuedEvent> {
  readonly #options: DeliveryQueueOptions<E>;
  /** Recorded, and not yet in a lane. */
  readonly #arrived: RecordedEvent[] = [];
  readonly #durable: WaitingEvents<E>;
  readonly #background: WaitingEvents<E>;

  constructor(options: DeliveryQueueOptions<E>) {
    this.#options = options;
    this.#durable = new WaitingEvents(options.maxEvents, options.maxBytes);
    this.#background = new WaitingEvents(options.maxEvents, options.maxBytes);
  }

  get length(): number {
    return this.#arrived.length + this.#durable.length + this.#background.length;
  }

  get durable(): number {
    return this.#durable.length;
  }

  get background(): number {
    return this.#background.length;
  }

  /** Background events in the queue, and all events that are about to enter it. */
  get gathered(): number {
    return this.#background.length + this.#arrived.length;
  }

  push(recorded: RecordedEvent): void {
    this.#arrived.push(recorded);
    if (recorded.durable || this.#arrived.length >= ARRIVED_AT_ONCE) this.admit();
  }

  /** Like `push`, before everything in the queue. */
  pushFirst(recorded: RecordedEvent): void {
    const event = this.#queued(recorded);
    if (event !== undefined) this.#laneOf(event).putBack([event]);
  }

  /** Moves arrived events into the lanes. Several at once: encoding costs half as much while its code is warm. */
  admit(): void {
    // One by one, so that a problem handler that reads the counters finds each event in exactly one place.
    for (let recorded = this.#arrived.shift(); recorded !== undefined; recorded = this.#arrived.shift()) {
      const lane = this.#laneOf(recorded);
      if (!lane.hasRoomFor(recorded.bytes) && !this.#makeRoom(recorded, lane)) continue;
      const event = this.#queued(recorded);
      if (event === undefined) continue;
      lane.push(event);
      if (event.durable) this.#options.onDurable();
    }
  }

  /** Durable events first, then background events if there is room; all in the order of recording. */
  takeBatch(most: number): E[] {
    const durable = this.#durable.take(most);
    const background = durable.length < most ? this.#background.take(most - durable.length) : [];
    if (durable.length === 0) return background;
    if (background.length === 0) return durable;
    return [...durable, ...background].sort((a, b) => a.order - b.order);
  }

  takeDurable(matches: (event: E) => boolean, most?: number): E[] {
    return this.#durable.length === 0 ? [] : this.#durable.takeMatching(matches, most);
  }

  takeBackground(matches: (event: E) => boolean, most?: number): E[] {
    return this.#background.takeMatching(matches, most);
  }

  takeAll(): E[] {
    this.admit();
    return [...this.#durable.take(Infinity), ...this.#background.take(Infinity)];
  }

  putBack(batch: readonly E[]): void {
    this.#durable.putBack(batch.filter((event) => event.durable));
    this.#background.putBack(batch.filter((event) => !event.durable));
  }

  /** When the durable event that has been queued longest was recorded, in milliseconds of a clock that never jumps. */
  oldestDurable(): number | undefined {
    return this.#durable.longest();
  }

  #laneOf({ durable }: { readonly durable: boolean }): WaitingEvents<E> {
    return durable ? this.#durable : this.#background;
  }

  /** Returns undefined for an event that its schema or the sink refuses. */
  #queued(recorded: RecordedEvent): E | undefined {
    const { results, input, problem } = this.#options;
    const verdict = recorded.verdict();
    if (verdict !== undefined) {
      results.dropped(recorded, "quarantined", verdict);
      problem(verdict);
      return undefined;
    }
    try {
      return input.queued(recorded);
    } catch (cause) {
      results.refused(recorded, refusalOf(recorded.id, cause));
      return undefined;
    }
  }

  /**
   * Drops the oldest events of the lowest rank: informational ones, then others, those about security last. A durable event drives
   * out nothing. Returns false if the new event itself was dropped.
   */
  #makeRoom(event: RecordedEvent, lane: WaitingEvents<E>): boolean {
    const { results, sinkName, problem } = this.#options;
    const error = new DaybookError("QUEUE_FULL", `Sink ${sinkName} is slower than events arrive; ${lane.length} wait.`);
    problem(error);
    const victims = event.durable ? undefined : lane.removeFor(event.bytes, event.rank);
    if (victims === undefined) {
      results.dropped(event, "queue_full", error);
      return false;
    }
    for (const victim of victims) results.dropped(victim, "queue_full", error);
    return true;
  }
}
