import { defineEvent } from "./event-definition.ts";
import { payloadShape } from "./payload-shape.ts";

/**
 * Records about consent (class 4, docs/ledger.md). A store that is a `ConsentStore` moves its projection in the transaction that
 * stores them. Nothing in their payload is declared impersonal: a consent is about one person and goes with that person, once
 * nobody has to prove it any more.
 */

const AGREEMENT = payloadShape({
  /** Id of this grant or refusal; journal rows name it. */
  consent: "text",
  /** One for each person and purpose, the first consent's id (ISO/IEC TS 27560: record id). */
  record: "text",
  purpose: "text",
  version: "text",
  notice: "text",
  noticeVersion: "text",
  language: "text",
  /** SHA-256 of the exact text shown, hexadecimal. */
  noticeSha256: "text",
  expression: "text",
  method: "text",
  /** What the person did, such as "checkbox ticked, form sent". */
  act: "text",
  by: "text",
  epoch: "count",
  previous: "text?",
  validUntil: "text?",
  jurisdiction: "text?",
  guardian: "object?",
});

const ENDING = payloadShape({
  purpose: "text",
  consent: "text?",
  record: "text?",
  version: "text?",
  method: "text?",
  act: "text?",
  by: "text?",
  epoch: "count?",
  previous: "text?",
});

const PROMPT = payloadShape({ purpose: "text", version: "text", notice: "text", noticeVersion: "text", language: "text", by: "text?" });

export const consentRequested = defineEvent({
  type: "compliance",
  action: "consent.requested",
  data: PROMPT,
  description: "Somebody was asked for consent.",
});

export const consentDeferred = defineEvent({
  type: "compliance",
  action: "consent.deferred",
  data: PROMPT,
  description: "Somebody was asked for consent and put the answer off.",
});

export const consentGiven = defineEvent({
  type: "compliance",
  action: "consent.given",
  data: AGREEMENT,
  description: "Somebody agreed to one purpose.",
});

export const consentRefused = defineEvent({
  type: "compliance",
  action: "consent.refused",
  data: AGREEMENT,
  description: "Somebody refused one purpose.",
});

export const consentRenewed = defineEvent({
  type: "compliance",
  action: "consent.renewed",
  data: AGREEMENT,
  description: "Somebody agreed again to a purpose they had agreed to.",
});

export const consentWithdrawn = defineEvent({
  type: "compliance",
  action: "consent.withdrawn",
  data: ENDING,
  description: "Somebody took a consent back.",
});

export const consentExpired = defineEvent({
  type: "compliance",
  action: "consent.expired",
  data: ENDING,
  description: "A consent reached the end of its time.",
});

export const consentInvalidated = defineEvent({
  type: "compliance",
  action: "consent.invalidated",
  data: ENDING,
  description: "A consent turned out not to hold, and counts for nothing from here on.",
});

export const consentTerminated = defineEvent({
  type: "compliance",
  action: "consent.terminated",
  data: ENDING,
  description: "A consent ended because the person left.",
});

export const purposePublished = defineEvent({
  type: "compliance",
  action: "purpose.published",
  data: payloadShape({ purpose: "text", version: "text", sha256: "text", change: "text", effectiveFrom: "text" }),
  personal: [],
  description: "A version of a purpose was put in force.",
});

export const noticePublished = defineEvent({
  type: "compliance",
  action: "notice.published",
  data: payloadShape({ notice: "text", version: "text", language: "text", sha256: "text", change: "text", effectiveFrom: "text" }),
  personal: [],
  description: "A version of a notice was put in force; its text is kept.",
});

/** A store that is an `JournalStore` deletes the rows in the transaction that stores this record. */
export const journalDeleted = defineEvent({
  type: "compliance",
  action: "journal.deleted",
  data: payloadShape({ rows: "count", purpose: "text?", before: "text?", entries: "texts?" }),
  description: "Somebody deleted their journal, or a part of it.",
});

export const personExported = defineEvent({
  type: "compliance",
  action: "gdpr.exported",
  data: payloadShape({
    scope: "text",
    format: "text",
    records: "count",
    journal: "count",
    consents: "count",
    requests: "count?",
    files: "count?",
    /** Values of other people that were replaced, and records a human has to look at. */
    redactions: "count?",
    toReview: "count?",
    manifestSha256: "text?",
    /** `age` where only the owners of keys can read the copy. */
    encryption: "text?",
    request: "text?",
  }),
  personal: [],
  description: "A copy of one person's data was made for that person.",
});

