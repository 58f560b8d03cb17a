import type { EventFilter, StoredEvent } from "./event-filter.ts";

/** Defines the meaning of a filter: stores translate it, `memoryStore` and tests call this. */
export function matchesFilter(event: StoredEvent, filter: EventFilter): boolean {
  return (
    anyOf(filter.type, event.type) &&
    anyOf(filter.action, event.action) &&
    anyOf(filter.severity, event.severity) &&
    anyOf(filter.outcome, event.outcome) &&
    (filter.actor === undefined || event.actor?.id === filter.actor) &&
    (filter.user === undefined ||
      event.actor?.id === filter.user ||
      (event.subjects ?? []).some((subject) => subject.id === filter.user)) &&
    (filter.requestId === undefined || event.request?.id === filter.requestId) &&
    (filter.tenant === undefined || event.tenant === filter.tenant) &&
    (filter.route === undefined || event.request?.route === filter.route) &&
    (filter.since === undefined || (event.time !== undefined && Date.parse(event.time) >= filter.since)) &&
    (filter.until === undefined || (event.time !== undefined && Date.parse(event.time) < filter.until)) &&
    (filter.after === undefined || event.seq > filter.after)
  );
}

const anyOf = (wanted: string | readonly string[] | undefined, value: string | undefined) =>
  wanted === undefined || (value !== undefined && (typeof wanted === "string" ? wanted === value : wanted.includes(value)));
