import type { AuditSink, SinkEntry } from "./audit-sink.ts";
import { DaybookError, isDaybookError } from "./daybook-error.ts";
import { type DeliveryCounters, DROP_REASONS, type DropReason } from "./delivery-counters.ts";
import type { DeliveryMeter } from "./delivery-meter.ts";

/** One event waiting for one sink. `verdict` runs the schema once, whichever sink asks first. */
export interface Delivered extends SinkEntry {
  readonly durable: boolean;
  readonly bytes: number;
  /** Milliseconds since the Unix epoch when it was recorded. */
  readonly at: number;
  verdict(): DaybookError | undefined;
  settle(delivery: SinkDelivery, error?: DaybookError): void;
}

export interface SinkDeliveryOptions {
  readonly sink: AuditSink;
  readonly required: boolean;
  /** Types of events it is given; undefined for all. */
  readonly types: ReadonlySet<string> | undefined;
  /** Events of each delivery class that may wait. */
  readonly maxEvents: number;
  /** Bytes of each delivery class that may wait, estimated. */
  readonly maxBytes: number;
  /** A durable event that waited this many milliseconds for a required sink is given up. */
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly problem: (error: DaybookError) => void;
}

const MOST_PER_BATCH = 512;
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1_000;

/**
 * Carries events to one sink: two bounded queues, durable first, and one batch in flight. No timer decides when to write: what
 * gathered while the last batch was written is the next batch, so the size follows the load (group commit).
 */