/** Names nobody: written after an erasure, it must not bring the person back. */
export const erasureReceiptIssued = defineEvent({
  type: "compliance",
  action: "gdpr.receipt_issued",
  data: payloadShape({ receipt: "text", sha256: "text", state: "text" }),
  personal: [],
  description: "A signed receipt of an erasure was written.",
});

/**
 * The register of requests of data subjects. Only `dsar.received` names the person; what follows names the request, so that the
 * register goes on after the person was erased. A store that is a `RequestStore` keeps its projection in step.
 */
export const requestReceived = defineEvent({
  type: "compliance",
  action: "dsar.received",
  data: payloadShape({
    request: "text",
    kinds: "texts",
    /** Who asks: "actor", "subject", or "unknown" as long as nobody knows. */
    person: "text",
    channel: "text",
    receivedAt: "text",
    dueAt: "text",
    calendar: "text",
    rule: "text",
    jurisdiction: "text?",
    language: "text?",
    note: "text?",
  }),
  personal: ["note"],
  description: "A person asked for one of their rights.",
});

export const requestVerified = defineEvent({
  type: "compliance",
  action: "dsar.verified",
  data: payloadShape({ request: "text", method: "text", result: "text", evidenceSha256: "text?", note: "text?" }),
  personal: ["note"],
  description: "It was checked whether a request comes from the person it is about.",
});

export const requestMoved = defineEvent({
  type: "compliance",
  action: "dsar.moved",
  data: payloadShape({ request: "text", state: "text", ground: "text?", note: "text?" }),
  personal: ["note"],
  description: "A request went on to another state.",
});

export const requestPaused = defineEvent({
  type: "compliance",
  action: "dsar.paused",
  data: payloadShape({ request: "text", ground: "text", note: "text?" }),
  personal: ["note"],
  description: "The clock of a request was stopped, usually to learn who asks.",
});

export const requestResumed = defineEvent({
  type: "compliance",
  action: "dsar.resumed",
  data: payloadShape({ request: "text" }),
  personal: [],
  description: "The clock of a request runs again.",
});

export const requestExtended = defineEvent({
  type: "compliance",
  action: "dsar.extended",
  data: payloadShape({ request: "text", until: "text", reason: "text", toldAt: "text" }),
  personal: [],
  description: "The time for a request was extended, and the person told why.",
});

export const requestDecided = defineEvent({
  type: "compliance",
  action: "dsar.decided",
  data: payloadShape({ request: "text", category: "text", outcome: "text", ground: "text?", explanation: "text?" }),
  personal: ["explanation"],
  description: "It was decided what happens to a category of data.",
});

export const requestDelivered = defineEvent({
  type: "compliance",
  action: "dsar.delivered",
  data: payloadShape({ request: "text", via: "text", files: "count?", manifestSha256: "text?", expiresAt: "text?" }),
  personal: [],
  description: "The answer to a request was handed over.",
});

export const requestClosed = defineEvent({
  type: "compliance",
  action: "dsar.closed",
  data: payloadShape({ request: "text", outcome: "text", ground: "text?", remedy: "text?" }),
  personal: [],
  description: "A request was finished.",
});

export const holdPlaced = defineEvent({
  type: "admin_action",
  action: "hold.placed",
  severity: "warning",
  data: payloadShape({
    hold: "text",
    case: "text",
    ground: "text",
    review: "text",
    category: "number?",
    fromSeq: "count?",
    toSeq: "count?",
  }),
  personal: [],
  description: "Records were put under a legal hold: they are neither erased nor expired.",
});

export const holdReleased = defineEvent({
  type: "admin_action",
  action: "hold.released",
  severity: "warning",
  data: payloadShape({ hold: "text" }),
  personal: [],
  description: "A legal hold ended.",
});

export const PRIVACY_EVENTS = [
  consentRequested,
  consentDeferred,
  consentGiven,
  consentRefused,
  consentRenewed,
  consentWithdrawn,
  consentExpired,
  consentInvalidated,
  consentTerminated,
  purposePublished,
  noticePublished,
  journalDeleted,
  personExported,
  erasureReceiptIssued,
  requestReceived,
  requestVerified,
  requestMoved,
  requestPaused,
  requestResumed,
  requestExtended,
  requestDecided,
  requestDelivered,
  requestClosed,
  holdPlaced,
  holdReleased,
] as const;
