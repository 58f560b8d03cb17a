export { currentContext, type Denial, type RequestContext, runAs } from "./context/request-context.ts";
export type { Receipt } from "./contracts/receipt.ts";
export { DaybookError, ERRORS, type ErrorCode, isDaybookError } from "./daybook-error.ts";
export { ACTOR_KINDS, type Actor, type ActorKind, type Subject } from "./events/actor.ts";
export type { AuditEvent, EventError, RequestInfo, Resource } from "./events/audit-event.ts";
export {
  accessChanged,
  anomalyDetected,
  answerGenerated,
  BUILT_IN_EVENTS,
  type BuiltInEvent,
  contentIngested,
  documentsRetrieved,
  indexUpdated,
  loginFailed,
  loginSucceeded,
  noteRecorded,
  operationFailed,
  permissionDenied,
  queryReceived,
  quotaExceeded,
  requestCompleted,
  requestFailed,
  requestStarted,
  sessionEnded,
  settingChanged,
  trailRead,
} from "./events/built-in-events.ts";
export {
  type DefineEventOptions,
  type Delivery,
  defineEvent,
  type EventDefinition,
  type PayloadSchema,
} from "./events/event-definition.ts";
export type { FailurePolicy } from "./events/failure-policy.ts";
export { OUTCOMES, type Outcome } from "./events/outcome.ts";
export { SEVERITIES, type Severity } from "./events/severity.ts";
export { type RequestAudit, requestAudit } from "./http/request-audit.ts";
export { ROUTE_LEVELS, type RouteLevel, type RouteRule } from "./http/route-policy.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export type { EventFilter, Page, PageOptions, StoredEvent } from "./query/event-filter.ts";
export { AuditLog, type AuditLogStats } from "./recording/audit-log.ts";
export {
  type AuditLogOptions,
  DEFAULT_CLOSE_DEADLINE_MS,
  DEFAULT_DEADLINE_MS,
  DEFAULT_QUEUE_BYTES,
  DEFAULT_QUEUE_EVENTS,
  DEFAULT_SPOOL_BYTES,
  type GivenSink,
  type SpoolPlace,
} from "./recording/audit-log-options.ts";
export { createAuditLog } from "./recording/create-audit-log.ts";
export type { AnyRecordFields, RecordFields } from "./recording/record-fields.ts";
export { type FileSinkOptions, fileSink } from "./sinks/file-sink.ts";
export { type MemorySink, type MemorySinkOptions, memorySink } from "./sinks/memory-sink.ts";
export { type MemoryStore, memoryStore } from "./sinks/memory-store.ts";
export { type StdoutSinkOptions, stdoutSink } from "./sinks/stdout-sink.ts";
