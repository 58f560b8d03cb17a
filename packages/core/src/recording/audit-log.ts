import { asError } from "../as-error.ts";
import { currentContext, type Denial, type RequestContext } from "../context/request-context.ts";
import type { AuditStore } from "../contracts/audit-store.ts";
import type { Companion } from "../contracts/companion.ts";
import type { Receipt } from "../contracts/receipt.ts";
import { DaybookError } from "../daybook-error.ts";
import { defined } from "../defined.ts";
import type { DeliveryCounters, DeliveryMeter } from "../delivery/delivery-account.ts";
import { type EventPolicy, policyLine } from "../delivery/event-policy.ts";
import type { Gap } from "../delivery/gap-tracker.ts";
import { PendingReceipt } from "../delivery/pending-receipt.ts";
import { RecordedEvent } from "../delivery/recorded-event.ts";
import { Settlement } from "../delivery/settlement.ts";
import type { RequestInfo } from "../events/audit-event.ts";
import { type BuiltInEvent, permissionDenied } from "../events/built-in-events.ts";
import type { Catalogue } from "../events/catalogue.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";
import { glassBroken, glassRestored, trailGap } from "../events/trail-events.ts";
import type { JsonObject } from "../json.ts";
import { within } from "../within.ts";
import { type AuditLogOptions, DEFAULT_CLOSE_DEADLINE_MS, DEFAULT_DEADLINE_MS } from "./audit-log-options.ts";
import { BreakGlass } from "./break-glass.ts";
import { denialFields } from "./denial.ts";
import type { ComposedEvent } from "./event-composer.ts";
import type { Handling } from "./handling.ts";
import { type LogParts, logParts } from "./log-parts.ts";
import { flushAtExit } from "./process-exit.ts";
import type { AnyRecordFields, RecordArguments } from "./record-fields.ts";
import { isoTime, TrailLifecycle } from "./trail-lifecycle.ts";
import { uuidV7 } from "./uuid-v7.ts";

/** Figures of a whole log: the counters of its store, or of its first required sink, and those of every sink. */
export interface AuditLogStats extends DeliveryCounters {
  readonly sinks: Readonly<Record<string, DeliveryCounters & { readonly required: boolean }>>;
  /** The spool file; absent if there is none. */
  readonly spool?: { readonly events: number; readonly bytes: number; readonly maxBytes: number };
  /** Secrets masked in free text. */
  readonly masked: number;
  /** Durable records made after their response had been sent, so that it could not wait for them. */
  readonly lateDurable: number;
  /** How often the clock of the server stepped by more than a second. */
  readonly clockSteps: number;
}

/** Request fields that an adapter knows better than the context. */
export interface RecordOverrides {
  readonly request?: RequestInfo;
  readonly context?: RequestContext;
}

/** What `record` knows of an event before it is composed. */
interface Recording {
  readonly fields: AnyRecordFields;
  readonly request: RequestInfo | undefined;
  readonly context: RequestContext | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly id: string;
}

/** How an event is handed to its sinks. */
interface Handed {
  readonly policy: FailurePolicy;
  /** Below zero: before everything in the queue. */
  readonly order: number;
  readonly receipt: PendingReceipt | undefined;
}

/**
 * The recorder. `record` returns at once; each sink is written in the background, one batch at a time.
 * @typeParam D the definitions this log accepts
 */
export class AuditLog<D extends EventDefinition = EventDefinition> {
  readonly catalogue: Catalogue;
  readonly store: AuditStore | undefined;
  readonly #parts: LogParts;
  readonly #life: TrailLifecycle | undefined;
  readonly #deadlineMs: number;
  readonly #closeDeadlineMs: number;
  readonly #stopWatchingExit: () => void;
  readonly #companions = new Set<Companion>();
  readonly #glass: BreakGlass;
  #order = 0;
  #lateDurable = 0;
  #unknown = 0;
  #lastAt = 0;
  #drained = false;
  #closing: Promise<{ readonly lost: number }> | undefined;

