export { type ChildCheck, childUntil, type Guardian, STRICTEST_AGE } from "./age-of-consent.ts";
export {
  type AffirmativeAct,
  CONSENT_METHODS,
  Consent,
  type ConsentMethod,
  type ConsentOptions,
  type ConsentStatus,
  createConsent,
  type DecideOptions,
  type GiveOptions,
  type RefuseOptions,
  type ShownNotice,
  type WithdrawOptions,
} from "./consent.ts";
export { type ConsentReceipt, consentReceipt } from "./consent-receipt.ts";
export {
  type ActivityFields,
  createJournal,
  type DeleteOptions,
  Journal,
  type JournalOptions,
  type JournalOutcome,
  type JournalStats,
  type ReadOptions,
} from "./journal.ts";
export { type Controller, defineNotice, type Notice } from "./notice.ts";
export { definePurpose, isConsentBasis, LAWFUL_BASES, type LawfulBasis, type Purpose, type PurposeRetention } from "./purpose.ts";
