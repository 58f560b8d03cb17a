import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ACTOR_KINDS, type Actor, type Subject } from "./actor.ts";
import type { AuditEvent, EventError, RequestInfo, Resource } from "./audit-event.ts";
import type { AuditSink } from "./audit-sink.ts";
import type { AuditStore } from "./audit-store.ts";
import { BUILT_IN_EVENTS, type BuiltInEvent, permissionDenied } from "./built-in-events.ts";
import { Catalogue } from "./catalogue.ts";
import { DaybookError, isDaybookError } from "./daybook-error.ts";
import type { DeliveryCounters } from "./delivery-counters.ts";
import type { DeliveryMeter } from "./delivery-meter.ts";
import type { Delivery, EventDefinition, PayloadSchema } from "./event-definition.ts";
import { truncateIp } from "./ip-truncation.ts";
import type { JsonObject } from "./json.ts";
import { OUTCOMES, type Outcome } from "./outcome.ts";
import { snapshot } from "./payload-snapshot.ts";
import { flushAtExit } from "./process-exit.ts";
import { PendingReceipt, type Receipt } from "./receipt.ts";
import { currentContext, type Denial, type RequestContext } from "./request-context.ts";
import { personDaysOf } from "./retention-days.ts";
import { maskSecrets } from "./secret-masking.ts";
import { SEVERITIES, type Severity } from "./severity.ts";
import { type Delivered, SinkDelivery } from "./sink-delivery.ts";
import { activeSpan } from "./trace-context.ts";
import { userAgentProduct } from "./user-agent.ts";
import { uuidV7 } from "./uuid-v7.ts";

export interface AuditLogOptions<C extends readonly EventDefinition[] = readonly EventDefinition[]> {
  /** Where events are kept and read back. A required sink. */
  readonly store?: AuditStore | undefined;
  /** Further sinks. Those not marked `required` can neither slow nor fail a request. */
  readonly sinks?: readonly (AuditSink | GivenSink)[];
  /** The application's own definitions, beside the built-in ones. */
  readonly catalogue?: C;
  /** Component that writes, `[A-Za-z0-9._-]{1,64}`; appears in every event. */
  readonly service?: string;
  /** Process that writes, `[A-Za-z0-9._-]{1,64}`. */
  readonly instance?: string;
  /** Delivery class of whole types, over the one of their definitions. */
  readonly delivery?: Readonly<Record<string, Delivery>>;
  /** Types whose records hold the whole client address; all others hold its /24 or /48. Only `authentication` and `suspicious_activity`. */
  readonly fullAddresses?: readonly ("authentication" | "suspicious_activity")[];
  readonly queue?: {
    /** Events of each delivery class that may wait for a sink. Default 10 000. */
    readonly maxEvents?: number;
    /** Bytes of each delivery class that may wait for a sink, estimated. Default 32 MiB. */
    readonly maxBytes?: number;
  };
  /** A durable event that no sink stored within this time is given up. Milliseconds, default 5 000. */
  readonly deadlineMs?: number;
  /** How long `close()` and a process exit may take to write what waits. Milliseconds, default 5 000. */
  readonly closeDeadlineMs?: number;
  /** Flush on SIGTERM and SIGINT unless the application handles them. Default true. */
  readonly signals?: boolean;
  /** Told about every failure nobody else hears of. Default: one line on stderr, at most one per code and ten seconds. */
  readonly onProblem?: (error: DaybookError) => void;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

export interface GivenSink {
  readonly sink: AuditSink;
  /** One required sink at least has to keep an event, or its receipt rejects. Default false. */
  readonly required?: boolean;
  /** Types of events the sink is given. Default: all. */
  readonly types?: readonly string[];
}

type Payload<D extends EventDefinition> = D extends { readonly schema: infer S extends PayloadSchema }
  ? StandardSchemaV1.InferInput<S>
  : undefined;

type DataField<D extends EventDefinition> = [Payload<D>] extends [undefined]
  ? { readonly data?: undefined }
  : Record<never, never> extends Payload<D>
    ? { readonly data?: Payload<D> | undefined }
    : { readonly data: Payload<D> };

/** What a record may say beside its payload. Actor, request and trace are taken from the context unless given. */
interface EnvelopeFields {
  readonly actor?: Actor | undefined;
  readonly subjects?: readonly Subject[] | undefined;
  readonly resource?: Resource | undefined;
  readonly purpose?: string | undefined;
  readonly reason?: string | undefined;
  readonly tenant?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly outcome?: Outcome | undefined;
  readonly error?: EventError | undefined;
}

/** The fields of a record of one definition: its payload as the schema wants it, and the envelope. */
export type RecordFields<D extends EventDefinition> = DataField<D> & EnvelopeFields;

/** The fields of a record whose definition is known at run time only. */
export type AnyRecordFields = EnvelopeFields & { readonly data?: unknown };

type RecordArguments<D extends EventDefinition> =
  Record<never, never> extends RecordFields<D> ? [fields?: RecordFields<D>] : [fields: RecordFields<D>];

/** Of a whole log: the counters of its first required sink, and those of every sink. */
export interface AuditLogStats extends DeliveryCounters {
  readonly sinks: Readonly<Record<string, DeliveryCounters & { readonly required: boolean }>>;
  /** Secrets masked in free text. */
  readonly masked: number;
  /** Durable records made when their answer had already left, so that nothing could wait for them. */
  readonly lateDurable: number;
}

/** Request fields an adapter knows better than the context. */
export interface RecordOverrides {
  readonly request?: RequestInfo;
  readonly context?: RequestContext;
}

const SYSTEM: Actor = { kind: "system" };
const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const ERROR_CODE = /^[A-Za-z0-9_.:-]{1,64}$/;
const COMPONENT = /^[A-Za-z0-9._-]{1,64}$/;
/** Room of a payload: what stays with the head, and what goes with a person (docs/ledger.md gives the limits of the parts). */
const HEAD_BUDGET = 5_500;
const PERSON_BUDGET = 48_000;
const ENVELOPE_BYTES = 600;
const REPORT_EVERY_MS = 10_000;

/**
 * The recorder. `record` returns at once; sinks are written in the background, one batch at a time each.
 * @typeParam D the definitions this log accepts
 */
export class AuditLog<D extends EventDefinition = EventDefinition> {
  readonly catalogue: Catalogue;
  readonly store: AuditStore | undefined;
  readonly #options: AuditLogOptions;
  readonly #deliveries: readonly SinkDelivery[];
  readonly #required: number;
  readonly #now: () => number;
  readonly #fullAddresses: ReadonlySet<string>;
  readonly #stopWatchingExit: () => void;
  readonly #reported = new Map<string, number>();
  #masked = 0;
  #lateDurable = 0;
  #unknown = 0;
  #closing: Promise<{ readonly lost: number }> | undefined;
  #lastMs = -1;
  #lastTime = "";

