import { randomBytes } from "node:crypto";
import { currentContext, type Denial, type RequestContext } from "../context/request-context.ts";
import type { AuditStore } from "../contracts/audit-store.ts";
import type { Companion } from "../contracts/companion.ts";
import { type EventForm, plainForm } from "../contracts/event-form.ts";
import type { Receipt } from "../contracts/receipt.ts";
import { DaybookError, isDaybookError } from "../daybook-error.ts";
import type { DeliveryCounters } from "../delivery/delivery-counters.ts";
import type { DeliveryMeter } from "../delivery/delivery-meter.ts";
import { type EventPolicy, failurePolicyOf, policyLine } from "../delivery/event-policy.ts";
import { type Gap, GapTracker } from "../delivery/gap-tracker.ts";
import { PendingReceipt } from "../delivery/pending-receipt.ts";
import { RecordedEvent } from "../delivery/recorded-event.ts";
import { Settlement } from "../delivery/settlement.ts";
import { SinkDelivery, within } from "../delivery/sink-delivery.ts";
import type { EventRank } from "../delivery/waiting-events.ts";
import type { AuditEvent, RequestInfo } from "../events/audit-event.ts";
import { BUILT_IN_EVENTS, type BuiltInEvent, permissionDenied } from "../events/built-in-events.ts";
import { Catalogue } from "../events/catalogue.ts";
import type { Delivery, EventDefinition } from "../events/event-definition.ts";
import { FAILURE_POLICIES, type FailurePolicy } from "../events/failure-policy.ts";
import { personDaysOf } from "../events/retention-days.ts";
import type { Severity } from "../events/severity.ts";
import { glassBroken, glassRestored, trailGap } from "../events/trail-events.ts";
import type { JsonObject } from "../json.ts";
import { Spool } from "../spool/spool.ts";
import type { AuditLogOptions, GivenSink } from "./audit-log-options.ts";
import { ClockWatch } from "./clock-watch.ts";
import { EventComposer } from "./event-composer.ts";
import { flushAtExit } from "./process-exit.ts";
import type { AnyRecordFields, RecordArguments } from "./record-fields.ts";
import { isoTime, TrailLifecycle } from "./trail-lifecycle.ts";
import { uuidV7 } from "./uuid-v7.ts";

export type { AuditLogOptions, GivenSink, SpoolPlace } from "./audit-log-options.ts";
export type { AnyRecordFields, RecordFields } from "./record-fields.ts";

/** Of a whole log: the counters of its store, or of its first required sink, and those of every sink. */
export interface AuditLogStats extends DeliveryCounters {
  readonly sinks: Readonly<Record<string, DeliveryCounters & { readonly required: boolean }>>;
  /** The spool file; absent where there is none. */
  readonly spool?: { readonly events: number; readonly bytes: number; readonly maxBytes: number };
  /** Secrets masked in free text. */
  readonly masked: number;
  /** Durable records made when their answer had already left, so that nothing could wait for them. */
  readonly lateDurable: number;
  /** How often the clock of the server stepped by more than a second. */
  readonly clockSteps: number;
}

/** How the events of one definition are treated; worked out once for each. */
interface Handling {
  readonly durable: boolean;
  readonly policy: FailurePolicy;
  readonly rank: EventRank;
  /** Sinks that take the type. */
  readonly takers: readonly SinkDelivery[];
  /** How many of them are required. */
  readonly required: number;
}

/** Request fields an adapter knows better than the context. */
export interface RecordOverrides {
  readonly request?: RequestInfo;
  readonly context?: RequestContext;
}

const REPORT_EVERY_MS = 10_000;
/** Events about security are the last to go when there is no room. */
const SECURITY_TYPES: ReadonlySet<string> = new Set([
  "access_control",
  "authentication",
  "suspicious_activity",
  "admin_action",
  "compliance",
]);

/**
 * The recorder. `record` returns at once; sinks are written in the background, one batch at a time each.
 * @typeParam D the definitions this log accepts
 */
