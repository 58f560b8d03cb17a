import { canonicalText, canonicalTextOfKeys, isPlainObject, PLAIN_TEXT } from "../encoding/canonical-json.ts";
import { RecurringText } from "../encoding/recurring-text.ts";
import type { LedgerKeys } from "../keys/keys.ts";
import { pseudonymOf, sessionDigest } from "../keys/pseudonym.ts";
import { LedgerError } from "../ledger-error.ts";
import { classOf, isEventClass } from "./entry-class.ts";
import type { PartRole, SplitEntry, SplitPart } from "./split-entry.ts";

type Json = { readonly [key: string]: unknown };

/** An event before it is split. A field that is `undefined` or null is absent. */
export interface LedgerEvent {
  /** UUIDv7, lower case. */
  readonly id: string;
  /** UTC, exactly `YYYY-MM-DDTHH:mm:ss.sssZ`. */
  readonly time: string;
  /** `[a-z][a-z0-9_]{1,39}` */
  readonly type: string;
  /** Dotted verb of at most 64 characters, not below `ledger.`. */
  readonly action: string;
  /** `info`, `warning`, `error` or `critical`. */
  readonly severity: string;
  /** `success`, `failure`, `denied` or `partial`. */
  readonly outcome: string;
  /** The person or program that acted. `kind` is `user`, `service`, `system`, `anonymous` or `ai_agent`; an `id` has 1 to 512 bytes. */
  readonly actor?:
    | {
        readonly kind: string;
        readonly id?: string | undefined;
        readonly sessionId?: string | undefined;
        readonly ip?: string | undefined;
        readonly userAgent?: string | undefined;
        readonly about?: Json | undefined;
      }
    | undefined;
  /** Other persons the event is about, at most 253 with the actor. `role` is `subject` by default. */
  readonly subjects?:
    | readonly { readonly id: string; readonly role?: "subject" | "target" | undefined; readonly about?: Json | undefined }[]
    | undefined;
  /** What was acted on; `id` has at most 512 characters. */
  readonly resource?: { readonly type: string; readonly id?: string | undefined } | undefined;
  /** A code, `[a-z][a-z0-9_.]{0,63}`. */
  readonly purpose?: string | undefined;
  /** A code, `[a-z][a-z0-9_.]{0,63}`. */
  readonly reason?: string | undefined;
  /** HTTP request: `route` is a template or `(unmatched)`, `status` 100 to 599, `durationMs` in milliseconds. */
  readonly request?:
    | {
        readonly id?: string | undefined;
        readonly traceId?: string | undefined;
        readonly spanId?: string | undefined;
        readonly method?: string | undefined;
        readonly route?: string | undefined;
        readonly status?: number | undefined;
        readonly durationMs?: number | undefined;
      }
    | undefined;
  /** At most 128 characters. */
  readonly tenant?: string | undefined;
  /** Payload of the event: a plain object with a canonical JSON form. */
  readonly data?: Json | undefined;
  /** `code` is `[A-Za-z0-9_.:-]{1,64}`. */
  readonly error?: { readonly code?: string | undefined; readonly message?: string | undefined } | undefined;
  /** Component that wrote the event, `[A-Za-z0-9._-]{1,64}`. */
  readonly service?: string | undefined;
  /** Process of the component, `[A-Za-z0-9._-]{1,64}`. */
  readonly instance?: string | undefined;
}

/** How `splitEvent` assigns fields to parts. */
export interface SplitOptions {
  /** Top-level keys of `data` declared as not personal; they stay in the head. All other keys are detachable. Default: none. */
  readonly headKeys?: readonly string[];
  /** `resource.id` is declared as not personal and stays in the head. Default false. */
  readonly resourceIdDeclared?: boolean;
  /** Retention class of the event: 1 to 7 or 64 to 127. Default: `classOf` of this package. */
  readonly classOf?: (event: LedgerEvent) => number;
  /** Keys for pseudonyms and session digests. */
  readonly keys: LedgerKeys;
  /** `readable` stores user ids as given, `pseudonymous` only their pseudonyms. Default `readable`. */
  readonly userIds?: "readable" | "pseudonymous";
  /** Time of storing in UTC, if it is more than a minute after the event's `time`. Default: not late. */
  readonly late?: string;
}

