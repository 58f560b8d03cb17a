import type { AuditEvent, EventDefinition, Severity } from "@daybook/core";
import { headKeysOf } from "@daybook/core/store";
import { type AnyValue, anyValue, type KeyValue, keyValues } from "./any-value.ts";

/** One record in the JSON form of OTLP (opentelemetry.proto.logs.v1.LogRecord). */
export interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AnyValue;
  readonly eventName: string;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: 0;
  readonly flags?: number;
  readonly traceId?: string;
  readonly spanId?: string;
}

/** First number of the ranges INFO, WARN, ERROR and FATAL of the OpenTelemetry logs data model. */
const SEVERITY_NUMBER: Readonly<Record<Severity, number>> = { info: 9, warning: 13, error: 17, critical: 21 };

/**
 * The impersonal part of an event as a log record, because a log store cannot erase one person. Left out are ids of actors and subjects,
 * addresses, clients, sessions, tenants, request ids, error texts, and payload that its definition does not declare as impersonal.
 * A record with a trace has no event id, so that it cannot be linked to the erased entry later (docs/ledger.md).
 */
export function logRecord(event: AuditEvent, definition: EventDefinition): LogRecord {
  const nanoseconds = `${Date.parse(event.time)}000000`;
  const { traceId, spanId } = event.request ?? {};
  const traced = traceId !== undefined && spanId !== undefined;
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber: SEVERITY_NUMBER[event.severity],
    severityText: event.severity,
    body: anyValue(sentence(event)),
    eventName: event.action,
    attributes: keyValues({ ...attributes(event, definition), ...(traced ? {} : { "daybook.event.id": event.id }) }),
    droppedAttributesCount: 0,
    // Whether the trace was sampled is not known here.
    ...(traced ? { flags: 0, traceId, spanId } : {}),
  };
}

/** One line for a reader of the log. */
function sentence({ action, outcome, request, error }: AuditEvent): string {
  const parts = [action, outcome, request?.method, request?.route, request?.status, error?.code];
  return parts.filter((part) => part !== undefined).join(" ");
}

// Names of the OpenTelemetry semantic conventions 1.45 if there are any, and of the generative AI conventions, which are in development.
function attributes(event: AuditEvent, definition: EventDefinition): Record<string, unknown> {
  const { request, resource } = event;
  return {
    "daybook.event.type": event.type,
    "daybook.event.outcome": event.outcome,
    "daybook.actor.kind": event.actor.kind,
    "http.request.method": request?.method,
    "http.route": request?.route,
    "http.response.status_code": request?.status,
    "daybook.request.duration_ms": request?.durationMs,
    "error.type": event.error?.code,
    "daybook.resource.type": resource?.type,
    "daybook.resource.id": definition.resourceId === "impersonal" ? resource?.id : undefined,
    "daybook.purpose": event.purpose,
    "daybook.reason": event.reason,
    ...dataAttributes(event, definition),
  };
}

const OPERATION: Readonly<Record<string, string>> = { retrieval: "retrieval", generation: "chat" };
const GENERATION: Readonly<Record<string, string>> = {
  model: "gen_ai.request.model",
  template: "gen_ai.prompt.name",
  tokensIn: "gen_ai.usage.input_tokens",
  tokensOut: "gen_ai.usage.output_tokens",
};

function dataAttributes({ type, data }: AuditEvent, definition: EventDefinition): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  const operation = OPERATION[type];
  if (operation !== undefined) named["gen_ai.operation.name"] = operation;
  for (const key of headKeysOf(definition, data)) {
    const name = type === "generation" ? GENERATION[key] : undefined;
    named[name ?? `daybook.data.${key}`] = data![key];
  }
  return named;
}
