import { runOutside } from "../context/request-context.ts";
import type { AppendResult, AuditSink, RefusedEvent } from "../contracts/audit-sink.ts";
import { type EventForm, linesOf, refusalOf } from "../contracts/event-form.ts";
import { DaybookError, isDaybookError } from "../daybook-error.ts";
import type { Spool } from "../spool/spool.ts";
import type { Delivered, Deliverer } from "./delivered.ts";
import { DeliveryAccount } from "./delivery-account.ts";
import type { DeliveryCounters, DropReason } from "./delivery-counters.ts";
import type { DeliveryMeter } from "./delivery-meter.ts";
import type { GapTracker } from "./gap-tracker.ts";
import type { RecordedEvent } from "./recorded-event.ts";
import { EntryOutlet, FormOutlet, type SinkOutlet } from "./sink-outlet.ts";
import { WaitingEvents } from "./waiting-events.ts";

export interface SinkDeliveryOptions {
  readonly sink: AuditSink;
  readonly required: boolean;
  /** Types of events it is given; undefined for all. */
  readonly types: ReadonlySet<string> | undefined;
  /** Events of each delivery class that may wait. */
  readonly maxEvents: number;
  /** Bytes of each delivery class that may wait; estimated for a sink without a form of its own. */
  readonly maxBytes: number;
  /** A durable event that waited this many milliseconds is given up. */
  readonly deadlineMs: number;
  /** In which the sink takes events, where it has one of its own. */
  readonly form?: EventForm | undefined;
  /** Where events go that the sink does not take. */
  readonly spool?: { readonly files: Spool; readonly form: EventForm } | undefined;
  readonly gaps?: GapTracker | undefined;
  readonly problem: (error: DaybookError) => void;
}

const MOST_PER_BATCH = 640;
/** Where as many wait, they are worth a commit of their own: those who waited for the last one need not go on before it. */
const WORTH_A_COMMIT = 256;
const ARRIVED_AT_ONCE = 16;
/** Turns of the event loop that events nobody waits for may gather. */
const MOST_TURNS = 32;
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1_000;
const MIN_WATCH_MS = 5;
/** Reasons for which an event is missing from the trail although it was good. */
const LOSS: ReadonlySet<DropReason> = new Set(["queue_full", "sink_failed", "closed", "exit", "spool_lost"]);

/**
 * Carries events to one sink: two bounded queues, durable first, and one batch in flight. No timer decides when to write: what
 * gathered while the last batch was written is the next batch, so the size follows the load (group commit). A batch is in the order
 * in which its events were recorded.
 *
 * While the sink fails, or is silent for half the deadline, events that may be spooled go to the spool instead; what lies there is
 * written first when the sink is back, so that each delivery class keeps its order.
 */
export class SinkDelivery implements Deliverer {
  readonly sink: AuditSink;
  readonly required: boolean;
  readonly #options: SinkDeliveryOptions;
  readonly #outlet: SinkOutlet;
  /** Recorded just now, and not yet in a queue. */
  readonly #arrived: RecordedEvent[] = [];
  readonly #durable: WaitingEvents<Delivered>;
  readonly #background: WaitingEvents<Delivered>;
  #inFlight: readonly Delivered[] = [];
  /** Stored and counted, but their receipts have not settled. */
  #stored: readonly Delivered[] = [];
  #spilling: readonly Delivered[] = [];
  readonly #account = new DeliveryAccount();
  #failedWrites = 0;
  #flushes = 0;
  #flushMs = 0;
  #held = false;
  #scheduled = false;
  #running = false;
  #stopped = false;
  #failures = 0;
  /** The sink does not take events: it failed, or has been busy with one batch for too long. */
  #unavailable = false;
  #spoolFailed = false;
  /** When the sink was given what it is busy with, in milliseconds of a clock that never jumps. */
  #busySince: number | undefined;
  #calls = 0;
  #patience: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #wake: (() => void) | undefined;

  constructor(options: SinkDeliveryOptions) {
    this.sink = options.sink;
    this.required = options.required;
    this.#options = options;
    this.#outlet = options.form === undefined ? new EntryOutlet(options.sink, options.spool?.form) : new FormOutlet(options.form);
    this.#durable = new WaitingEvents(options.maxEvents, options.maxBytes);
    this.#background = new WaitingEvents(options.maxEvents, options.maxBytes);
  }

