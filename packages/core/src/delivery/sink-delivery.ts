import { asError } from "../as-error.ts";
import { runOutside } from "../context/request-context.ts";
import type { AuditSink } from "../contracts/audit-sink.ts";
import { DaybookError } from "../daybook-error.ts";
import type { PlainCodec } from "../spool/plain-codec.ts";
import type { Spool } from "../spool/spool.ts";
import { within } from "../within.ts";
import { checkedRefusals } from "./append-result.ts";
import { DeadlineWatch } from "./deadline-watch.ts";
import { DeliveryAccount, type DeliveryCounters, type DeliveryMeter } from "./delivery-account.ts";
import { writeAtExit } from "./delivery-exit.ts";
import { DeliveryQueue, MOST_PER_BATCH } from "./delivery-queue.ts";
import { DeliveryResults } from "./delivery-results.ts";
import type { PackedEvent } from "./event-arena.ts";
import type { GapTracker } from "./gap-tracker.ts";
import { Gathering } from "./gathering.ts";
import { OpenWrite, type Taken } from "./open-write.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { RecordedEvent } from "./recorded-event.ts";
import type { Settler } from "./settlement.ts";
import { entryInput, lineInput, type SinkInput } from "./sink-input.ts";
import { SinkWatch } from "./sink-watch.ts";
import { SpoolRelay } from "./spool-relay.ts";

export interface SinkDeliveryOptions {
  readonly sink: AuditSink;
  readonly required: boolean;
  /** Types of events the sink is given; undefined for all. */
  readonly types: ReadonlySet<string> | undefined;
  /** Most queued events of each delivery class. */
  readonly maxEvents: number;
  /** Most queued bytes of each delivery class; estimated for a sink that takes entries. */
  readonly maxBytes: number;
  /** A durable event queued for this many milliseconds is given up. */
  readonly deadlineMs: number;
  /** Encodes events for the spool if the sink takes entries. */
  readonly plainCodec: PlainCodec;
  /** Takes events while the sink takes none. */
  readonly spool?: Spool | undefined;
  readonly gaps?: GapTracker | undefined;
  readonly problem: (error: DaybookError) => void;
}

/** With this many events queued, start the next write before settling the receipts of the previous batch. */
const WORTH_A_COMMIT = 256;

/** Carries events to one sink, whichever form it takes them in. */
export type Delivery = SinkDelivery<RecordedEvent> | SinkDelivery<PackedEvent>;

/** A codec says that the sink takes lines; without one it takes entries. */
export const deliveryTo = (options: SinkDeliveryOptions): Delivery =>
  options.sink.codec === undefined
    ? new SinkDelivery(options, entryInput(options.sink, options.plainCodec))
    : new SinkDelivery(options, lineInput(options.sink));

/**
 * Carries events to one sink, one batch at a time: events that arrive during one write are the next batch, so its size follows the
 * load. If no caller waits, background events gather for `GATHER_MS` before a write. A batch is in the order of recording.
 *
 * While the sink fails, or has not resolved a write for half the deadline, spoolable events go to the spool. When the sink is back, it
 * gets the spooled events first, so that each delivery class keeps its order.
 */
export class SinkDelivery<E extends QueuedEvent> implements Settler {
  readonly sink: AuditSink;
  readonly required: boolean;
  readonly #options: SinkDeliveryOptions;
  readonly #input: SinkInput<E>;
  readonly #account = new DeliveryAccount();
  readonly #results: DeliveryResults;
  readonly #queue: DeliveryQueue<E>;
  readonly #watch: SinkWatch;
  readonly #relay: SpoolRelay<E>;
  readonly #deadline: DeadlineWatch<E>;
  #loop: "idle" | "scheduled" | "running" = "idle";
  #paused = false;
  readonly #gathering = new Gathering();
  /** The write the sink is busy with; undefined after `close` or the exit took its events over. */
  #openWrite: OpenWrite<E> | undefined;
  #idle: (() => void)[] = [];