export class SinkDelivery {
  readonly sink: AuditSink;
  readonly required: boolean;
  readonly #options: SinkDeliveryOptions;
  readonly #durable = new Waiting();
  readonly #background = new Waiting();
  #inFlight: readonly Delivered[] = [];
  #accepted = 0;
  #written = 0;
  #failedWrites = 0;
  #flushes = 0;
  #flushMs = 0;
  readonly #types = new Map<string, { accepted: number; written: number }>();
  readonly #dropped: Record<DropReason, number> = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<
    DropReason,
    number
  >;
  #scheduled = false;
  #running = false;
  #failures = 0;
  #idle: (() => void)[] = [];
  #deadline: NodeJS.Timeout | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(options: SinkDeliveryOptions) {
    this.sink = options.sink;
    this.required = options.required;
    this.#options = options;
  }

  takes(type: string): boolean {
    return this.#options.types === undefined || this.#options.types.has(type);
  }

  push(event: Delivered): void {
    this.#accepted++;
    this.#ofType(event).accepted++;
    const waiting = event.durable ? this.#durable : this.#background;
    if (waiting.length >= this.#options.maxEvents || waiting.bytes + event.bytes > this.#options.maxBytes) {
      if (!this.#makeRoom(event, waiting)) return;
    }
    waiting.push(event);
    // Nobody waits for an optional sink, so its events may outlive the deadline; the bound of the queue is enough.
    if (event.durable && this.required) this.#watchDeadline();
    this.#schedule();
  }

  counters(): DeliveryCounters {
    return {
      accepted: this.#accepted,
      written: this.#written,
      queued: this.#durable.length + this.#background.length + this.#inFlight.length,
      dropped: { ...this.#dropped },
    };
  }

  meter(): DeliveryMeter {
    return {
      sink: this.sink.name,
      required: this.required,
      capacity: this.#options.maxEvents,
      failedWrites: this.#failedWrites,
      flushes: this.#flushes,
      flushMs: this.#flushMs,
      types: new Map(Array.from(this.#types, ([type, counts]) => [type, { ...counts }])),
    };
  }

  /** Settles when nothing waits any more. */
  async idle(): Promise<void> {
    if (!this.#running && this.#durable.length + this.#background.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Writes what waits, gives up what is left after `deadlineMs`, and closes the sink. Answers how many events were given up. */
  async close(deadlineMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      this.idle(),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      }),
    ]);
    clearTimeout(timer);
    this.#stopped = true;
    this.#wake?.();
    const left = [...this.#inFlight, ...this.#durable.take(Infinity), ...this.#background.take(Infinity)];
    this.#inFlight = [];
    const error = new DaybookError("LOG_CLOSED", `Sink ${this.sink.name} did not store the event before close() ran out of time.`);
    for (const event of left) this.#drop(event, "closed", error);
    clearTimeout(this.#deadline);
    await this.sink.close();
    return left.length;
  }

  /** At process exit: writes what waits without returning to the event loop. Answers how many events were lost. */
  closeSync(deadlineMs: number): number {
    this.#stopped = true;
    const rest = [...this.#durable.take(Infinity), ...this.#background.take(Infinity)];
    const good = rest.filter((event) => !this.#quarantined(event));
    const inFlight = this.#inFlight;
    this.#inFlight = [];
    if (good.length + inFlight.length === 0) return 0;
    let error = new DaybookError("SINK_FAILED", `Sink ${this.sink.name} cannot write while the process exits.`);
    if (this.sink.appendSync !== undefined) {
      try {
        // The batch in flight goes first again: a sink that has it by now keeps it once.
        const again = this.sink.supports.idempotent ? inFlight : [];
        const { refused } = this.sink.appendSync([...again, ...good], deadlineMs);
        const refusedIds = new Set(refused.map((answer) => answer.id));
        for (const event of [...inFlight, ...good]) if (!refusedIds.has(event.event.id)) this.#countWritten(event);
        this.#dropped.refused += refused.length;
        return 0;
      } catch (cause) {
        error = asError(cause, this.sink);
      }
    }
    for (const event of [...inFlight, ...good]) this.#drop(event, "exit", error);
    this.#options.problem(error);
    return inFlight.length + good.length;
  }

  #schedule(): void {
    if (this.#running || this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (!this.#stopped) {
      const batch = this.#durable.take(MOST_PER_BATCH);
      if (batch.length < MOST_PER_BATCH) batch.push(...this.#background.take(MOST_PER_BATCH - batch.length));
      const good = batch.filter((event) => !this.#quarantined(event));
      if (good.length === 0) {
        if (batch.length === 0) break;
        continue;
      }
      this.#inFlight = good;
      await this.#write(good);
    }
    this.#running = false;
    if (this.#durable.length === 0 && this.#deadline !== undefined) {
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
    }
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  async #write(batch: readonly Delivered[]): Promise<void> {
    const begun = performance.now();
    try {
      const { refused } = await this.sink.append(batch, { durable: true });
      // close() or an exit took the batch over while the sink was busy.
      if (this.#inFlight !== batch) return;
      this.#failures = 0;
      this.#inFlight = [];
      this.#flushes++;
      this.#flushMs += performance.now() - begun;
      if (refused.length === 0) {
        for (const event of batch) this.#countWritten(event);
        for (const event of batch) event.settle(this);
        return;
      }
      const reasons = new Map(refused.map((answer) => [answer.id, answer]));
      for (const event of batch) {
        const reason = reasons.get(event.event.id);
        if (reason === undefined) {
          this.#countWritten(event);
          event.settle(this);
          continue;
        }
        const error = new DaybookError("EVENT_REFUSED", `Sink ${this.sink.name} answered ${reason.code}: ${reason.hint}`);
        this.#drop(event, "refused", error);
        this.#options.problem(error);
      }
    } catch (cause) {
      if (this.#inFlight !== batch) return;
      await this.#retryLater(batch, asError(cause, this.sink));
    }
  }

  /** Puts the batch back in front, without durable events whose deadline has passed, and waits. */
  async #retryLater(batch: readonly Delivered[], error: DaybookError): Promise<void> {
    this.#inFlight = [];
    this.#failedWrites++;
    if (this.#failures++ === 0) this.#options.problem(error);
    const tooOld = this.#options.now() - this.#options.deadlineMs;
    const keep: Delivered[] = [];
    for (const event of batch) {
      if (event.durable && this.required && event.at <= tooOld) this.#drop(event, "sink_failed", error);
      else keep.push(event);
    }
    this.#durable.putBack(keep.filter((event) => event.durable));
    this.#background.putBack(keep.filter((event) => !event.durable));
    const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** No caller hangs: a receipt whose sink neither stores nor fails is settled when its time is over. */
  #watchDeadline(): void {
    if (this.#deadline !== undefined) return;
    this.#deadline = setTimeout(() => {
      this.#deadline = undefined;
      const tooOld = this.#options.now() - this.#options.deadlineMs;
      const error = new DaybookError("SINK_TIMEOUT", `Sink ${this.sink.name} did not answer within ${this.#options.deadlineMs} ms.`);
      for (const event of this.#durable.removeOlder(tooOld)) this.#drop(event, "sink_failed", error);
      // What the sink is busy with may still be stored; only the waiting ends.
      for (const event of this.#inFlight) if (event.durable && event.at <= tooOld) event.settle(this, error);
      if (this.#durable.length > 0 || this.#inFlight.some((event) => event.durable && event.at > tooOld)) this.#watchDeadline();
    }, this.#options.deadlineMs + 1);
    this.#deadline.unref();
  }

  /** Oldest and least severe first; answers false where the new event itself had to go. */
  #makeRoom(event: Delivered, waiting: Waiting): boolean {
    const error = new DaybookError("QUEUE_FULL", `Sink ${this.sink.name} is slower than events arrive; ${waiting.length} wait.`);
    this.#options.problem(error);
    if (!event.durable) {
      let freed = 0;
      for (const victim of waiting.removeOldestInfo(Math.max(1, this.#options.maxEvents >> 6))) {
        freed += victim.bytes;
        this.#drop(victim, "queue_full", error);
      }
      if (freed >= event.bytes && waiting.length < this.#options.maxEvents) return true;
    }
    this.#drop(event, "queue_full", error);
    return false;
  }

  #quarantined(event: Delivered): boolean {
    const verdict = event.verdict();
    if (verdict === undefined) return false;
    this.#drop(event, "quarantined", verdict);
    this.#options.problem(verdict);
    return true;
  }

  #ofType(event: Delivered): { accepted: number; written: number } {
    const { type } = event.event;
    let counts = this.#types.get(type);
    if (counts === undefined) {
      counts = { accepted: 0, written: 0 };
      this.#types.set(type, counts);
    }
    return counts;
  }

  #countWritten(event: Delivered): void {
    this.#written++;
    this.#ofType(event).written++;
  }

  #drop(event: Delivered, reason: DropReason, error: DaybookError): void {
    this.#dropped[reason]++;
    event.settle(this, error);
  }
}

class Waiting {
  #events: Delivered[] = [];
  bytes = 0;

  get length(): number {
    return this.#events.length;
  }

  push(event: Delivered): void {
    this.#events.push(event);
    this.bytes += event.bytes;
  }

  putBack(events: readonly Delivered[]): void {
    if (events.length === 0) return;
    this.#events = [...events, ...this.#events];
    for (const event of events) this.bytes += event.bytes;
  }

  take(most: number): Delivered[] {
    let taken: Delivered[];
    if (this.#events.length <= most) {
      taken = this.#events;
      this.#events = [];
      this.bytes = 0;
      return taken;
    }
    taken = this.#events.splice(0, most);
    for (const event of taken) this.bytes -= event.bytes;
    return taken;
  }

  removeOlder(at: number): Delivered[] {
    return this.#remove((event) => event.at <= at, Infinity);
  }

  removeOldestInfo(most: number): Delivered[] {
    return this.#remove((event) => event.event.severity === "info", most);
  }

  #remove(matches: (event: Delivered) => boolean, most: number): Delivered[] {
    const removed: Delivered[] = [];
    this.#events = this.#events.filter((event) => {
      if (removed.length >= most || !matches(event)) return true;
      removed.push(event);
      this.bytes -= event.bytes;
      return false;
    });
    return removed;
  }
}

const asError = (cause: unknown, sink: AuditSink) =>
  isDaybookError(cause)
    ? cause
    : new DaybookError("SINK_FAILED", `Sink ${sink.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