export class AuditLog<D extends EventDefinition = EventDefinition> {
  readonly catalogue: Catalogue;
  readonly store: AuditStore | undefined;
  readonly #options: AuditLogOptions;
  readonly #composer: EventComposer;
  readonly #deliveries: readonly SinkDelivery[];
  /** The store's, or the first required one: it has the spool, and what it loses is a gap. */
  readonly #primary: SinkDelivery;
  readonly #spool: Spool | undefined;
  /** In which events lie there. */
  readonly #form: EventForm;
  readonly #gaps: GapTracker;
  readonly #clock: ClockWatch;
  readonly #life: TrailLifecycle | undefined;
  readonly #deadlineMs: number;
  readonly #closeDeadlineMs: number;
  readonly #now: () => number;
  readonly #stopWatchingExit: () => void;
  readonly #handlings = new Map<EventDefinition, Partial<Record<Severity, Handling>>>();
  readonly #reported = new Map<string, number>();
  readonly #companions = new Set<Companion>();
  #glassBroken: { readonly reason: string } | undefined;
  #order = 0;
  #lateDurable = 0;
  #unknown = 0;
  #lastAt = 0;
  #drained = false;
  #closing: Promise<{ readonly lost: number }> | undefined;

  /** Prefer `createAuditLog`, which infers the catalogue. */
  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#now = options.clock === undefined ? Date.now : () => options.clock!.now();
    this.#deadlineMs = options.deadlineMs ?? 5_000;
    this.#closeDeadlineMs = options.closeDeadlineMs ?? 5_000;
    this.store = options.store;
    this.catalogue = new Catalogue([...BUILT_IN_EVENTS, ...(options.catalogue ?? [])]);
    const { service, instance } = options;
    this.#composer = new EventComposer({ service, instance, fullAddresses: new Set(options.fullAddresses) });
    for (const [name, policy] of Object.entries(options.onStoreFailure ?? {})) {
      if (!FAILURE_POLICIES.includes(policy))
        throw new DaybookError("BAD_OPTION", `\`onStoreFailure.${name}\` is one of ${FAILURE_POLICIES.join(", ")}.`);
    }
    const sinks: GivenSink[] = (options.sinks ?? []).map((given) => ("sink" in given ? given : { sink: given }));
    if (options.store !== undefined) sinks.unshift({ sink: options.store, required: true });
    for (const given of sinks) this.#refuseOutliving(given);
    const primary = sinks.find((given) => given.required);
    if (primary === undefined) {
      throw new DaybookError("BAD_OPTION", "Give a `store`, or mark one of the `sinks` as required: somebody has to keep the events.");
    }
    this.#clock = new ClockWatch(this.#now);
    this.#gaps = new GapTracker(this.#now, (gap) => this.#recordGap(gap, "last"));
    const run = `${process.pid}-${randomBytes(6).toString("hex")}`;
    this.#form = options.store?.eventForm ?? plainForm(primary.sink, this.catalogue);
    const problem = (error: DaybookError) => this.problem(error);
    const now = this.#now;
    this.#spool = this.#openSpool(run, primary);
    this.#deliveries = sinks.map(
      (given) =>
        new SinkDelivery({
          sink: given.sink,
          required: given.required ?? false,
          types: given.types === undefined ? undefined : new Set(given.types),
          maxEvents: options.queue?.maxEvents ?? 10_000,
          maxBytes: options.queue?.maxBytes ?? 32 * 1024 * 1024,
          deadlineMs: this.#deadlineMs,
          form: given.sink === options.store ? options.store?.eventForm : undefined,
          spool: given === primary && this.#spool !== undefined ? { files: this.#spool, form: this.#form } : undefined,
          gaps: given === primary ? this.#gaps : undefined,
          problem,
        }),
    );
    this.#primary = this.#deliveries[sinks.indexOf(primary)]!;
    if (this.#spool !== undefined) {
      this.#life = new TrailLifecycle({
        run,
        spool: this.#spool,
        delivery: this.#primary,
        store: options.store,
        markers: options.lifecycle ?? true,
        clock: this.#clock,
        now,
        record: (definition, data, place) => this.#recordOwn(definition, data, place),
        gap: (gap, place) => this.#recordGap(gap, place),
        problem,
      });
      if (options.lifecycle ?? true) this.#notice(policyLine(this.policies()));
      this.#life.start();
    }
    const reason = options.breakGlass?.reason ?? process.env.DAYBOOK_BREAK_GLASS;
    if (reason !== undefined && reason !== "") this.breakGlass({ reason });
    this.#stopWatchingExit = flushAtExit({
      signals: options.signals ?? true,
      close: () => this.close(),
      closeSync: (exitCode) => this.#closeSync(exitCode),
    });
  }

  /**
   * Records one event. Never throws and never makes an unhandled rejection: what goes wrong settles the receipt, is counted and
   * told to `onProblem`.
   */
  record<E extends D | BuiltInEvent>(definition: E, ...[fields]: RecordArguments<E>): Receipt {
    return this.recordWith(definition, (fields ?? {}) as AnyRecordFields, {});
  }

  /** `record` for adapters, which give the request themselves. */
  recordWith(
    definition: EventDefinition,
    fields: AnyRecordFields,
    { request, context = currentContext() }: RecordOverrides,
  ): PendingReceipt {
    const at = this.#tick();
    const receipt = new PendingReceipt(uuidV7(at), this.#deadlineMs);
    try {
      this.#accept(definition, fields, request, context, at, receipt.id, receipt);
    } catch (cause) {
      receipt.settle(this.#unreadable(cause));
    }
    return receipt;
  }

  /**
   * `recordWith` for the many records nobody asks about again: without a receipt, what waits for the store costs the JavaScript heap
   * nothing. Answers with what is wrong with the record itself, where it is refused for that.
   */
  recordWithoutReceipt(
    definition: EventDefinition,
    fields: AnyRecordFields,
    { request, context = currentContext() }: RecordOverrides,
  ): DaybookError | undefined {
    const at = this.#tick();
    try {
      this.#accept(definition, fields, request, context, at, uuidV7(at), undefined);
      return undefined;
    } catch (cause) {
      return this.#unreadable(cause);
    }
  }

  /** Says why the current request is refused; the record of its 401, 403 or 429 carries it. Outside a request the denial is recorded at once. */
  deny(denial: Denial = {}): void {
    if (currentContext()?.deny?.(denial)) return;
    this.recordWith(permissionDenied, denialFields(denial), {});
  }

  /** How every kind of event is delivered, and what happens to it when the store fails: the whole catalogue. */
  policies(): readonly EventPolicy[] {
    return this.catalogue.all().map((definition) => {
      const delivery = this.#deliveryOf(definition, definition.severity);
      const { type, action } = definition;
      return { type, action, delivery, onStoreFailure: this.#failurePolicyOf(definition, delivery) };
    });
  }

  /**
   * For an emergency in which operations matter more than their records: from now until the returned function is called, no event
   * blocks an operation; what the store does not take goes to the spool, or is dropped and counted where there is none. Both
   * moments are themselves recorded, with the reason and the actor of the context.
   */
  breakGlass({ reason }: { readonly reason: string }): () => void {
    const broken = { reason };
    this.#glassBroken = broken;
    this.recordWith(glassBroken, { data: broken }, {});
    return () => {
      if (this.#glassBroken !== broken) return;
      this.#glassBroken = undefined;
      this.recordWith(glassRestored, { data: broken }, {});
    };
  }

  /**
   * Removes persons from the events that lie in the spool, and answers from how many. Events still in memory are the store's matter
   * when they reach it.
   * @throws {DaybookError} `SPOOL_FAILED`
   */
  async forgetSpooled(userIds: readonly string[]): Promise<number> {
    return (await this.#spool?.forget(userIds)) ?? 0;
  }

  stats(): AuditLogStats {
    const sinks = Object.fromEntries(
      this.#deliveries.map((delivery) => [delivery.sink.name, { ...delivery.counters(), required: delivery.required }]),
    );
    const first = this.#primary.counters();
    return {
      ...first,
      // What was refused before any sink saw it was accepted from nobody; it counts on both sides so that the sum holds.
      accepted: first.accepted + this.#unknown,
      dropped: { ...first.dropped, quarantined: first.dropped.quarantined + this.#unknown },
      sinks,
      ...(this.#spool === undefined ? {} : { spool: { events: first.spooled, bytes: this.#spool.bytes, maxBytes: this.#spool.maxBytes } }),
      masked: this.#composer.masked,
      lateDurable: this.#lateDurable,
      clockSteps: this.#clock.steps,
    };
  }

  /** What the deliveries did, sink by sink in the order given, the store first: for metrics. */
  meters(): readonly DeliveryMeter[] {
    return this.#deliveries.map((delivery) => delivery.meter());
  }

  /**
   * Settles when everything recorded so far has been stored, spooled or given up by every sink, at the latest when
   * `closeDeadlineMs` is over.
   */
  async flush(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#closeDeadlineMs);
    });
    await Promise.race([Promise.all(this.#deliveries.map((delivery) => delivery.idle())), late]);
    clearTimeout(timer);
  }

  /** From now until the returned function is called, the end of this log, or of the process, closes the companion first. */
  accompany(companion: Companion): () => void {
    this.#companions.add(companion);
    return () => void this.#companions.delete(companion);
  }

  /** Writes what waits, with a deadline, and closes all sinks. Answers how many events could not be written. */
  close(): Promise<{ readonly lost: number }> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** True from the first call of `close()` on: nothing is recorded any more. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Reports a failure nobody waits for; adapters use it too. */
  problem(error: DaybookError): void {
    if (this.#options.onProblem !== undefined) {
      this.#options.onProblem(error);
      return;
    }
    const now = this.#now();
    if (now - (this.#reported.get(error.code) ?? -Infinity) < REPORT_EVERY_MS) return;
    this.#reported.set(error.code, now);
    process.stderr.write(`daybook: ${error.message}\n`);
  }

  async #close(): Promise<{ readonly lost: number }> {
    if (this.#companions.size > 0)
      await within(this.#closeDeadlineMs, Promise.all([...this.#companions].map((companion) => companion.close())));
    await this.#life?.opened;
    this.#gaps.finish();
    this.#life?.closing("close");
    const left = await Promise.all(this.#deliveries.map((delivery) => delivery.close(this.#closeDeadlineMs)));
    this.#drained = true;
    const lost = this.#deliveries.reduce((sum, delivery, i) => sum + (delivery.required ? left[i]! : 0), 0);
    if (lost > 0) this.problem(new DaybookError("LOG_CLOSED", `${lost} events could not be written before close() ran out of time.`));
    try {
      if (this.#spool !== undefined) {
        await this.#spoolLastGap(this.#spool);
        await this.#spool.close();
      }
    } catch (cause) {
      this.problem(cause as DaybookError);
    }
    this.#stopWatchingExit();
    return { lost };
  }

  /** What was lost on the way out is told by the next run, which finds it in the spool. */
  async #spoolLastGap(spool: Spool): Promise<void> {
    const gap = this.#gaps.take("closed");
    if (gap === undefined) return;
    const at = this.#now();
    const { event } = this.#composer.compose(trailGap, { data: gapData(gap) }, undefined, undefined, at, uuidV7(at));
    const { id, type } = event;
    await spool.append([{ id, type, text: this.#form.encode({ event, definition: trailGap }) }]);
  }

  #closeSync(exitCode: number): void {
    for (const companion of this.#companions) companion.closeSync(this.#closeDeadlineMs);
    this.#gaps.finish();
    this.#life?.closing("exit", exitCode);
    for (const delivery of this.#deliveries) delivery.closeSync(this.#closeDeadlineMs);
    try {
      this.#spool?.closeSync();
    } catch (cause) {
      this.problem(cause as DaybookError);
    }
  }

  #tick(): number {
    const at = this.#now();
    if (at < this.#lastAt) this.#life?.checkClock();
    this.#lastAt = at;
    return at;
  }

  #unreadable(cause: unknown): DaybookError {
    const error = isDaybookError(cause)
      ? cause
      : new DaybookError("BAD_EVENT", `The event could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.#unknown++;
    this.problem(error);
    return error;
  }

  #accept(
    given: EventDefinition,
    fields: AnyRecordFields,
    request: RequestInfo | undefined,
    context: RequestContext | undefined,
    at: number,
    id: string,
    asked: PendingReceipt | undefined,
  ): void {
    if (this.#closing !== undefined) throw new DaybookError("LOG_CLOSED", "Record before close() is called, or open a new audit log.");
    const definition = this.#handlings.has(given) ? given : given && this.catalogue.find(given);
    if (definition === undefined) {
      throw new DaybookError("UNKNOWN_EVENT", `Add the definition of ${given?.type}/${given?.action} to the catalogue of createAuditLog.`);
    }
    const { event, bytes } = this.#composer.compose(definition, fields, request, context, at, id);
    const handling = this.#handlings.get(definition)?.[event.severity] ?? this.#handlingOf(definition, event.severity);
    if (handling.required === 0) throw new DaybookError("BAD_OPTION", `No required sink takes events of type ${definition.type}.`);
    let { policy } = handling;
    if (this.#glassBroken !== undefined && policy === "block") policy = this.#spool === undefined ? "continue" : "spool";
    // Also where nobody asks: a durable event has a deadline, and several required sinks share one answer.
    const receipt = asked ?? (handling.durable || handling.required > 1 ? new PendingReceipt(id, this.#deadlineMs) : undefined);
    this.#hand(event, definition, handling, policy, bytes, this.#order++, receipt);
    if (receipt === undefined || receipt.settled) return;
    if (handling.durable && context?.hold !== undefined && !context.hold(receipt)) this.#lateDurable++;
  }

  #hand(
    event: AuditEvent,
    definition: EventDefinition,
    handling: Handling,
    policy: FailurePolicy,
    bytes: number,
    order: number,
    receipt: PendingReceipt | undefined,
  ): void {
    if (receipt !== undefined) receipt.policy = policy;
    const settlement = receipt && new Settlement(receipt, handling.required);
    const recorded = new RecordedEvent(event, definition, handling, policy, bytes, order, settlement);
    for (const each of handling.takers) {
      if (order < 0) each.pushFirst(recorded);
      else each.push(recorded);
    }
  }

  #handlingOf(definition: EventDefinition, severity: Severity): Handling {
    const delivery = this.#deliveryOf(definition, severity);
    const takers = this.#deliveries.filter((each) => each.takes(definition.type));
    const handling: Handling = {
      durable: delivery === "durable",
      policy: this.#failurePolicyOf(definition, delivery),
      rank: SECURITY_TYPES.has(definition.type) ? 2 : severity === "info" ? 0 : 1,
      takers,
      required: takers.reduce((n, each) => n + (each.required ? 1 : 0), 0),
    };
    const known = this.#handlings.get(definition);
    if (known === undefined) this.#handlings.set(definition, { [severity]: handling });
    else known[severity] = handling;
    return handling;
  }

  /** Without a spool, who waits for an event that has nowhere to go is told so, and nobody else is stopped. */
  #failurePolicyOf(definition: EventDefinition, delivery: Delivery): FailurePolicy {
    const policy = failurePolicyOf(definition, delivery, this.#options.onStoreFailure);
    if (policy !== "spool" || this.#spool !== undefined) return policy;
    return delivery === "durable" ? "block" : "continue";
  }

  #deliveryOf(definition: EventDefinition, severity: Severity): Delivery {
    return severity === "critical" ? "durable" : (this.#options.delivery?.[definition.type] ?? definition.delivery);
  }

  /** A record of the log about itself: nobody waits for it, and it reaches the trail late rather than never. */
  #recordOwn(definition: EventDefinition, data: JsonObject, place: "first" | "last"): PendingReceipt {
    const at = this.#now();
    const receipt = new PendingReceipt(uuidV7(at), this.#deadlineMs);
    const { event, bytes } = this.#composer.compose(definition, { data }, undefined, undefined, at, receipt.id);
    const handling = this.#handlingOf(definition, event.severity);
    const order = place === "first" ? -1 - this.#order++ : this.#order++;
    this.#hand(event, definition, handling, handling.policy, bytes, order, receipt);
    return receipt;
  }

  #recordGap(gap: Gap, place: "first" | "last"): void {
    if (this.#drained) {
      this.#gaps.reopen(gap);
      return;
    }
    this.#recordOwn(trailGap, gapData(gap), place).whenSettled((error) => {
      if (error !== undefined) this.#gaps.reopen(gap);
    });
  }

  #openSpool(run: string, { sink }: GivenSink): Spool | undefined {
    const { spool, store } = this.#options;
    const path = spool === false ? undefined : (spool?.path ?? store?.spoolPath);
    if (path === undefined) return undefined;
    const maxBytes = (spool === false ? undefined : spool?.maxBytes) ?? 64 * 1024 * 1024;
    if (!(maxBytes >= 64 * 1024)) throw new DaybookError("BAD_OPTION", "`spool.maxBytes` is at least 65536.");
    const problem = (error: DaybookError) => this.problem(error);
    return Spool.open({ path, maxBytes, form: this.#form, run, idempotent: sink.supports.idempotent, now: this.#now, problem });
  }

  /** A file nobody can erase a person from must not keep records longer than they may be kept. */
  #refuseOutliving({ sink, types }: GivenSink): void {
    const { erasure, expiresAfterDays } = sink.supports;
    if (erasure !== "expire" || expiresAfterDays === undefined) return;
    for (const definition of this.catalogue.all()) {
      const days = types === undefined || types.includes(definition.type) ? personDaysOf(definition) : undefined;
      if (days === undefined || expiresAfterDays <= days) continue;
      throw new DaybookError(
        "BAD_OPTION",
        `Sink ${sink.name} keeps records for ${expiresAfterDays} days, but the personal part of ${definition.type} may be kept for ${days}: let it keep fewer files, or give it other \`types\`.`,
      );
    }
  }

  #notice(text: string): void {
    if (this.#options.onNotice !== undefined) this.#options.onNotice(text);
    else process.stderr.write(`daybook: ${text}\n`);
  }
}

/**
 * An audit log over a store and any number of further sinks.
 * @throws {DaybookError} `BAD_OPTION`, `DUPLICATE_DEFINITION`, `SPOOL_FAILED`
 */
export function createAuditLog<const C extends readonly EventDefinition[] = readonly []>(
  options: AuditLogOptions<C>,
): AuditLog<C[number] | BuiltInEvent> {
  return new AuditLog(options);
}

/** The fields a denial adds to its record. */
export function denialFields(denial: Denial): AnyRecordFields {
  const data: Record<string, unknown> = {};
  if (denial.policy !== undefined) data.policy = denial.policy;
  if (denial.permissionsHeld !== undefined) data.permissionsHeld = denial.permissionsHeld;
  if (denial.permissionsRequired !== undefined) data.permissionsRequired = denial.permissionsRequired;
  return {
    ...(denial.resource === undefined ? {} : { resource: denial.resource }),
    ...(denial.reason === undefined ? {} : { reason: denial.reason }),
    ...(Object.keys(data).length === 0 ? {} : { data }),
  };
}

const gapData = ({ start, end, ...rest }: Gap): JsonObject => ({ ...rest, start: isoTime(start), end: isoTime(end) });
