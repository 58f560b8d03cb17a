import type { AuditEvent } from "../events/audit-event.ts";
import type { EventDefinition } from "../events/event-definition.ts";

/** One event on its way to a sink, with the definition that says how it may be split. */
export interface SinkEntry {
  readonly event: AuditEvent;
  readonly definition: EventDefinition;
}

/** An event that a sink can never store. */
export interface RefusedEvent {
  readonly id: string;
  /** One of `docs/errors.md`, or the sink's own. */
  readonly code: string;
  /** What to change, in plain words. */
  readonly hint: string;
}