  takes(type: string): boolean {
    return this.#options.types === undefined || this.#options.types.has(type);
  }

  push(recorded: RecordedEvent): void {
    this.#account.accept(recorded.type);
    this.#arrived.push(recorded);
    if (recorded.durable || this.#arrived.length >= ARRIVED_AT_ONCE) this.#admit();
    if (this.#unavailable) void this.#spill();
    this.#schedule();
  }

  /** Like `push`, ahead of everything that waits. */
  pushFirst(recorded: RecordedEvent): void {
    this.#account.accept(recorded.type);
    const event = this.#taken(recorded);
    if (event === undefined) return;
    (event.durable ? this.#durable : this.#background).putBack([event]);
    this.#schedule();
  }

  counters(): DeliveryCounters {
    this.#admit();
    return this.#account.counters(this.#queued());
  }

  meter(): DeliveryMeter {
    return {
      sink: this.sink.name,
      required: this.required,
      capacity: this.#options.maxEvents,
      failedWrites: this.#failedWrites,
      flushes: this.#flushes,
      flushMs: this.#flushMs,
      types: this.#account.types(),
    };
  }

  /** Nothing is written until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#schedule();
  }

  /** Events an earlier run left in the spool are this sink's from now on. */
  adopted(events: number, lost: number): void {
    this.#account.accepted += events + lost;
    this.#account.spooled += events;
    this.#account.dropped.spool_lost += lost;
    this.#schedule();
  }

  /** Settles when nothing waits in memory, and in the spool only what the sink does not take now. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Writes what waits, gives up what is left after `deadlineMs`, and closes the sink. Answers how many events were given up. */
  async close(deadlineMs: number): Promise<number> {
    const until = performance.now() + deadlineMs;
    await within(deadlineMs, this.idle());
    this.#stopped = true;
    this.#wake?.();
    clearTimeout(this.#deadline);
    clearTimeout(this.#patience);
    const left = await this.#spoolRest(this.#takeEverything());
    const error = new DaybookError("LOG_CLOSED", `Sink ${this.sink.name} did not store the event before close() ran out of time.`);
    for (const event of left) this.#drop(event, "closed", error);
    // A sink that hangs must not hang its caller.
    await within(Math.max(100, until - performance.now()), this.sink.close());
    return left.length;
  }

  /** At process exit: writes what waits without returning to the event loop. Answers how many events were lost. */
  closeSync(deadlineMs: number): number {
    this.#stopped = true;
    this.#settleStored();
    const { idempotent } = this.sink.supports;
    const inFlight = this.#inFlight;
    this.#inFlight = [];
    const waiting = this.#takeEverything();
    // The batch in flight goes first again: a sink that has it by now keeps it once.
    const all = idempotent ? [...inFlight, ...waiting] : waiting;
    if (inFlight.length + waiting.length === 0) return 0;
    let error = new DaybookError("SINK_FAILED", `Sink ${this.sink.name} cannot write while the process exits.`);
    if (this.#outlet.appendSync !== undefined) {
      try {
        this.#written(all, this.#outlet.appendSync(all, deadlineMs));
        if (!idempotent) for (const event of inFlight) this.#account.write(event.type);
        return 0;
      } catch (cause) {
        error = asError(cause, this.sink);
      }
    }
    const rest = [...inFlight, ...waiting];
    try {
      if (this.#options.spool !== undefined) {
        const { events, refused } = this.#outlet.spooled(rest);
        this.#options.spool.files.appendSync(events);
        this.#spooled(rest, refused);
        return 0;
      }
    } catch (cause) {
      error = cause as DaybookError;
    }
    for (const event of rest) this.#drop(event, "exit", error);
    this.#options.problem(error);
    return rest.length;
  }

  /** To the queues. Several at once, because code that ran just before costs half as much to run again. */
  #admit(): void {
    // One by one, so that whoever is told of a problem on the way sees each event in one place.
    for (let recorded = this.#arrived.shift(); recorded !== undefined; recorded = this.#arrived.shift()) {
      const waiting = recorded.durable ? this.#durable : this.#background;
      if (!waiting.hasRoomFor(recorded.bytes) && !this.#makeRoom(recorded, waiting)) continue;
      const event = this.#taken(recorded);
      if (event === undefined) continue;
      waiting.push(event);
      // Nobody waits for an optional sink, so its events may outlive the deadline; the bound of the queue is enough.
      if (event.durable && this.required) this.#watchDeadline();
    }
  }

  #queued(): number {
    return this.#arrived.length + this.#durable.length + this.#background.length + this.#inFlight.length + this.#spilling.length;
  }

  #isIdle(): boolean {
    if (this.#held || this.#queued() > 0) return false;
    return this.#account.spooled === 0 || this.#unavailable;
  }

  #tellIdle(): void {
    if (this.#idle.length === 0 || !this.#isIdle()) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #schedule(): void {
    if (this.#running || this.#scheduled || this.#stopped || this.#held) return;
    this.#scheduled = true;
    // Events of many requests are written from there: it must not look as if one of them did it.
    runOutside(setImmediate, () => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    do await this.#gather();
    while (!this.#stopped && (await this.#writeNext()));
    this.#settleStored();
    this.#running = false;
    // What came in while the loop was about to end has not started another.
    if (this.#spilling.length === 0 && this.#arrived.length + this.#durable.length + this.#background.length > 0) this.#schedule();
    if (this.#durable.length + this.#spilling.length === 0 && this.#deadline !== undefined) {
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
    }
    this.#tellIdle();
  }

  /**
   * A commit costs as much for one event as for fifty, so events nobody waits for let a busy server go on: they gather while each
   * turn of the event loop brings more of them. There is no timer: a turn that brings none ends it, and so does an event that
   * somebody waits for.
   */
  async #gather(): Promise<void> {
    // Their callers wait until the next batch, of what is there already, is on its way.
    if (this.#stored.length > 0) return;
    for (let turn = 0; turn < MOST_TURNS && !this.#stopped && this.#durable.length === 0; turn++) {
      this.#admit();
      const waiting = this.#background.length;
      if (waiting === 0 || waiting >= MOST_PER_BATCH) return;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#background.length + this.#arrived.length <= waiting) return;
    }
  }

  /** One batch from the queues and, where the spool holds any, one from there. Answers false when nothing is left to do. */
  async #writeNext(): Promise<boolean> {
    this.#admit();
    // What lies in the spool, or is on its way there, is older than what waits in memory.
    const older = this.#account.spooled > 0 || this.#spilling.length > 0;
    const batch = older
      ? this.#durable.takeMatching(mayOvertake, MOST_PER_BATCH)
      : inOrder(this.#durable.take(MOST_PER_BATCH), (left) => this.#background.take(left));
    const well = batch.length === 0 || (await this.#write(batch));
    if (well && this.#account.spooled > 0 && !this.#stopped) await this.#replay();
    if (this.#account.spooled > 0) void this.#spill();
    return batch.length > 0 || this.#account.spooled > 0;
  }

  async #write(batch: readonly Delivered[]): Promise<boolean> {
    this.#inFlight = batch;
    const call = ++this.#calls;
    try {
      this.#expectAnswer();
      const begun = performance.now();
      const answer = this.#outlet.append(batch);
      this.#settleStored();
      const result = await answer;
      this.#busySince = undefined;
      // close() or an exit took the batch over while the sink was busy.
      if (this.#calls !== call) return false;
      this.#flushes++;
      this.#flushMs += performance.now() - begun;
      const written = this.#inFlight;
      this.#inFlight = [];
      if (result.refused.length === 0 && this.#nextIsReady()) this.#keepForLater(written);
      else this.#written(written, result);
      this.#recovered();
      return true;
    } catch (cause) {
      this.#busySince = undefined;
      this.#settleStored();
      if (this.#calls !== call) return false;
      const rest = this.#inFlight;
      this.#inFlight = [];
      this.#putBack(rest);
      await this.#failed(asError(cause, this.sink));
      return false;
    }
  }

  /** True where the sink can be given a whole batch at once, so that it is busy while those who waited for the last one go on. */
  #nextIsReady(): boolean {
    if (this.#stopped || this.#account.spooled > 0 || this.#spilling.length > 0) return false;
    return this.#durable.length + this.#background.length >= WORTH_A_COMMIT;
  }

  #keepForLater(written: readonly Delivered[]): void {
    for (const event of written) this.#account.write(event.type);
    this.#stored = written;
  }

  #settleStored(): void {
    const stored = this.#stored;
    this.#stored = [];
    for (const event of stored) {
      event.settle(this);
      event.release();
    }
  }

  /** Events that were not refused are where `count` says; only then do receipts settle, in their order. */
  #leave(events: readonly Delivered[], refused: readonly RefusedEvent[], count: (event: Delivered) => void): void {
    const reasons = new Map(refused.map((answer) => [answer.id, answer]));
    const reasonOf = (event: Delivered) => (reasons.size === 0 ? undefined : reasons.get(event.id));
    for (const event of events) if (reasonOf(event) === undefined) count(event);
    for (const event of events) {
      const reason = reasonOf(event);
      if (reason !== undefined) this.#refused(event, reason);
      else {
        event.settle(this);
        event.release();
      }
    }
  }

  #written(events: readonly Delivered[], { refused }: AppendResult): void {
    this.#leave(events, refused, (event) => this.#account.write(event.type));
  }

  #spooled(events: readonly Delivered[], refused: readonly RefusedEvent[]): void {
    this.#leave(events, refused, () => this.#account.spooled++);
  }

  /** As it waits; undefined where it is dropped at once. */
  #taken(recorded: RecordedEvent): Delivered | undefined {
    const verdict = recorded.verdict();
    if (verdict !== undefined) {
      this.#drop(recorded, "quarantined", verdict);
      this.#options.problem(verdict);
      return undefined;
    }
    try {
      return this.#outlet.take(recorded);
    } catch (cause) {
      this.#refused(recorded, refusalOf(recorded.id, cause));
      return undefined;
    }
  }

  #refused(event: Delivered, { code, hint }: RefusedEvent): void {
    const error = new DaybookError("EVENT_REFUSED", `Sink ${this.sink.name} answered ${code}: ${hint}`);
    this.#drop(event, "refused", error);
    this.#options.problem(error);
  }

  async #replay(): Promise<void> {
    const { files, form } = this.#options.spool!;
    try {
      const batch = await files.next();
      if (batch === undefined || this.#stopped) return;
      this.#expectAnswer();
      const { refused } = batch.events.length === 0 ? { refused: [] } : await form.append(linesOf(batch.events), { durable: true });
      this.#busySince = undefined;
      if (this.#stopped) return;
      const refusedIds = new Set(refused.map((answer) => answer.id));
      this.#account.spooled -= batch.events.length + batch.lost;
      for (const { id, type } of batch.events) if (!refusedIds.has(id)) this.#account.write(type);
      this.#account.dropped.refused += refused.length;
      this.#account.dropped.spool_lost += batch.lost;
      for (let i = 0; i < batch.lost; i++) this.#options.gaps?.lost("unknown");
      for (const { code, hint } of refused)
        this.#options.problem(new DaybookError("EVENT_REFUSED", `Sink ${this.sink.name} answered ${code}: ${hint}`));
      this.#recovered();
      await files.confirm(batch);
    } catch (cause) {
      this.#busySince = undefined;
      await this.#failed(asError(cause, this.sink));
    }
  }

  #recovered(): void {
    this.#failures = 0;
    this.#unavailable = false;
    this.#spoolFailed = false;
    if (this.#options.gaps?.open) this.#options.gaps.well();
  }

  /** Lets what may be spooled go there, and waits before the next attempt. */
  async #failed(error: DaybookError): Promise<void> {
    if (this.#stopped) return;
    this.#failedWrites++;
    if (this.#failures++ === 0) {
      this.#options.problem(error);
      this.#options.gaps?.failed();
    }
    this.#unavailable = true;
    this.#spoolFailed = false;
    void this.#spill();
    this.#tellIdle();
    const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10));
    await new Promise<void>((resolve) => {
      // A process that has nothing else to do ends; what waits is written or spooled on the way out.
      const timer = setTimeout(resolve, delay).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Back in front, without durable events whose time is over. */
  #putBack(batch: readonly Delivered[]): void {
    this.#durable.putBack(batch.filter((event) => event.durable));
    this.#background.putBack(batch.filter((event) => !event.durable));
    this.#giveUpOld();
  }

  /** A sink that is busy with one batch for half the deadline counts as unavailable until it answers. */
  #expectAnswer(): void {
    if (this.#options.spool === undefined) return;
    this.#busySince = performance.now();
    this.#patience ??= this.#patienceTimer(this.#options.deadlineMs / 2);
  }

  #patienceTimer(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#patience = undefined;
      if (this.#busySince === undefined || this.#unavailable || this.#stopped) return;
      const busy = performance.now() - this.#busySince;
      const left = this.#options.deadlineMs / 2 - busy;
      if (left > 1) {
        this.#patience = this.#patienceTimer(left);
        return;
      }
      this.#tooSlow(busy);
    }, ms).unref();
  }

  #tooSlow(forMs: number): void {
    this.#unavailable = true;
    this.#options.gaps?.failed(forMs);
    this.#options.problem(new DaybookError("SINK_TIMEOUT", `Sink ${this.sink.name} has taken nothing for ${Math.round(forMs)} ms.`));
    this.#takeBackSpoolable();
    void this.#spill();
  }

  /** A sink that keeps an event once may be given again what it has not answered for; until then that is safer in the spool. */
  #takeBackSpoolable(): void {
    if (!this.sink.supports.idempotent) return;
    const back = this.#inFlight.filter(maySpool);
    this.#inFlight = this.#inFlight.filter((event) => !maySpool(event));
    this.#putBack(back);
  }

  /** Moves what may be spooled from the queues to the spool, while the sink is unavailable or older events lie there already. */
  async #spill(): Promise<void> {
    const { spool, gaps } = this.#options;
    if (spool === undefined || this.#spilling.length > 0 || this.#spoolFailed) return;
    for (;;) {
      const taken = this.#spillable();
      if (taken.length === 0) break;
      this.#spilling = taken;
      try {
        const { events, refused } = this.#outlet.spooled(taken);
        await spool.files.append(events);
        if (this.#spilling !== taken) return;
        this.#spilling = [];
        gaps?.spooled(events.length);
        this.#spooled(taken, refused);
      } catch (cause) {
        if (this.#spilling !== taken) return;
        this.#spilling = [];
        this.#spoolFailed = true;
        this.#putBack(taken);
        this.#options.problem(asError(cause, this.sink));
        break;
      }
    }
    this.#tellIdle();
    this.#schedule();
  }

  #spillable(): Delivered[] {
    this.#admit();
    if (this.#unavailable) {
      const durable = this.#durable.length > 0 ? this.#durable.takeMatching(maySpool, MOST_PER_BATCH) : [];
      return durable.length > 0 ? durable : this.#background.takeMatching((event) => event.policy === "spool", MOST_PER_BATCH);
    }
    if (this.#account.spooled === 0) return [];
    // While the spool is replayed, who waits for a durable event goes on at once, and what does not wait stays in memory.
    const durable = this.#durable.length > 0 ? this.#durable.takeMatching((event) => event.policy === "spool", MOST_PER_BATCH) : [];
    if (durable.length > 0 || this.#background.length < this.#options.maxEvents / 2) return durable;
    return this.#background.takeMatching((event) => event.policy === "spool", MOST_PER_BATCH);
  }

  /** When the log closes: what may be spooled goes there as the last resort. Answers what is left. */
  async #spoolRest(left: readonly Delivered[]): Promise<readonly Delivered[]> {
    const { spool } = this.#options;
    const [taken, others] = partition(left, maySpool);
    if (spool === undefined || taken.length === 0) return left;
    try {
      const { events, refused } = this.#outlet.spooled(taken);
      await spool.files.append(events);
      this.#spooled(taken, refused);
      return others;
    } catch (cause) {
      this.#options.problem(asError(cause, this.sink));
      return left;
    }
  }

  /** No caller hangs: a receipt whose sink neither stores nor fails is settled when its time is over. */
  #watchDeadline(): void {
    if (this.#deadline !== undefined) return;
    const { deadlineMs } = this.#options;
    const since = this.#waitingSince(performance.now() - deadlineMs) ?? performance.now();
    this.#deadline = setTimeout(
      () => {
        this.#deadline = undefined;
        const tooLong = performance.now() - deadlineMs;
        const longest = this.#durable.longest();
        if (!this.#unavailable && this.#spoolIsOpen() && longest !== undefined && longest <= tooLong) this.#tooSlow(deadlineMs);
        this.#giveUpOld();
        const error = this.#timeout();
        // What the sink or the spool is busy with may still be stored; only the waiting ends.
        for (const event of [...this.#inFlight, ...this.#spilling]) if (event.durable && event.since <= tooLong) event.settle(this, error);
        if (this.#waitingSince(tooLong) !== undefined) this.#watchDeadline();
      },
      Math.max(MIN_WATCH_MS, since + deadlineMs - performance.now() + 1),
    ).unref();
  }

  /** Since when the longest wait lasts, among those that can still be ended. */
  #waitingSince(tooLong: number): number | undefined {
    let since = this.#durable.longest();
    for (const event of [...this.#inFlight, ...this.#spilling]) {
      if (event.durable && event.since > tooLong && (since === undefined || event.since < since)) since = event.since;
    }
    return since;
  }

  /** What may be spooled goes there instead, as long as the spool takes it. */
  #giveUpOld(): void {
    const longest = this.required ? this.#durable.longest() : undefined;
    const tooLong = performance.now() - this.#options.deadlineMs;
    if (longest === undefined || longest > tooLong) return;
    const error = this.#timeout();
    const spared = this.#spoolIsOpen() ? maySpool : () => false;
    for (const event of this.#durable.takeMatching((each) => each.since <= tooLong && !spared(each)))
      this.#drop(event, "sink_failed", error);
  }

  #spoolIsOpen(): boolean {
    return this.#options.spool !== undefined && !this.#spoolFailed;
  }

  #timeout(): DaybookError {
    return new DaybookError("SINK_TIMEOUT", `Sink ${this.sink.name} did not answer within ${this.#options.deadlineMs} ms.`);
  }

  /**
   * The oldest and least important go first: informational events, then others, events about security last. A durable event drives
   * nothing out. Answers false where the new event itself had to go.
   */
  #makeRoom(event: Delivered, waiting: WaitingEvents<Delivered>): boolean {
    const error = new DaybookError("QUEUE_FULL", `Sink ${this.sink.name} is slower than events arrive; ${waiting.length} wait.`);
    this.#options.problem(error);
    const victims = event.durable ? undefined : waiting.removeFor(event.bytes, event.rank);
    if (victims === undefined) {
      this.#drop(event, "queue_full", error);
      return false;
    }
    for (const victim of victims) this.#drop(victim, "queue_full", error);
    return true;
  }

  #takeEverything(): Delivered[] {
    this.#calls++;
    this.#admit();
    const everything = [...this.#inFlight, ...this.#spilling, ...this.#durable.take(Infinity), ...this.#background.take(Infinity)];
    this.#inFlight = [];
    this.#spilling = [];
    return everything;
  }

  #drop(event: Delivered, reason: DropReason, error: DaybookError): void {
    this.#account.dropped[reason]++;
    if (LOSS.has(reason)) this.#options.gaps?.lost(event.type);
    event.settle(this, error);
    event.release();
  }
}

/** While the spool is replayed, what could never lie there goes past it, and what was put first stays first. */
const mayOvertake = (event: Delivered) => event.policy !== "spool" || event.order < 0;

/** An event another required sink has already was acknowledged: it may reach this one late, whatever its policy. */
const maySpool = (event: Delivered) => event.policy === "spool" || event.persisted;

function partition<T>(all: readonly T[], matches: (each: T) => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const each of all) parts[matches(each) ? 0 : 1].push(each);
  return parts;
}

/** Durable events, and others where there is room for them, in the order in which they were recorded. */
function inOrder(durable: Delivered[], othersOf: (most: number) => Delivered[]): Delivered[] {
  const others = durable.length < MOST_PER_BATCH ? othersOf(MOST_PER_BATCH - durable.length) : [];
  if (durable.length === 0) return others;
  if (others.length === 0) return durable;
  return [...durable, ...others].sort((a, b) => a.order - b.order);
}

/** Settles with the work, or when the time is over. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

const asError = (cause: unknown, sink: AuditSink) =>
  isDaybookError(cause)
    ? cause
    : new DaybookError("SINK_FAILED", `Sink ${sink.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
