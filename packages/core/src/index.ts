export {
  ACTIVITY_VERDICTS,
  type Activity,
  type ActivityFilter,
  type ActivityPage,
  type ActivityStore,
  type ActivityVerdict,
  type NewActivity,
} from "./activity-store.ts";
export { ACTOR_KINDS, type Actor, type ActorKind, type Subject } from "./actor.ts";
export type { AuditEvent, EventError, RequestInfo, Resource } from "./audit-event.ts";
export {
  type AnyRecordFields,
  AuditLog,
  type AuditLogOptions,
  type AuditLogStats,
  createAuditLog,
  type GivenSink,
  type RecordFields,
  type SpoolPlace,
} from "./audit-log.ts";
export type { AppendOptions, AppendResult, AuditSink, RefusedEvent, SinkEntry, SinkFeatures } from "./audit-sink.ts";
export type { AuditStore } from "./audit-store.ts";
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
} from "./built-in-events.ts";
export { Catalogue } from "./catalogue.ts";
export type { Companion } from "./companion.ts";
export {
  type ChangeKind,
  CONSENT_STATES,
  type ConsentInForce,
  type ConsentRecord,
  type ConsentState,
  type ConsentStore,
  type NoticeVersion,
  type PurposeVersion,
} from "./consent-store.ts";
export { DaybookError, ERRORS, type ErrorCode, isDaybookError } from "./daybook-error.ts";
export { type DefaultAuditLog, openDefaultAuditLog } from "./default-audit-log.ts";
export { type DeliveryCounters, DROP_REASONS, type DropReason } from "./delivery-counters.ts";
export type { DeliveryMeter } from "./delivery-meter.ts";
export { before, durationMs } from "./duration.ts";
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
} from "./erasure-store.ts";
export {
  type DefineEventOptions,
  type Delivery,
  defineEvent,
  type EventDefinition,
  headKeysOf,
  type PayloadSchema,
} from "./event-definition.ts";
export { COUNT_KEYS, type CountKey, type EventFilter, type Page, type PageOptions, type StoredEvent } from "./event-filter.ts";
export type { EncodedEvent, EventForm } from "./event-form.ts";
export { matchesFilter } from "./event-match.ts";
export { type EventPolicy, policyLine } from "./event-policy.ts";
export { BUILT_IN_TYPES, type BuiltInType } from "./event-type.ts";
export { FAILURE_POLICIES, type FailurePolicy } from "./failure-policy.ts";
export { type FileSinkOptions, fileSink } from "./file-sink.ts";
export type { Gap, GapCause } from "./gap-tracker.ts";
export {
  type ExchangeSource,
  HttpAudit,
  type HttpAuditOptions,
  HttpExchange,
  type HttpObservation,
  UNMATCHED,
  type UserAnswer,
} from "./http-exchange.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export { type MemorySink, type MemorySinkOptions, memorySink } from "./memory-sink.ts";
export { type MemoryStore, memoryStore } from "./memory-store.ts";
export { OUTCOMES, type Outcome } from "./outcome.ts";
export { pageOptions } from "./page-options.ts";
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
} from "./privacy-events.ts";
export type { Receipt } from "./receipt.ts";
export { type RequestAudit, requestAudit } from "./request-audit.ts";
export { currentContext, type Denial, type RequestContext, runAs, runInContext } from "./request-context.ts";
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
} from "./request-store.ts";
export { personDaysOf, retentionClassOf } from "./retention-days.ts";
export { ROUTE_LEVELS, type RouteLevel, type RouteRule } from "./route-policy.ts";
export { SEVERITIES, type Severity } from "./severity.ts";
export { type StdoutSinkOptions, stdoutSink } from "./stdout-sink.ts";
export { clockJumped, glassBroken, glassRestored, trailClosed, trailGap, trailOpened } from "./trail-events.ts";
export { uuidV7 } from "./uuid-v7.ts";
