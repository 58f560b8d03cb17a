import type { AuditEvent, JsonObject, StoredEvent } from "@daybook/core";
import { defined } from "@daybook/core/store";

/** A row of the ledger: the texts of its remaining parts, and the number of parts it committed to. */
export interface LedgerRow {
  /** Sequence number of the entry. */
  readonly seq: number;
  /** Number of parts that the entry committed to. */
  readonly parts: number;
  /** JSON text of the head; null if it is removed. */
  readonly head: string | null;
  /** Part 1, if it is the actor's or the context. */
  readonly person: string | null;
  /** JSON texts of the remaining parts in the table of parts. */
  readonly others: readonly string[];
}

type Part = { readonly [key: string]: unknown };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Restores the event of a row, without erased parts. A missing id is shown as its pseudonym.
 * @example
 * ```ts
 * import { openSqliteReader, storedEvent } from "@daybook/store-sqlite";
 *
 * const reader = await openSqliteReader({ path: "audit.db" });
 * for await (const block of reader.rows({}, { order: "oldest" })) {
 *   for (const row of block) process.stdout.write(`${JSON.stringify(storedEvent(row))}\n`);
 * }
 * await reader.close();
 * ```
 */
export function storedEvent({ seq, parts, head: headText, person, others }: LedgerRow): StoredEvent {
  const head: Part = headText === null ? {} : JSON.parse(headText);
  const present = [...(person === null ? [] : [person]), ...others].map((text) => JSON.parse(text) as Part);
  const actorPart = present.find((part) => part.role === "actor");
  const context = present.find((part) => part.role === "context");
  const persons = present.filter((part) => part.role === "subject" || part.role === "target");
  const detail = present.find((part) => "details" in part || "resource_id" in part || "error_message" in part);
  const link = actorPart ?? context ?? {};

  const event: Mutable<StoredEvent> = { seq, state: headText === null ? "empty" : present.length + 1 === parts ? "full" : "partial" };
  copy(event, "id", head.id);
  copy(event, "time", head.ts);
  copy(event, "type", head.type);
  copy(event, "action", head.action);
  copy(event, "severity", head.severity);
  copy(event, "outcome", head.outcome);
  const actor: Mutable<NonNullable<StoredEvent["actor"]>> = {};
  copy(actor, "kind", head.actor_kind);
  copy(actor, "id", actorPart?.uid ?? actorPart?.sub);
  copy(actor, "sub", actorPart?.sub);
  copy(actor, "sessionId", link.sid);
  copy(actor, "ip", link.ip);
  copy(actor, "userAgent", link.ua);
  copy(actor, "about", actorPart?.about);
  if (Object.keys(actor).length > 0) event.actor = actor;
  if (persons.length > 0) {
    event.subjects = persons.map((part) => {
      const about = part.about as JsonObject | undefined;
      return { id: (part.uid ?? part.sub) as string, role: part.role as "subject" | "target", ...defined({ about }) };
    });
  }
  if (head.resource_type !== undefined) {
    const id = (detail?.resource_id ?? head.resource_id) as string | undefined;
    event.resource = { type: head.resource_type as string, ...defined({ id }) };
  }
  copy(event, "purpose", head.purpose);
  copy(event, "reason", head.reason);
  const request: Mutable<NonNullable<AuditEvent["request"]>> = {};
  copy(request, "id", link.request_id);
  copy(request, "traceId", link.trace_id);
  copy(request, "spanId", link.span_id);
  copy(request, "method", head.method);
  copy(request, "route", head.route);
  copy(request, "status", head.status);
  copy(request, "durationMs", head.duration_ms);
  if (Object.keys(request).length > 0) event.request = request;
  copy(event, "tenant", link.tenant);
  // All details are in the detachable part, unless every key was declared impersonal. Declared keys stay in the head.
  const details = detail?.details ?? head.details;
  copy(
    event,
    "data",
    head.details === undefined || detail?.details === undefined ? details : { ...(head.details as object), ...(detail.details as object) },
  );
  if (event.data === undefined) copy(event, "data", head.ledger);
  const error: Mutable<NonNullable<AuditEvent["error"]>> = {};
  copy(error, "code", head.error_code);
  copy(error, "message", detail?.error_message);
  if (Object.keys(error).length > 0) event.error = error;
  copy(event, "service", head.service);
  copy(event, "instance", head.instance);
  return event;
}

function copy<T extends object, K extends keyof T>(target: T, key: K, value: unknown): void {
  if (value !== undefined && value !== null) target[key] = value as T[K];
}
