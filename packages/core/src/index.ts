export { currentContext, type Denial, type RequestContext, runAs, runInContext } from "./context/request-context.ts";
export {
  ACTIVITY_VERDICTS,
  type Activity,
  type ActivityFilter,
  type ActivityPage,
  type ActivityStore,
  type ActivityVerdict,
  type NewActivity,
} from "./contracts/activity-store.ts";
export type { AppendOptions, AppendResult, AuditSink, RefusedEvent, SinkEntry, SinkFeatures } from "./contracts/audit-sink.ts";
export type { AuditStore } from "./contracts/audit-store.ts";
export type { Companion } from "./contracts/companion.ts";
export {
  type ChangeKind,
  CONSENT_STATES,
  type ConsentInForce,
  type ConsentRecord,
  type ConsentState,
  type ConsentStore,
  type NoticeVersion,
  type PurposeVersion,
} from "./contracts/consent-store.ts";
export {
  ERASURE_BASES,
  type EraseOptions,
  type ErasureBasis,
  type ErasureItem,
  type ErasurePlan,
  type ErasureResult,
  type ErasureRun,
  type ErasureStore,
  type Hold,
} from "./contracts/erasure-store.ts";
export type { EncodedEvent, EventForm } from "./contracts/event-form.ts";
export type { Receipt } from "./contracts/receipt.ts";
export {
  type DataRequest,
  REQUEST_KINDS,
  REQUEST_OUTCOMES,
  REQUEST_STATES,
  type ReceiptStore,
  type RequestKind,
  type RequestOutcome,
  type RequestState,
  type RequestStore,
  type StoredReceipt,
  VERIFICATION_METHODS,
  type VerificationMethod,
} from "./contracts/request-store.ts";
export { DaybookError, ERRORS, type ErrorCode, isDaybookError } from "./daybook-error.ts";
export { type DeliveryCounters, DROP_REASONS, type DropReason } from "./delivery/delivery-counters.ts";
export type { DeliveryMeter } from "./delivery/delivery-meter.ts";
export { type EventPolicy, policyLine } from "./delivery/event-policy.ts";
export type { Gap, GapCause } from "./delivery/gap-tracker.ts";
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
export { Catalogue } from "./events/catalogue.ts";
export {
  type DefineEventOptions,
  type Delivery,
  defineEvent,
  type EventDefinition,
  headKeysOf,
  type PayloadSchema,
} from "./events/event-definition.ts";
export { BUILT_IN_TYPES, type BuiltInType } from "./events/event-type.ts";
export { FAILURE_POLICIES, type FailurePolicy } from "./events/failure-policy.ts";
export { OUTCOMES, type Outcome } from "./events/outcome.ts";
export {
  consentDeferred,
  consentExpired,
  consentGiven,
  consentInvalidated,
  consentRefused,
  consentRenewed,
  consentRequested,
  consentTerminated,
  consentWithdrawn,
  erasureReceiptIssued,
  holdPlaced,
  holdReleased,
  journalDeleted,
  noticePublished,
  personExported,
  purposePublished,
  requestClosed,
  requestDecided,
  requestDelivered,
  requestExtended,
  requestMoved,
  requestPaused,
  requestReceived,
  requestResumed,
  requestVerified,
} from "./events/privacy-events.ts";
export { personDaysOf, retentionClassOf } from "./events/retention-days.ts";
export { SEVERITIES, type Severity } from "./events/severity.ts";
export { clockJumped, glassBroken, glassRestored, trailClosed, trailGap, trailOpened } from "./events/trail-events.ts";
export {
  type ExchangeSource,
  HttpAudit,
  type HttpAuditOptions,
  HttpExchange,
  type HttpObservation,
  UNMATCHED,
  type UserAnswer,
} from "./http/http-exchange.ts";
export { type RequestAudit, requestAudit } from "./http/request-audit.ts";
export { ROUTE_LEVELS, type RouteLevel, type RouteRule } from "./http/route-policy.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export { before, durationMs } from "./query/duration.ts";
export { COUNT_KEYS, type CountKey, type EventFilter, type Page, type PageOptions, type StoredEvent } from "./query/event-filter.ts";
export { matchesFilter } from "./query/event-match.ts";
export { pageOptions } from "./query/page-options.ts";
export {
  type AnyRecordFields,
  AuditLog,
  type AuditLogOptions,
  type AuditLogStats,
  createAuditLog,
  type GivenSink,
  type RecordFields,
  type SpoolPlace,
} from "./recording/audit-log.ts";
export { type DefaultAuditLog, openDefaultAuditLog } from "./recording/default-audit-log.ts";
export { uuidV7 } from "./recording/uuid-v7.ts";
export { type FileSinkOptions, fileSink } from "./sinks/file-sink.ts";
export { type MemorySink, type MemorySinkOptions, memorySink } from "./sinks/memory-sink.ts";
export { type MemoryStore, memoryStore } from "./sinks/memory-store.ts";
export { type StdoutSinkOptions, stdoutSink } from "./sinks/stdout-sink.ts";
