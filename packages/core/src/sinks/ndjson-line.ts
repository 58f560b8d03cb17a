import type { AuditEvent } from "../events/audit-event.ts";

/** One event as a line of newline-delimited JSON. JSON text has no line break, so a field cannot forge a second record. */
export const ndjsonLine = (event: AuditEvent): string => `${JSON.stringify(event)}\n`;