/** Most persons of one event: an entry has 255 parts, two of which are head and context. */
export const MOST_PERSONS = 253;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const TYPE = /^[a-z][a-z0-9_]{1,39}$/;
const ACTION = /^(?=.{1,64}$)[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$/;
const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const ERROR_CODE = /^[A-Za-z0-9_.:-]{1,64}$/;
const COMPONENT = /^[A-Za-z0-9._-]{1,64}$/;
const METHOD = /^[A-Z]{1,16}$/;
const ROUTE = /^(?:\/|\(unmatched\)$)/;
const SEVERITIES: ReadonlySet<unknown> = new Set(["info", "warning", "error", "critical"]);
const OUTCOMES: ReadonlySet<unknown> = new Set(["success", "failure", "denied", "partial"]);
const KINDS: ReadonlySet<unknown> = new Set(["user", "service", "system", "anonymous", "ai_agent"]);

const TEXT_OF = {
  action: new RecurringText((value) => `{"action":"${actionOf(value)}"`),
  actorKind: new RecurringText((value) => `,"actor_kind":"${oneOf("actor.kind", value, KINDS)}"`),
  instance: new RecurringText((value) => `,"instance":"${checked("instance", value, COMPONENT)}"`),
  method: new RecurringText((value) => `,"method":"${checked("request.method", value, METHOD)}"`),
  outcome: new RecurringText((value) => `,"outcome":"${oneOf("outcome", value, OUTCOMES)}"`),
  purpose: new RecurringText((value) => `,"purpose":"${checked("purpose", value, CODE)}"`),
  reason: new RecurringText((value) => `,"reason":"${checked("reason", value, CODE)}"`),
  resourceType: new RecurringText((value) => `,"resource_type":"${checked("resource.type", value, CODE)}"`),
  route: new RecurringText((value) => `,"route":${route(value)}`),
  service: new RecurringText((value) => `,"service":"${checked("service", value, COMPONENT)}"`),
  severity: new RecurringText((value) => `,"severity":"${oneOf("severity", value, SEVERITIES)}"`),
  status: new RecurringText((value) => `,"status":${status(value)}`),
  type: new RecurringText((value) => `","type":"${checked("type", value, TYPE)}"}`),
};

/**
 * Splits an event into a head, which says what happened, and one detachable part for each person. A part can be erased later while every
 * proof still verifies. The name of a field alone decides its part, never its value. Texts are canonical JSON (RFC 8785).
 * @throws {LedgerError} `BAD_EVENT`: a field has a value that cannot be recorded; `RESERVED_ACTION`: an action below `ledger.`;
 * `DUPLICATE_PERSON`: one person named twice; `NOT_CANONICAL`: a payload without canonical JSON; `BAD_KEYS`: no pseudonym key
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { newKeys, splitEvent } from "@daybook/ledger";
 *
 * const { parts } = splitEvent(
 *   {
 *     id: "01a2027b-e238-7333-8333-000000000000",
 *     time: "2026-01-01T00:00:00.000Z",
 *     type: "access_control",
 *     action: "book.lent",
 *     severity: "info",
 *     outcome: "success",
 *     actor: { kind: "user", id: "ada" },
 *   },
 *   { keys: newKeys("example.com/audit", randomBytes) },
 * );
 * console.log(parts.map(({ role = "head" }) => role)); // [ "head", "actor" ]
 * ```
 */
export function splitEvent(event: LedgerEvent, options: SplitOptions): SplitEntry {
  const { keys, headKeys = [], resourceIdDeclared = false, userIds = "readable", late } = options;
  const { actor, resource, request, error, subjects } = event;
  const entryClass = (options.classOf ?? classOf)(event);
  if (!isEventClass(entryClass)) throw bad("the class", "is not 1 to 7 or 64 to 127");
  let head = TEXT_OF.action.of(event.action);

  const resourceId = present(resource?.id) ? quoted("resource.id", resource.id, 512) : undefined;
  const data = dataOf(event.data, headKeys);

  if (present(actor)) head += TEXT_OF.actorKind.of(actor.kind);
  if (data.declared !== undefined) head += `,"details":${data.declared}`;
  if (present(request?.durationMs)) head += `,"duration_ms":${duration(request.durationMs)}`;
  if (present(error?.code)) head += `,"error_code":"${checked("error.code", error.code, ERROR_CODE)}"`;
  head = `${head},"id":"${checked("id", event.id, UUID_V7)}"`;
  if (present(event.instance)) head += TEXT_OF.instance.of(event.instance);
  if (present(late)) head += `,"late":"${checked("late", late, TIME)}"`;
  if (present(request?.method)) head += TEXT_OF.method.of(request.method);
  head += TEXT_OF.outcome.of(event.outcome);
  if (present(event.purpose)) head += TEXT_OF.purpose.of(event.purpose);
  if (present(event.reason)) head += TEXT_OF.reason.of(event.reason);
  if (resourceIdDeclared && resourceId !== undefined) head += `,"resource_id":${resourceId}`;
  if (present(resource)) head += TEXT_OF.resourceType.of(resource.type);
  if (present(request?.route)) head += TEXT_OF.route.of(request.route);
  if (present(event.service)) head += TEXT_OF.service.of(event.service);
  head += TEXT_OF.severity.of(event.severity);
  if (present(request?.status)) head += TEXT_OF.status.of(request.status);
  head = `${head},"ts":"${checked("time", event.time, TIME)}${TEXT_OF.type.of(event.type)}`;

  const detail: Detail = {
    details: data.detachable,
    errorMessage: present(error?.message) ? quoted("error.message", error.message, Number.POSITIVE_INFINITY) : undefined,
    resourceId: resourceIdDeclared ? undefined : resourceId,
  };
  const others = present(subjects) && subjects.length > 0 ? otherPersons(subjects, actor?.id) : [];
  const acting = hasActorPart(event);
  const persons = others.length + (acting ? 1 : 0);
  if (persons > MOST_PERSONS) throw bad("subjects", `are more than ${MOST_PERSONS} persons`);
  // Details belong to all persons of the event, so they go into a person's part only if there is exactly one.
  const withPerson = persons === 1 ? detail : NO_DETAIL;

  const parts: SplitPart[] = [{ text: head }];
  if (acting) parts.push(actorPart(event, withPerson, keys, userIds));
  for (const subject of others) parts.push(subjectPart(subject, withPerson, keys, userIds));
  if (persons !== 1) {
    const context = detailStart(detail);
    if (context !== "") parts.push({ role: "context", text: `{${context}"role":"context"}` });
  }
  return { class: entryClass, parts };
}

interface Detail {
  readonly details: string | undefined;
  readonly errorMessage: string | undefined;
  readonly resourceId: string | undefined;
}

const NO_DETAIL: Detail = { details: undefined, errorMessage: undefined, resourceId: undefined };

type Subject = NonNullable<LedgerEvent["subjects"]>[number];

/** True if the actor's part is not empty. A request without a known user still has an address and ids of request and trace. */
function hasActorPart({ actor, request, tenant }: LedgerEvent): boolean {
  return (
    present(actor?.id) ||
    present(actor?.ip) ||
    present(actor?.userAgent) ||
    present(actor?.sessionId) ||
    present(request?.id) ||
    present(request?.traceId) ||
    present(request?.spanId) ||
    present(tenant) ||
    facts("actor.about", actor?.about) !== undefined
  );
}

function actorPart(event: LedgerEvent, detail: Detail, keys: LedgerKeys, userIds: SplitOptions["userIds"]): SplitPart {
  const { actor, request } = event;
  const id = present(actor?.id) ? actor.id : undefined;
  const sub = id === undefined ? undefined : pseudonymOf(keys, id);
  const about = facts("actor.about", actor?.about);
  let text = about === undefined ? "{" : `{"about":${about},`;
  if (detail.details !== undefined) text = `${text}"details":${detail.details},`;
  if (detail.errorMessage !== undefined) text = `${text}"error_message":${detail.errorMessage},`;
  if (present(actor?.ip)) text = `${text}"ip":${quoted("actor.ip", actor.ip, 64)},`;
  if (present(request?.id)) text = `${text}"request_id":${quoted("request.id", request.id, 128)},`;
  if (detail.resourceId !== undefined) text = `${text}"resource_id":${detail.resourceId},`;
  text += `"role":"actor"`;
  if (present(actor?.sessionId)) text = `${text},"sid":"${sessionDigest(keys, actor.sessionId)}"`;
  if (present(request?.spanId)) text = `${text},"span_id":${quoted("request.spanId", request.spanId, 128)}`;
  if (sub !== undefined) text = `${text},"sub":"${sub}"`;
  if (present(event.tenant)) text = `${text},"tenant":${quoted("tenant", event.tenant, 128)}`;
  if (present(request?.traceId)) text = `${text},"trace_id":${quoted("request.traceId", request.traceId, 128)}`;
  if (present(actor?.userAgent)) text = `${text},"ua":${quoted("actor.userAgent", actor.userAgent, 512)}`;
  if (id !== undefined && userIds !== "pseudonymous") text = `${text},"uid":${quoted("actor.id", id, 512)}`;
  return sub === undefined ? { role: "actor", text: `${text}}` } : { role: "actor", sub, text: `${text}}` };
}

function subjectPart(
  { id, role = "subject", about }: Subject,
  detail: Detail,
  keys: LedgerKeys,
  userIds: SplitOptions["userIds"],
): SplitPart {
  const sub = pseudonymOf(keys, id);
  const known = facts("subjects.about", about);
  const uid = userIds === "pseudonymous" ? "" : `,"uid":${quoted("subjects.id", id, 512)}`;
  const start = known === undefined ? "{" : `{"about":${known},`;
  return { role, sub, text: `${start}${detailStart(detail)}"role":"${role satisfies PartRole}","sub":"${sub}"${uid}}` };
}

/** The properties of a detail part that sort before `role`, each with its comma. */
function detailStart({ details, errorMessage, resourceId }: Detail): string {
  let text = "";
  if (details !== undefined) text += `"details":${details},`;
  if (errorMessage !== undefined) text += `"error_message":${errorMessage},`;
  if (resourceId !== undefined) text += `"resource_id":${resourceId},`;
  return text;
}

function otherPersons(subjects: readonly Subject[], actorId: string | undefined): readonly Subject[] {
  const known = new Set<string>(present(actorId) ? [actorId] : []);
  const others: Subject[] = [];
  for (const subject of subjects) {
    if (typeof subject !== "object" || subject === null || typeof subject.id !== "string")
      throw bad("subjects", "is not a list of persons with an id");
    if (present(subject.role) && subject.role !== "subject" && subject.role !== "target")
      throw bad("subjects.role", "is not subject or target");
    if (subject.id === actorId && facts("subjects.about", subject.about) === undefined) continue;
    if (known.has(subject.id))
      throw new LedgerError("DUPLICATE_PERSON", "Name each person once; facts about the actor belong into `actor.about`.");
    known.add(subject.id);
    others.push(subject.role === null ? { ...subject, role: "subject" } : subject);
  }
  return others;
}

/** Text of `data` for the head and for the detail part. The detail part has all keys, unless all of them are in the head. */
function dataOf(data: Json | undefined, headKeys: readonly string[]): { declared: string | undefined; detachable: string | undefined } {
  const whole = facts("data", data);
  if (!present(data) || whole === undefined || headKeys.length === 0) return { declared: undefined, detachable: whole };
  const declaredKeys: string[] = [];
  let all = true;
  for (const key of Object.keys(data)) {
    if (data[key] === undefined) continue;
    if (headKeys.includes(key)) declaredKeys.push(key);
    else all = false;
  }
  if (declaredKeys.length === 0) return { declared: undefined, detachable: whole };
  if (all) return { declared: whole, detachable: undefined };
  return { declared: canonicalTextOfKeys(data, declaredKeys), detachable: whole };
}

/** Canonical text of an object; undefined if it is absent or empty. */
function facts(field: string, value: Json | undefined): string | undefined {
  if (!present(value)) return undefined;
  if (!isPlainObject(value)) throw bad(field, "is not a plain object");
  const text = canonicalText(value);
  return text === "{}" ? undefined : text;
}

const present = <T>(value: T): value is NonNullable<T> => value !== undefined && value !== null;

function checked(field: string, value: unknown, pattern: RegExp): string {
  if (typeof value !== "string" || !pattern.test(value)) throw bad(field, "does not have the form this field must have");
  return value;
}

function oneOf(field: string, value: unknown, known: ReadonlySet<unknown>): string {
  if (!known.has(value)) throw bad(field, `is not one of ${[...known].join(", ")}`);
  return value as string;
}

function quoted(field: string, value: unknown, longest: number): string {
  if (typeof value !== "string") throw bad(field, "is not text");
  if (value.length > longest) throw bad(field, `has more than ${longest} characters`);
  if (PLAIN_TEXT.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw bad(field, "has a lone surrogate");
  return JSON.stringify(value);
}

function actionOf(value: unknown): string {
  const action = checked("action", value, ACTION);
  if (action.startsWith("ledger.")) throw new LedgerError("RESERVED_ACTION", "Choose another name for the action.");
  return action;
}

function route(value: unknown): string {
  if (typeof value !== "string" || !ROUTE.test(value))
    throw bad("request.route", "is neither a route template, which begins with `/`, nor `(unmatched)`");
  return quoted("request.route", value, 256);
}

function status(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 100 || (value as number) > 599) throw bad("request.status", "is not 100 to 599");
  return value as number;
}

function duration(value: number): number {
  if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
    throw bad("request.durationMs", "is not a number of milliseconds");
  return Math.round(value);
}

const bad = (field: string, what: string) => new LedgerError("BAD_EVENT", `\`${field}\` ${what}.`);