  /** Prefer `createAuditLog`, which infers the catalogue. */
  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.store = options.store;
    this.#now = options.clock === undefined ? Date.now : () => options.clock!.now();
    this.catalogue = new Catalogue([...BUILT_IN_EVENTS, ...(options.catalogue ?? [])]);
    this.#fullAddresses = new Set(options.fullAddresses);
    for (const name of ["service", "instance"] as const) {
      const value = options[name];
      if (value !== undefined && !COMPONENT.test(value))
        throw new DaybookError("BAD_OPTION", `\`${name}\` is 1 to 64 letters, digits, dots, dashes or underscores.`);
    }
    const sinks: GivenSink[] = (options.sinks ?? []).map((given) => ("sink" in given ? given : { sink: given }));
    if (options.store !== undefined) sinks.unshift({ sink: options.store, required: true });
    for (const given of sinks) this.#refuseOutliving(given);
    if (!sinks.some((given) => given.required)) {
      throw new DaybookError("BAD_OPTION", "Give a `store`, or mark one of the `sinks` as required: somebody has to keep the events.");
    }
    this.#deliveries = sinks.map(
      ({ sink, required = false, types }) =>
        new SinkDelivery({
          sink,
          required,
          types: types === undefined ? undefined : new Set(types),
          maxEvents: options.queue?.maxEvents ?? 10_000,
          maxBytes: options.queue?.maxBytes ?? 32 * 1024 * 1024,
          deadlineMs: options.deadlineMs ?? 5_000,
          now: this.#now,
          problem: (error) => this.problem(error),
        }),
    );
    this.#required = sinks.filter((given) => given.required).length;
    this.#stopWatchingExit = flushAtExit({
      signals: options.signals ?? true,
      close: () => this.close(),
      closeSync: () => this.#closeSync(),
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
  recordWith(definition: EventDefinition, fields: AnyRecordFields, { request, context = currentContext() }: RecordOverrides): Receipt {
    const at = this.#now();
    const receipt = new PendingReceipt(uuidV7(at));
    try {
      this.#accept(definition, fields, request, context, at, receipt);
    } catch (cause) {
      const error = isDaybookError(cause)
        ? cause
        : new DaybookError("BAD_EVENT", `The event could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
            cause,
          });
      this.#unknown++;
      receipt.settle(error);
      this.problem(error);
    }
    return receipt;
  }

  /** Says why the current request is refused; the record of its 401, 403 or 429 carries it. Outside a request the denial is recorded at once. */
  deny(denial: Denial = {}): void {
    if (currentContext()?.deny?.(denial)) return;
    this.recordWith(permissionDenied, denialFields(denial), {});
  }

  stats(): AuditLogStats {
    const sinks = Object.fromEntries(
      this.#deliveries.map((delivery) => [delivery.sink.name, { ...delivery.counters(), required: delivery.required }]),
    );
    const first = this.#deliveries.find((delivery) => delivery.required)!.counters();
    return {
      ...first,
      // What was refused before any sink saw it was accepted from nobody; it counts on both sides so that the sum holds.
      accepted: first.accepted + this.#unknown,
      dropped: { ...first.dropped, quarantined: first.dropped.quarantined + this.#unknown },
      sinks,
      masked: this.#masked,
      lateDurable: this.#lateDurable,
    };
  }

  /** What the deliveries did, sink by sink in the order given, the store first: for metrics. */
  meters(): readonly DeliveryMeter[] {
    return this.#deliveries.map((delivery) => delivery.meter());
  }

  /** Settles when everything recorded so far has been stored or given up by every sink. */
  async flush(): Promise<void> {
    await Promise.all(this.#deliveries.map((delivery) => delivery.idle()));
  }

  /** Writes what waits, with a deadline, and closes all sinks. Answers how many events could not be written. */
  close(): Promise<{ readonly lost: number }> {
    this.#closing ??= this.#close();
    return this.#closing;
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
    this.#stopWatchingExit();
    const deadline = this.#options.closeDeadlineMs ?? 5_000;
    let lost = 0;
    for (const delivery of this.#deliveries) {
      const left = await delivery.close(deadline);
      if (delivery.required) lost += left;
    }
    if (lost > 0) this.problem(new DaybookError("LOG_CLOSED", `${lost} events could not be written before close() ran out of time.`));
    return { lost };
  }

  #closeSync(): number {
    const deadline = this.#options.closeDeadlineMs ?? 5_000;
    let lost = 0;
    for (const delivery of this.#deliveries) lost += delivery.closeSync(deadline);
    return lost;
  }

  #accept(
    given: EventDefinition,
    fields: AnyRecordFields,
    request: RequestInfo | undefined,
    context: RequestContext | undefined,
    at: number,
    receipt: PendingReceipt,
  ): void {
    if (this.#closing !== undefined) throw new DaybookError("LOG_CLOSED", "Record before close() is called, or open a new audit log.");
    const definition = this.catalogue.find(given);
    if (definition === undefined) {
      throw new DaybookError("UNKNOWN_EVENT", `Add the definition of ${given?.type}/${given?.action} to the catalogue of createAuditLog.`);
    }
    const severity = fields.severity ?? definition.severity;
    if (severity !== definition.severity && !SEVERITIES.includes(severity)) throw badField("severity", `one of ${SEVERITIES.join(", ")}`);
    const outcome = fields.outcome ?? definition.outcome;
    if (outcome !== definition.outcome && !OUTCOMES.includes(outcome)) throw badField("outcome", `one of ${OUTCOMES.join(", ")}`);
    let bytes = ENVELOPE_BYTES;
    let data: JsonObject | undefined;
    if (fields.data !== undefined) {
      const copy = this.#snapshot(definition, fields.data);
      data = copy.value;
      bytes += copy.bytes;
    }
    const event: Mutable<AuditEvent> = {
      id: receipt.id,
      time: this.#time(at),
      type: definition.type,
      action: definition.action,
      severity,
      outcome,
      actor: this.#minimised(fields.actor ?? context?.actor() ?? SYSTEM, definition.type),
    };
    const requestInfo = request ?? requestOf(context);
    if (requestInfo !== undefined) event.request = requestInfo;
    if (data !== undefined) event.data = data;
    if (fields.subjects !== undefined && fields.subjects.length > 0)
      event.subjects = fields.subjects.map((subject, i) => this.#subject(subject, i));
    if (fields.resource !== undefined) event.resource = resourceOf(fields.resource);
    if (fields.purpose !== undefined) event.purpose = code("purpose", fields.purpose);
    if (fields.reason !== undefined) event.reason = code("reason", fields.reason);
    const tenant = fields.tenant ?? context?.tenant;
    if (tenant !== undefined) event.tenant = identifier("tenant", tenant, 128);
    if (fields.error !== undefined) event.error = this.#errorOf(fields.error);
    if (this.#options.service !== undefined) event.service = this.#options.service;
    if (this.#options.instance !== undefined) event.instance = this.#options.instance;

    const delivery = severity === "critical" ? "durable" : (this.#options.delivery?.[definition.type] ?? definition.delivery);
    const takers = this.#deliveries.length === 1 ? this.#deliveries : this.#deliveries.filter((each) => each.takes(definition.type));
    const required = this.#deliveries.length === 1 ? this.#required : takers.reduce((n, each) => n + (each.required ? 1 : 0), 0);
    if (required === 0) throw new DaybookError("BAD_OPTION", `No required sink takes events of type ${definition.type}.`);
    const recorded = new Recorded(event, definition, delivery === "durable", bytes, at, receipt, required);
    for (const each of takers) each.push(recorded);
    if (recorded.durable && context?.hold !== undefined && !receipt.settled && !context.hold(receipt)) this.#lateDurable++;
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

  #snapshot(definition: EventDefinition, data: unknown): { value: JsonObject; bytes: number } {
    if (typeof data !== "object" || data === null || Array.isArray(data)) throw badField("data", "an object");
    const declared = definition.personal !== undefined;
    const { value, changed, masked, bytes } = snapshot(data, declared ? HEAD_BUDGET : PERSON_BUDGET);
    this.#masked += masked;
    // The flag is part of the payload, so that it is stored, proved and shown like the rest.
    return { value: changed && !("truncated" in value) ? { ...value, truncated: true } : value, bytes };
  }

  #minimised(actor: Actor, type: string): Actor {
    const { kind, id, ip, userAgent, sessionId, about } = actor;
    if (!ACTOR_KINDS.includes(kind)) throw badField("actor.kind", `one of ${ACTOR_KINDS.join(", ")}`);
    const kept: Mutable<Actor> = { kind };
    if (id !== undefined) kept.id = identifier("actor.id", id, 512);
    if (ip !== undefined) {
      const address = this.#fullAddresses.has(type) ? ip : truncateIp(ip);
      if (address !== undefined) kept.ip = address.slice(0, 64);
    }
    if (userAgent !== undefined) kept.userAgent = userAgentProduct(String(userAgent));
    if (sessionId !== undefined) kept.sessionId = identifier("actor.sessionId", sessionId, 512);
    if (about !== undefined) kept.about = this.#about(about);
    return kept;
  }

  #subject({ id, role = "subject", about }: Subject, i: number): Subject {
    if (role !== "subject" && role !== "target") throw badField(`subjects[${i}].role`, "subject or target");
    const kept: Mutable<Subject> = { id: identifier(`subjects[${i}].id`, id, 512), role };
    if (about !== undefined) kept.about = this.#about(about);
    return kept;
  }

  #about(about: JsonObject): JsonObject {
    const { value, masked } = snapshot(about, 8_000);
    this.#masked += masked;
    return value;
  }

  #errorOf({ code: errorCode, message }: EventError): EventError {
    const kept: Mutable<EventError> = {};
    if (errorCode !== undefined) {
      if (!ERROR_CODE.test(errorCode)) throw badField("error.code", "1 to 64 letters, digits, or any of _ . : -");
      kept.code = errorCode;
    }
    if (message !== undefined) {
      const { text, count } = maskSecrets(String(message).slice(0, 2_048).toWellFormed());
      this.#masked += count;
      kept.message = text;
    }
    return kept;
  }

  #time(at: number): string {
    if (at !== this.#lastMs) {
      this.#lastMs = at;
      this.#lastTime = new Date(at).toISOString();
    }
    return this.#lastTime;
  }
}

/**
 * An audit log over a store and any number of further sinks.
 * @throws {DaybookError} `BAD_OPTION`, `DUPLICATE_DEFINITION`
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

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Recorded implements Delivered {
  readonly durable: boolean;
  readonly bytes: number;
  readonly at: number;
  readonly definition: EventDefinition;
  event: AuditEvent;
  readonly #receipt: PendingReceipt;
  #requiredLeft: number;
  #checked = false;
  #verdict: DaybookError | undefined;

  constructor(
    event: AuditEvent,
    definition: EventDefinition,
    durable: boolean,
    bytes: number,
    at: number,
    receipt: PendingReceipt,
    required: number,
  ) {
    this.event = event;
    this.definition = definition;
    this.durable = durable;
    this.bytes = bytes;
    this.at = at;
    this.#receipt = receipt;
    this.#requiredLeft = required;
  }

  verdict(): DaybookError | undefined {
    if (this.#checked) return this.#verdict;
    this.#checked = true;
    try {
      this.#validate();
    } catch (cause) {
      this.#verdict = isDaybookError(cause)
        ? cause
        : new DaybookError(
            "SCHEMA_VIOLATION",
            `The schema of ${this.event.action} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
            { cause },
          );
    }
    return this.#verdict;
  }