  /** Prefer `createAuditLog`, which infers the catalogue. */
  constructor(options: AuditLogOptions) {
    const parts = logParts(options, (gap) => this.#recordGap(gap, "last"));
    this.#parts = parts;
    this.#glass = new BreakGlass(parts.spool !== undefined);
    this.store = options.store;
    this.catalogue = parts.catalogue;
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.#closeDeadlineMs = options.closeDeadlineMs ?? DEFAULT_CLOSE_DEADLINE_MS;
    const markers = options.lifecycle ?? true;
    if (parts.spool !== undefined) {
      this.#life = new TrailLifecycle({
        run: parts.run,
        spool: parts.spool,
        delivery: parts.primary,
        store: options.store,
        markers,
        clock: parts.clock,
        now: parts.now,
        record: (definition, data, place) => this.#recordOwn(definition, data, place),
        gap: (gap, place) => this.#recordGap(gap, place),
        problem: (error) => this.problem(error),
      });
      if (markers) parts.report.notice(policyLine(this.policies()));
      this.#life.start();
    }
    const reason = options.breakGlass?.reason ?? process.env.DAYBOOK_BREAK_GLASS;
    if (reason) this.breakGlass({ reason });
    this.#stopWatchingExit = flushAtExit({
      signals: options.signals ?? true,
      close: () => this.close(),
      closeSync: (exitCode) => this.#closeSync(exitCode),
    });
  }

  /**
   * Records one event. Never throws and never makes an unhandled rejection: a failure settles the receipt, is counted, and is
   * passed to `onProblem`.
   */
  record<E extends D | BuiltInEvent>(definition: E, ...[fields]: RecordArguments<E>): Receipt {
    return this.recordWith(definition, (fields ?? {}) as AnyRecordFields, {});
  }

  /** `record` for adapters, which pass the request themselves. */
  recordWith(
    definition: EventDefinition,
    fields: AnyRecordFields,
    { request, context = currentContext() }: RecordOverrides,
  ): PendingReceipt {
    const at = this.#tick();
    const receipt = new PendingReceipt(uuidV7(at), this.#deadlineMs, this.#parts.hurry);
    try {
      this.#accept(definition, { fields, request, context, at, id: receipt.id }, receipt);
    } catch (cause) {
      receipt.settle(this.#unreadable(cause));
    }
    return receipt;
  }

  /**
   * `recordWith` for the many records that no caller awaits: without a receipt, a queued event costs the JavaScript heap nothing.
   * Returns the error if the record itself is refused.
   */
  recordWithoutReceipt(
    definition: EventDefinition,
    fields: AnyRecordFields,
    { request, context = currentContext() }: RecordOverrides,
  ): DaybookError | undefined {
    const at = this.#tick();
    try {
      this.#accept(definition, { fields, request, context, at, id: uuidV7(at) }, undefined);
      return undefined;
    } catch (cause) {
      return this.#unreadable(cause);
    }
  }

  /** Gives the reason of a refusal to the record of this request's 401, 403 or 429. Outside a request it records the denial at once. */
  deny(denial: Denial = {}): void {
    if (currentContext()?.deny?.(denial)) return;
    this.recordWith(permissionDenied, denialFields(denial), {});
  }

  /** How every kind of event is delivered, and what happens to it when the store fails: the whole catalogue. */
  policies(): readonly EventPolicy[] {
    return this.#parts.handlings.policies(this.catalogue);
  }

  /**
   * For an emergency in which operations matter more than their records. Until the returned function is called, no event blocks an
   * operation: events the store does not take are spooled, or dropped and counted if there is no spool. The log records both
   * moments, with the reason and the actor of the context.
   */
  breakGlass({ reason }: { readonly reason: string }): () => void {
    const end = this.#glass.begin(reason);
    this.recordWith(glassBroken, { data: { reason } }, {});
    return () => {
      if (end()) this.recordWith(glassRestored, { data: { reason } }, {});
    };
  }

  /**
   * Removes persons from the events in the spool, and returns the number of events changed. Events in memory reach the store, which
   * removes them there.
   * @throws {DaybookError} `SPOOL_FAILED`
   */
  async forgetSpooled(userIds: readonly string[]): Promise<number> {
    return (await this.#parts.spool?.forget(userIds)) ?? 0;
  }

  stats(): AuditLogStats {
    const { deliveries, primary, spool, composer, clock } = this.#parts;
    const sinks = Object.fromEntries(
      deliveries.map((delivery) => [delivery.sink.name, { ...delivery.counters(), required: delivery.required }]),
    );
    const first = primary.counters();
    return {
      ...first,
      // An event refused before any sink saw it counts on both sides, so that the sum holds.
      accepted: first.accepted + this.#unknown,
      dropped: { ...first.dropped, quarantined: first.dropped.quarantined + this.#unknown },
      sinks,
      ...defined({ spool: spool && { events: first.spooled, bytes: spool.bytes, maxBytes: spool.maxBytes } }),
      masked: composer.masked,
      lateDurable: this.#lateDurable,
      clockSteps: clock.steps,
    };
  }

  /** Figures of the deliveries for metrics, in the order of the sinks, the store first. */
  meters(): readonly DeliveryMeter[] {
    return this.#parts.deliveries.map((delivery) => delivery.meter());
  }

  /**
   * Resolves when every sink has stored, spooled or given up everything recorded so far, at the latest when `closeDeadlineMs` is
   * over.
   */
  async flush(): Promise<void> {
    await within(this.#closeDeadlineMs, Promise.all(this.#parts.deliveries.map((delivery) => delivery.idle())));
  }

  /** Closes the companion before this log, or at the end of the process, until the returned function is called. */
  accompany(companion: Companion): () => void {
    this.#companions.add(companion);
    return () => void this.#companions.delete(companion);
  }

  /** Writes queued events, with a deadline, and closes all sinks. Returns how many events could not be written. */
  close(): Promise<{ readonly lost: number }> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** True from the first call of `close()` on: the log records nothing any more. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Reports a failure that no caller awaits; adapters use it too. */
  problem(error: DaybookError): void {
    this.#parts.report.problem(error);
  }

  async #close(): Promise<{ readonly lost: number }> {
    const { deliveries, gaps, spool } = this.#parts;
    if (this.#companions.size > 0)
      await within(this.#closeDeadlineMs, Promise.all([...this.#companions].map((companion) => companion.close())));
    await this.#life?.opened;
    gaps.finish();
    this.#life?.closing("close");
    const left = await Promise.all(
      deliveries.map(async (delivery) => {
        const given = await delivery.close(this.#closeDeadlineMs);
        return delivery.required ? given : 0;
      }),
    );
    this.#drained = true;
    const lost = left.reduce((sum, each) => sum + each, 0);
    if (lost > 0) this.problem(new DaybookError("LOG_CLOSED", `${lost} events could not be written before close() ran out of time.`));
    try {
      await this.#spoolLastGap();
      await spool?.close();
    } catch (cause) {
      this.problem(asError(cause, "SPOOL_FAILED", "The spool could not be closed"));
    }
    this.#stopWatchingExit();
    return { lost };
  }

  /** Losses on the way out are recorded by the next run, which finds their gap in the spool. */
  async #spoolLastGap(): Promise<void> {
    const { spool, gaps, composer, now } = this.#parts;
    if (spool === undefined) return;
    const gap = gaps.take("closed");
    if (gap === undefined) return;
    const at = now();
    const { event } = composer.compose(trailGap, { data: gapData(gap) }, undefined, undefined, at, uuidV7(at));
    await spool.append([spool.encode({ event, definition: trailGap })]);
  }

  #closeSync(exitCode: number): void {
    for (const companion of this.#companions) companion.closeSync(this.#closeDeadlineMs);
    const { gaps, deliveries, spool } = this.#parts;
    gaps.finish();
    this.#life?.closing("exit", exitCode);
    for (const delivery of deliveries) delivery.closeSync(this.#closeDeadlineMs);
    try {
      spool?.closeSync();
    } catch (cause) {
      this.problem(asError(cause, "SPOOL_FAILED", "The spool could not be closed"));
    }
  }

  #tick(): number {
    const at = this.#parts.now();
    if (at < this.#lastAt) this.#life?.checkClock();
    this.#lastAt = at;
    return at;
  }

  #unreadable(cause: unknown): DaybookError {
    const error = asError(cause, "BAD_EVENT", "The event could not be read");
    this.#unknown++;
    this.problem(error);
    return error;
  }

  #accept(given: EventDefinition, recording: Recording, asked: PendingReceipt | undefined): void {
    if (this.#closing !== undefined) throw new DaybookError("LOG_CLOSED", "Record before close() is called, or open a new audit log.");
    const { handlings, composer } = this.#parts;
    const definition = handlings.has(given) ? given : given && this.catalogue.find(given);
    if (definition === undefined) {
      throw new DaybookError("UNKNOWN_EVENT", `Add the definition of ${given?.type}/${given?.action} to the catalogue of createAuditLog.`);
    }
    const { fields, request, context, at, id } = recording;
    const composed = composer.compose(definition, fields, request, context, at, id);
    const handling = handlings.of(definition, composed.event.severity);
    if (handling.required === 0) throw new DaybookError("BAD_OPTION", `No required sink takes events of type ${definition.type}.`);
    const policy = this.#glass.policy(handling.policy);
    // A durable event has a deadline, and several required sinks share one result: both need a receipt even if no caller asked for it.
    const receipt =
      asked ?? (handling.durable || handling.required > 1 ? new PendingReceipt(id, this.#deadlineMs, this.#parts.hurry) : undefined);
    this.#hand(composed, definition, handling, { policy, order: this.#order++, receipt });
    if (receipt === undefined || receipt.settled) return;
    if (handling.durable && context?.holdResponse !== undefined && !context.holdResponse(receipt)) this.#lateDurable++;
  }

  #hand({ event, bytes }: ComposedEvent, definition: EventDefinition, handling: Handling, { policy, order, receipt }: Handed): void {
    if (receipt !== undefined) receipt.policy = policy;
    const settlement = receipt && new Settlement(receipt, handling.required);
    const recorded = new RecordedEvent(event, definition, handling, policy, bytes, order, settlement);
    for (const each of handling.takers) {
      if (order < 0) each.pushFirst(recorded);
      else each.push(recorded);
    }
  }

  /** Records an event of the log about itself: no caller awaits it, and it reaches the trail late rather than never. */
  #recordOwn(definition: EventDefinition, data: JsonObject, place: "first" | "last"): PendingReceipt {
    const { composer, handlings, now } = this.#parts;
    const at = now();
    const receipt = new PendingReceipt(uuidV7(at), this.#deadlineMs, this.#parts.hurry);
    const composed = composer.compose(definition, { data }, undefined, undefined, at, receipt.id);
    const handling = handlings.of(definition, composed.event.severity);
    const order = place === "first" ? -1 - this.#order++ : this.#order++;
    this.#hand(composed, definition, handling, { policy: handling.policy, order, receipt });
    return receipt;
  }

  #recordGap(gap: Gap, place: "first" | "last"): void {
    if (this.#drained) {
      this.#parts.gaps.reopen(gap);
      return;
    }
    this.#recordOwn(trailGap, gapData(gap), place).whenSettled((error) => {
      if (error !== undefined) this.#parts.gaps.reopen(gap);
    });
  }
}

const gapData = ({ start, end, ...rest }: Gap): JsonObject => ({ ...rest, start: isoTime(start), end: isoTime(end) });