  constructor(options: SinkDeliveryOptions, input: SinkInput<E>) {
    const { sink, required, maxEvents, maxBytes, deadlineMs, spool, gaps, problem } = options;
    this.sink = sink;
    this.required = required;
    this.#options = options;
    this.#input = input;
    const common = { sinkName: sink.name, settler: this, problem };
    this.#results = new DeliveryResults({ ...common, account: this.#account, gaps });
    // Callers never wait for an optional sink: the bound of the queue is enough there.
    const onDurable = () => {
      if (required) this.#deadline.start();
    };
    this.#queue = new DeliveryQueue({ ...common, maxEvents, maxBytes, input, results: this.#results, onDurable });
    this.#watch = new SinkWatch({ patienceMs: spool && deadlineMs / 2, onSlow: (ms) => this.#slow(ms) });
    const parts = { queue: this.#queue, results: this.#results, watch: this.#watch };
    this.#relay = new SpoolRelay({
      ...parts,
      sinkName: sink.name,
      spool,
      input,
      account: this.#account,
      gaps,
      maxEvents,
      problem,
      takeOpenWrite: () => this.#takeOpenWrite(),
      putBack: (events) => this.#putBack(events),
      onStored: () => this.#well(),
      onDone: () => {
        this.#resolveIdle();
        this.#schedule();
      },
      asError: (cause) => this.#asError(cause),
    });
    const underWay = () => [...this.#inFlight, ...this.#relay.spilling];
    this.#deadline = new DeadlineWatch({ ...common, ...parts, deadlineMs, underWay, spoolIsOpen: () => this.#relay.open });
  }

  takes(type: string): boolean {
    return this.#options.types === undefined || this.#options.types.has(type);
  }