  settle(delivery: SinkDelivery, error?: DaybookError): void {
    if (!delivery.required) return;
    this.#requiredLeft--;
    if (error === undefined || this.#requiredLeft === 0) this.#receipt.settle(error);
  }

  #validate(): void {
    const { schema, action } = this.definition;
    const { data } = this.event;
    if (schema === undefined) {
      if (data !== undefined)
        throw new DaybookError("SCHEMA_VIOLATION", `The definition of ${action} has no \`data\` schema, so the event takes no data.`);
      return;
    }
    const answer = schema["~standard"].validate(data ?? {});
    if (answer instanceof Promise) throw new DaybookError("SCHEMA_ASYNC", `Give ${action} a schema that validates without promises.`);
    if (answer.issues !== undefined) {
      const first = answer.issues[0];
      const path = first?.path?.map((key) => (typeof key === "object" ? String(key.key) : String(key))).join(".");
      throw new DaybookError(
        "SCHEMA_VIOLATION",
        `In data of ${action}${path ? ` at ${path}` : ""}: ${first?.message ?? "it does not fit"}.`,
      );
    }
    if (answer.value !== data && data !== undefined) {
      const value = snapshot(answer.value as object, PERSON_BUDGET).value;
      // A closed schema strips the flag like any key it does not know; it belongs to the record, not to the caller.
      this.event = { ...this.event, data: data.truncated === true ? { ...value, truncated: true } : value };
    }
  }
}

