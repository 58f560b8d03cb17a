export { asError } from "./as-error.ts";
export { appendEntries, appendEntriesSync } from "./contracts/append-entries.ts";
export type { AppendOptions, AppendResult, AuditSink, EntrySink, LineSink, SinkFeatures } from "./contracts/audit-sink.ts";
export type { AuditReader, AuditStore, SpoolPlaced } from "./contracts/audit-store.ts";
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
export type { EncodedEvent, EventCodec } from "./contracts/event-codec.ts";
export {
  JOURNAL_VERDICTS,
  type JournalEntry,
  type JournalFilter,
  type JournalPage,
  type JournalStore,
  type JournalVerdict,
  type NewJournalEntry,
} from "./contracts/journal-store.ts";
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
export type { RefusedEvent, SinkEntry } from "./contracts/sink-entry.ts";
export { type Defined, defined } from "./defined.ts";
export { type DeliveryCounters, type DeliveryMeter, DROP_REASONS, type DropReason } from "./delivery/delivery-account.ts";
export { type EventPolicy, policyLine } from "./delivery/event-policy.ts";
export type { Gap, GapCause } from "./delivery/gap-tracker.ts";
export { Catalogue } from "./events/catalogue.ts";
export { headKeysOf } from "./events/event-definition.ts";
export { BUILT_IN_TYPES, type BuiltInType } from "./events/event-type.ts";
export { FAILURE_POLICIES } from "./events/failure-policy.ts";
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
export { clockJumped, glassBroken, glassRestored, trailClosed, trailGap, trailOpened } from "./events/trail-events.ts";
export { before, DAY_MS, durationMs } from "./query/duration.ts";
export { COUNT_KEYS, type CountKey } from "./query/event-filter.ts";
export { matchesFilter } from "./query/event-match.ts";
export { pageOptions } from "./query/page-options.ts";
export { uuidV7 } from "./recording/uuid-v7.ts";
export { within } from "./within.ts";