  push(recorded: RecordedEvent): void {
    this.#account.accept(recorded.type);
    this.#queue.push(recorded);
    if (this.#watch.unavailable) void this.#relay.spill();
    this.#schedule();
    if (recorded.durable || this.#queue.gathered >= MOST_PER_BATCH) this.#gathering.end();
  }

  /** Like `push`, before everything in the queue. */
  pushFirst(recorded: RecordedEvent): void {
    this.#account.accept(recorded.type);
    this.#queue.pushFirst(recorded);
    this.#schedule();
  }

  counters(): DeliveryCounters {
    this.#queue.admit();
    return this.#account.counters(this.#queued());
  }

  meter(): DeliveryMeter {
    return { sink: this.sink.name, required: this.required, capacity: this.#options.maxEvents, ...this.#account.figures() };
  }

  /** Writes nothing until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  /** Takes over events that an earlier run left in the spool. */
  adopted(events: number, lost: number): void {
    this.#account.accepted += events + lost;
    this.#account.spooled += events;
    this.#account.dropped.spool_lost += lost;
    this.#schedule();
  }

  /** Resolves when no event is in memory, and the spool holds only events that the sink does not take now. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    this.hurry();
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Writes queued events, gives up the rest after `deadlineMs`, and closes the sink. Returns the number of events given up. */
  async close(deadlineMs: number): Promise<number> {
    const until = performance.now() + deadlineMs;
    await within(deadlineMs, this.idle());
    this.#watch.stop();
    this.#deadline.stop();
    const left = await this.#relay.spoolRest(this.#takeEverything());
    const error = new DaybookError("LOG_CLOSED", `Sink ${this.sink.name} did not store the event before close() ran out of time.`);
    for (const event of left) this.#results.dropped(event, "closed", error);
    // A sink that hangs must not hang its caller.
    await within(Math.max(100, until - performance.now()), this.sink.close());
    return left.length;
  }

  /** At process exit: writes queued events without returning to the event loop. Returns the number of events lost. */
  closeSync(deadlineMs: number): number {
    this.#watch.stop();
    this.#results.settleStored();
    const inFlight = this.#inFlight;
    this.#openWrite = undefined;
    return writeAtExit({
      sink: this.sink,
      input: this.#input,
      account: this.#account,
      results: this.#results,
      relay: this.#relay,
      inFlight,
      queued: this.#takeEverything(),
      deadlineMs,
      asError: (cause) => this.#asError(cause),
      problem: this.#options.problem,
    });
  }

  get #inFlight(): readonly E[] {
    return this.#openWrite?.events ?? [];
  }

  #queued(): number {
    return this.#queue.length + this.#inFlight.length + this.#relay.spilling.length;
  }

  #isIdle(): boolean {
    if (this.#paused || this.#queued() > 0) return false;
    return this.#account.spooled === 0 || this.#watch.unavailable;
  }

  #resolveIdle(): void {
    if (this.#idle.length === 0 || !this.#isIdle()) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #schedule(): void {
    if (this.#loop !== "idle" || this.#watch.stopped || this.#paused) return;
    this.#loop = "scheduled";
    // One write stores events of many requests: it must not run in the context of one of them.
    runOutside(setImmediate, () => void this.#run());
  }

  async #run(): Promise<void> {
    this.#loop = "running";
    do await this.#gather();
    while (!this.#watch.stopped && (await this.#writeNext()));
    this.#gathering.hurried = this.#idle.length > 0;
    this.#results.settleStored();
    this.#loop = "idle";
    const { spilling } = this.#relay;
    // An event that arrived while the loop was ending has not scheduled another.
    if (spilling.length === 0 && this.#queue.length > 0) this.#schedule();
    if (this.#queue.durable + spilling.length === 0) this.#deadline.stop();
    this.#resolveIdle();
  }

  /** Receipts of the last batch settle only after the next write has begun, and a caller may wait for them. */
  async #gather(): Promise<void> {
    if (this.#results.hasUnsettled || this.#watch.stopped) return;
    this.#queue.admit();
    const { durable, background } = this.#queue;
    if (durable === 0 && background > 0 && background < MOST_PER_BATCH) await this.#gathering.wait();
  }

  /** Writes queued events without a pause, because a caller waits for one of them. */
  hurry(): void {
    this.#gathering.hurry();
  }

  /** Writes one batch of the queue and then, if the spool holds events, one of the spool. Returns false if nothing is left to do. */
  async #writeNext(): Promise<boolean> {
    this.#queue.admit();
    const batch = this.#relay.holdsOlder ? this.#queue.takeDurable(mayOvertake, MOST_PER_BATCH) : this.#queue.takeBatch(MOST_PER_BATCH);
    const stored = batch.length === 0 || (await this.#write(batch));
    if (stored && this.#account.spooled > 0 && !this.#watch.stopped) await this.#replay();
    if (this.#account.spooled > 0) void this.#relay.spill();
    return batch.length > 0 || this.#account.spooled > 0;
  }

  async #write(batch: readonly E[]): Promise<boolean> {
    const write = new OpenWrite(batch);
    this.#openWrite = write;
    try {
      this.#watch.begin();
      const begun = performance.now();
      const result = this.#input.append(batch);
      this.#results.settleStored();
      const refused = checkedRefusals(this.sink.name, await result);
      this.#watch.end();
      if (this.#openWrite !== write) return false;
      this.#openWrite = undefined;
      const written = write.stored(refused);
      this.#account.flushes++;
      this.#account.flushMs += performance.now() - begun;
      if (refused.length === 0 && this.#nextIsReady()) this.#results.storedUnsettled(written);
      else this.#results.stored(written, refused);
      this.#well();
      return true;
    } catch (cause) {
      this.#watch.end();
      this.#results.settleStored();
      if (this.#openWrite !== write) return false;
      this.#openWrite = undefined;
      this.#putBack(write.failed());
      await this.#failed(this.#asError(cause));
      return false;
    }
  }

  async #replay(): Promise<void> {
    try {
      await this.#relay.replay();
    } catch (cause) {
      this.#watch.end();
      await this.#failed(this.#asError(cause));
    }
  }

  /** The sink can be given a large batch at once, so that it is busy while the callers of the last batch go on. */
  #nextIsReady(): boolean {
    return !this.#watch.stopped && !this.#relay.holdsOlder && this.#queue.durable + this.#queue.background >= WORTH_A_COMMIT;
  }

  #well(): void {
    this.#watch.stored();
    this.#relay.retry();
    const { gaps } = this.#options;
    if (gaps?.open) gaps.well();
  }

  /** Lets spoolable events go to the spool, and waits before the next attempt. */
  async #failed(error: DaybookError): Promise<void> {
    if (this.#watch.stopped) return;
    this.#account.failedWrites++;
    if (this.#watch.failed()) {
      this.#options.problem(error);
      this.#options.gaps?.failed();
    }
    this.#relay.retry();
    void this.#relay.spill();
    this.#resolveIdle();
    await this.#watch.backOff();
  }

  #slow(forMs: number): void {
    this.#options.gaps?.failed(forMs);
    this.#options.problem(new DaybookError("SINK_TIMEOUT", `Sink ${this.sink.name} has taken nothing for ${Math.round(forMs)} ms.`));
    void this.#relay.spill();
  }

  #takeOpenWrite(): Taken<E> | undefined {
    if (this.#watch.state !== "slow" || !this.sink.supports.idempotent) return undefined;
    return this.#openWrite?.takeSpoolable(this.#results, (events) => this.#putBack(events));
  }

  /** Back in front, without durable events whose deadline is over. */
  #putBack(batch: readonly E[]): void {
    this.#queue.putBack(batch);
    this.#deadline.giveUpOld();
  }

  #takeEverything(): E[] {
    // Admits before the lists are read: an event that a full queue drops must be in one place only.
    const queued = this.#queue.takeAll();
    const everything = [...this.#inFlight, ...this.#relay.takeBack(), ...queued];
    this.#openWrite = undefined;
    return everything;
  }

  #asError(cause: unknown): DaybookError {
    return asError(cause, "SINK_FAILED", `Sink ${this.sink.name} failed`);
  }
}

/** While the spool is replayed, an event that can never be spooled goes past it, and an event that was put first stays first. */
const mayOvertake = (event: QueuedEvent) => event.policy !== "spool" || event.order < 0;
