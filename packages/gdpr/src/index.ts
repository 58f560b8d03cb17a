export { type ChildCheck, childUntil, type Guardian, STRICTEST_AGE } from "./consent/age-of-consent.ts";
export { Consent, createConsent } from "./consent/consent.ts";
export {
  type AffirmativeAct,
  CONSENT_METHODS,
  type ConsentMethod,
  type ConsentOptions,
  type ConsentStatus,
  DEFAULT_SWEEP_MS,
  type DecideOptions,
  type GiveOptions,
  type RefuseOptions,
  type ShownNotice,
  type WithdrawOptions,
} from "./consent/consent-options.ts";
export { type ConsentReceipt, consentReceipt } from "./consent/consent-receipt.ts";
export { DEFAULT_ASK_AGAIN_DAYS } from "./consent/consent-status.ts";
export { type Controller, defineNotice, type Notice } from "./consent/notice.ts";
export { definePurpose, isConsentBasis, LAWFUL_BASES, type LawfulBasis, type Purpose, type PurposeRetention } from "./consent/purpose.ts";
export { type ConsentTrail, withdrawConsent } from "./consent/withdraw-consent.ts";
export {
  type ErasableStore,
  type ErasedPerson,
  type ErasePersonOptions,
  erasePerson,
  followErasures,
  isEmptyPlan,
  keepsPersons,
  planErasureOf,
} from "./erasure/erase-person.ts";
export {
  type ErasureReceipt,
  type IssuedReceipt,
  openReceipt,
  personCommitment,
  RECEIPT_FORMAT,
  type ReceiptLine,
  receiptOf,
} from "./erasure/erasure-receipt.ts";
export { exportJournal, JOURNAL_FORMATS, type JournalFormat } from "./export/export-journal.ts";
export { type ExportOptions, type ExportSummary, exportPerson, type PersonStore } from "./export/export-person.ts";
export type { ReviewList } from "./export/export-records-part.ts";
export { EXPORT_SCHEMA, PORTABILITY_SCHEMA } from "./export/export-schema.ts";
export type { PackagedFile } from "./export/package-folder.ts";
export type { UnsearchedPlace } from "./export/places.ts";
export {
  type InformationCategory,
  type InformationOptions,
  type PrivacyInformation,
  privacyInformation,
  type Recipient,
} from "./export/privacy-information.ts";
export { type DisclosedRecord, OtherPeople } from "./export/redaction.ts";
export { createJournal, Journal } from "./journal/journal.ts";
export {
  DEFAULT_JOURNAL_DEADLINE_MS,
  DEFAULT_JOURNAL_ENTRIES,
  DEFAULT_JOURNAL_PURPOSE,
  type DeleteOptions,
  type JournalEntryFields,
  type JournalOptions,
  type JournalOutcome,
  type JournalStats,
  type ReadOptions,
} from "./journal/journal-options.ts";
export { checkIdentity, type IdentityProof, type Verification } from "./person/identity.ts";
export { type PrivacyHealth, type PrivacyHealthOptions, privacyHealth } from "./privacy-health.ts";
export { type Calendar, DUE_RULE, dueDate, endOfDay, PLAIN_CALENDAR, WEEKEND_CALENDAR } from "./requests/due-date.ts";
export {
  createRequests,
  type Decision,
  type ExtendOptions,
  REMEDY,
  REQUEST_CHANNELS,
  type ReceiveOptions,
  type RequestChannel,
  type RequestDates,
  Requests,
  type RequestsOptions,
} from "./requests/requests.ts";
