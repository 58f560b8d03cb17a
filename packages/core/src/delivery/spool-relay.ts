import type { DaybookError } from "../daybook-error.ts";
import type { Spool } from "../spool/spool.ts";
import { checkedRefusals } from "./append-result.ts";
import type { DeliveryAccount } from "./delivery-account.ts";
import { type DeliveryQueue, MOST_PER_BATCH } from "./delivery-queue.ts";
import type { DeliveryResults } from "./delivery-results.ts";
import type { GapTracker } from "./gap-tracker.ts";
import type { Taken } from "./open-write.ts";
import { maySpool, type QueuedEvent } from "./queued-event.ts";
import type { SinkInput } from "./sink-input.ts";
import type { SinkWatch } from "./sink-watch.ts";

export interface SpoolRelayOptions<E extends QueuedEvent> {
  readonly sinkName: string;
  readonly spool: Spool | undefined;
  readonly input: SinkInput<E>;
  readonly queue: DeliveryQueue<E>;
  readonly account: DeliveryAccount;
  readonly results: DeliveryResults;
  readonly watch: SinkWatch;
  readonly gaps: GapTracker | undefined;
  /** Most events of each delivery class in the queue. */
  readonly maxEvents: number;
  /** Takes the spoolable events of a write that has been open for too long; undefined if there are none. */
  readonly takeOpenWrite: () => Taken<E> | undefined;
  /** Puts events back into the queue. */
  readonly putBack: (events: readonly E[]) => void;
  /** Called when the sink has stored a batch of the spool, before the spool forgets it. */
  readonly onStored: () => void;
  /** Called when no event is on its way to the spool any more. */
  readonly onDone: () => void;
  /** Turns what the sink or the spool threw into an error with a code. */
  readonly asError: (cause: unknown) => DaybookError;
  readonly problem: (error: DaybookError) => void;
}

const spoolable = (event: QueuedEvent) => event.policy === "spool";

/** Moves events between the queue and the spool: there while the sink takes none, and from there to the sink, oldest first. */
export class SpoolRelay<E extends QueuedEvent> {
  readonly #options: SpoolRelayOptions<E>;
  /** Being written to the spool. */
  #spilling: readonly E[] = [];
  /** The spool refused the last write. */
  #failed = false;

  constructor(options: SpoolRelayOptions<E>) {
    this.#options = options;
  }

  get spilling(): readonly E[] {
    return this.#spilling;
  }

  /** The spool takes events. */
  get open(): boolean {
    return this.#options.spool !== undefined && !this.#failed;
  }

  /** Events older than those in the queue are in the spool, or on their way there. */
  get holdsOlder(): boolean {
    return this.#options.account.spooled > 0 || this.#spilling.length > 0;
  }

  /** Lets a spool that refused a write be tried again. */
  retry(): void {
    this.#failed = false;
  }

  /** Moves spoolable events to the spool, while the sink is unavailable or older events are there already. */
  async spill(): Promise<void> {
    const { spool, gaps, input, results, problem, asError, onDone } = this.#options;
    if (spool === undefined || this.#spilling.length > 0 || this.#failed) return;
    for (let next = this.#spillable(); next !== undefined; next = this.#spillable()) {
      const taken = next.events;
      this.#spilling = taken;
      try {
        const { events, refused } = input.spoolable(taken);
        await spool.append(events);
        if (this.#spilling !== taken) return;
        this.#spilling = [];
        gaps?.spooled(events.length);
        results.spooled(taken, refused);
      } catch (cause) {
        if (this.#spilling !== taken) return;
        this.#spilling = [];
        this.#failed = true;
        next.giveBack();
        problem(asError(cause));
        break;
      }
    }
    onDone();
  }

  /**
   * Gives the sink one batch of the spool, if it holds any.
   * @throws {unknown} what the sink or the spool threw; the batch stays in the spool
   */
  async replay(): Promise<void> {
    const { sinkName, spool, input, account, gaps, results, watch, problem, onStored } = this.#options;
    const batch = await spool?.next();
    if (spool === undefined || batch === undefined || watch.stopped) return;
    watch.begin();
    const refused = batch.events.length === 0 ? [] : checkedRefusals(sinkName, await input.replay(batch.events));
    watch.end();
    if (watch.stopped) return;
    const refusedIds = new Set(refused.map(({ id }) => id));
    account.spooled -= batch.events.length + batch.lost;
    for (const { id, type } of batch.events) if (!refusedIds.has(id)) account.write(type);
    account.dropped.refused += refused.length;
    account.dropped.spool_lost += batch.lost;
    for (let i = 0; i < batch.lost; i++) gaps?.lost("unknown");
    for (const refusal of refused) problem(results.refusalError(refusal));
    onStored();
    await spool.confirm(batch);
  }

  /** Takes back what is on its way to the spool; a write that is under way changes nothing any more. */
  takeBack(): readonly E[] {
    const spilling = this.#spilling;
    this.#spilling = [];
    return spilling;
  }

  /** When the log closes: the spool is the last resort. Returns the events that it did not take. */
  async spoolRest(left: readonly E[]): Promise<readonly E[]> {
    const { spool, input, results, problem, asError } = this.#options;
    const taken = left.filter(maySpool);
    const others = left.filter((event) => !maySpool(event));
    if (spool === undefined || taken.length === 0) return left;
    try {
      const { events, refused } = input.spoolable(taken);
      await spool.append(events);
      results.spooled(taken, refused);
      return others;
    } catch (cause) {
      problem(asError(cause));
      return left;
    }
  }

  /**
   * When the process exits: writes all events to the spool.
   * @returns false if there is no spool
   * @throws {DaybookError} `SPOOL_FULL`, `SPOOL_FAILED`
   */
  spoolRestSync(left: readonly E[]): boolean {
    const { spool, input, results } = this.#options;
    if (spool === undefined) return false;
    const { events, refused } = input.spoolable(left);
    spool.appendSync(events);
    results.spooled(left, refused);
    return true;
  }

  #spillable(): Taken<E> | undefined {
    const { takeOpenWrite, putBack } = this.#options;
    const open = takeOpenWrite();
    if (open !== undefined) return open;
    const events = this.#spillableOfQueue();
    return events.length === 0 ? undefined : { events, giveBack: () => putBack(events) };
  }

  #spillableOfQueue(): E[] {
    const { queue, watch, account, maxEvents } = this.#options;
    queue.admit();
    if (watch.unavailable) {
      const durable = queue.takeDurable(maySpool, MOST_PER_BATCH);
      return durable.length > 0 ? durable : queue.takeBackground(spoolable, MOST_PER_BATCH);
    }
    if (account.spooled === 0) return [];
    // While the spool is replayed, callers of durable events go on at once, and background events stay in memory.
    const durable = queue.takeDurable(spoolable, MOST_PER_BATCH);
    if (durable.length > 0 || queue.background < maxEvents / 2) return durable;
    return queue.takeBackground(spoolable, MOST_PER_BATCH);
  }
}
