import type { RequestContext } from "../context/request-context.ts";
import { activeSpan } from "../context/trace-context.ts";
import { DaybookError } from "../daybook-error.ts";
import { ACTOR_KINDS, type Actor, type Subject } from "../events/actor.ts";
import type { AuditEvent, EventError, RequestInfo, Resource } from "../events/audit-event.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import { OUTCOMES } from "../events/outcome.ts";
import { SEVERITIES } from "../events/severity.ts";
import type { JsonObject } from "../json.ts";
import { truncateIp } from "../minimise/ip-truncation.ts";
import { HEAD_BUDGET, PERSON_BUDGET, snapshot } from "../minimise/payload-snapshot.ts";
import { maskSecrets } from "../minimise/secret-masking.ts";
import { userAgentProduct } from "../minimise/user-agent.ts";
import type { AnyRecordFields } from "./record-fields.ts";

export interface EventComposerOptions {
  readonly service: string | undefined;
  readonly instance: string | undefined;
  /** Types whose records keep the whole client address. */
  readonly fullAddresses: ReadonlySet<string>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const SYSTEM: Actor = { kind: "system" };
const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const ERROR_CODE = /^[A-Za-z0-9_.:-]{1,64}$/;
const COMPONENT = /^[A-Za-z0-9._-]{1,64}$/;
const ENVELOPE_BYTES = 600;

/** An event as it is recorded, with an estimate of its bytes. */
export interface ComposedEvent {
  readonly event: AuditEvent;
  readonly bytes: number;
}

/** Makes events from the fields of a caller: checks the envelope, adds the context, cuts and masks. */
export class EventComposer {
  /** Secrets masked in free text so far. */
  masked = 0;
  readonly #options: EventComposerOptions;
  #lastMs = -1;
  #lastTime = "";

  /** @throws {DaybookError} `BAD_OPTION` */
  constructor(options: EventComposerOptions) {
    for (const name of ["service", "instance"] as const) {
      const value = options[name];
      if (value !== undefined && !COMPONENT.test(value))
        throw new DaybookError("BAD_OPTION", `\`${name}\` is 1 to 64 letters, digits, dots, dashes or underscores.`);
    }
    this.#options = options;
  }

  /**
   * @param at milliseconds since the Unix epoch
   * @returns the event and an estimate of its bytes
   * @throws {DaybookError} `BAD_EVENT` naming the field
   */
  compose(
    definition: EventDefinition,
    fields: AnyRecordFields,
    request: RequestInfo | undefined,
    context: RequestContext | undefined,
    at: number,
    id: string,
  ): ComposedEvent {
    const severity = fields.severity ?? definition.severity;
    if (severity !== definition.severity && !SEVERITIES.includes(severity)) throw badField("severity", `one of ${SEVERITIES.join(", ")}`);
    const outcome = fields.outcome ?? definition.outcome;
    if (outcome !== definition.outcome && !OUTCOMES.includes(outcome)) throw badField("outcome", `one of ${OUTCOMES.join(", ")}`);
    let bytes = ENVELOPE_BYTES;
    let data: JsonObject | undefined;
    if (fields.data !== undefined) {
      const copy = this.#payload(definition, fields.data);
      data = copy.value;
      bytes += copy.bytes;
    }
    const event: Mutable<AuditEvent> = {
      id,
      time: this.#time(at),
      type: definition.type,
      action: definition.action,
      severity,
      outcome,
      actor: this.#actor(fields.actor ?? context?.actor() ?? SYSTEM, definition.type),
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
    if (fields.error !== undefined) event.error = this.#error(fields.error);
    const { service, instance } = this.#options;
    if (service !== undefined) event.service = service;
    if (instance !== undefined) event.instance = instance;
    return { event, bytes };
  }

  #payload(definition: EventDefinition, data: unknown): { value: JsonObject; bytes: number } {
    if (typeof data !== "object" || data === null || Array.isArray(data)) throw badField("data", "an object");
    const declared = definition.personal !== undefined;
    const { value, changed, masked, bytes } = snapshot(data, declared ? HEAD_BUDGET : PERSON_BUDGET);
    this.masked += masked;
    // The flag is part of the payload, so that it is stored, proved and shown like every other field.
    return { value: changed && !("truncated" in value) ? { ...value, truncated: true } : value, bytes };
  }

  #actor({ kind, id, ip, userAgent, sessionId, about }: Actor, type: string): Actor {
    if (!ACTOR_KINDS.includes(kind)) throw badField("actor.kind", `one of ${ACTOR_KINDS.join(", ")}`);
    const kept: Mutable<Actor> = { kind };
    if (id !== undefined) kept.id = identifier("actor.id", id, 512);
    if (ip !== undefined) {
      const address = this.#options.fullAddresses.has(type) ? ip : truncateIp(ip);
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
    this.masked += masked;
    return value;
  }

  #error({ code: errorCode, message }: EventError): EventError {
    const kept: Mutable<EventError> = {};
    if (errorCode !== undefined) {
      if (!ERROR_CODE.test(errorCode)) throw badField("error.code", "1 to 64 letters, digits, or any of _ . : -");
      kept.code = errorCode;
    }
    if (message !== undefined) {
      const { text, count } = maskSecrets(String(message).slice(0, 2_048).toWellFormed());
      this.masked += count;
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