function requestOf(context: RequestContext | undefined): RequestInfo | undefined {
  const span = activeSpan();
  if (context === undefined) return span;
  const route = context.route?.();
  const request: Mutable<RequestInfo> = {};
  if (context.requestId !== undefined) request.id = context.requestId;
  const traceId = span?.traceId ?? context.traceId;
  const spanId = span?.spanId ?? context.spanId;
  if (traceId !== undefined) request.traceId = traceId;
  if (spanId !== undefined) request.spanId = spanId;
  if (context.method !== undefined) request.method = context.method;
  if (route !== undefined) request.route = route;
  return request;
}

function identifier(field: string, value: unknown, longest: number): string {
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  if (typeof text !== "string" || text.length === 0 || text.length > longest || !text.isWellFormed()) {
    throw badField(field, `text of 1 to ${longest} characters without lone surrogates`);
  }
  return text;
}

function code(field: string, value: unknown): string {
  if (typeof value !== "string" || !CODE.test(value))
    throw badField(field, "a code: lower-case letters, digits, dots and underscores, at most 64, beginning with a letter");
  return value;
}

function resourceOf(resource: Resource): Resource {
  const kept: Mutable<Resource> = { type: code("resource.type", resource.type) };
  if (resource.id !== undefined) kept.id = identifier("resource.id", resource.id, 512);
  return kept;
}

const badField = (field: string, rule: string) => new DaybookError("BAD_EVENT", `\`${field}\` must be ${rule}.`);
