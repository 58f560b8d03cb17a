import type { StoredEvent } from "@daybook/core";

/** Columns of tables and CSV files: those of the `audit_log` view first, then the rest of the event. */
export const EVENT_COLUMNS = [
  "id",
  "timestamp",
  "event_type",
  "user_id",
  "severity",
  "details",
  "ip_address",
  "endpoint",
  "action",
  "outcome",
  "state",
  "actor_kind",
  "resource_type",
  "resource_id",
  "reason",
  "purpose",
  "method",
  "status",
  "duration_ms",
  "request_id",
  "trace_id",
  "tenant",
  "error_code",
  "error_message",
  "subjects",
] as const;

type Cell = string | number | undefined;

const json = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));

export function eventCells(event: StoredEvent): Cell[] {
  const { actor, request, resource, error } = event;
  return [
    event.seq,
    event.time,
    event.type,
    actor?.id,
    event.severity,
    json(event.data),
    actor?.ip,
    request?.route,
    event.action,
    event.outcome,
    event.state,
    actor?.kind,
    resource?.type,
    resource?.id,
    event.reason,
    event.purpose,
    request?.method,
    request?.status,
    request?.durationMs,
    request?.id,
    request?.traceId,
    event.tenant,
    error?.code,
    error?.message,
    json(event.subjects),
  ];
}
