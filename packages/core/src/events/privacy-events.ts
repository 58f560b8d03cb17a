import { defineEvent } from "./event-definition.ts";
import { payloadShape } from "./payload-shape.ts";

/**
 * Records about consent (class 4, docs/ledger.md). A `ConsentStore` moves its projection in the transaction that stores them. Nothing in
 * their payload is declared impersonal: a consent is about one person, and is erased with that person once its proof is not needed any
 * more.
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

/** A person was asked for consent. */
export const consentRequested = defineEvent({
  type: "compliance",
  action: "consent.requested",
  data: PROMPT,
  description: "A person was asked for consent.",
});

/** A person was asked for consent and postponed the decision. */
export const consentDeferred = defineEvent({
  type: "compliance",
  action: "consent.deferred",
  data: PROMPT,
  description: "A person was asked for consent and postponed the decision.",
});

/** A person agreed to one purpose. */
export const consentGiven = defineEvent({
  type: "compliance",
  action: "consent.given",
  data: AGREEMENT,
  description: "A person agreed to one purpose.",
});

/** A person refused one purpose. */
export const consentRefused = defineEvent({
  type: "compliance",
  action: "consent.refused",
  data: AGREEMENT,
  description: "A person refused one purpose.",
});

/** A person agreed again to a purpose. */
export const consentRenewed = defineEvent({
  type: "compliance",
  action: "consent.renewed",
  data: AGREEMENT,
  description: "A person agreed again to a purpose.",
});

/** A person withdrew a consent. */
export const consentWithdrawn = defineEvent({
  type: "compliance",
  action: "consent.withdrawn",
  data: ENDING,
  description: "A person withdrew a consent.",
});

/** A consent expired. */
export const consentExpired = defineEvent({
  type: "compliance",
  action: "consent.expired",
  data: ENDING,
  description: "A consent expired.",
});

/** A consent was found invalid and has no effect from here on. */
export const consentInvalidated = defineEvent({
  type: "compliance",
  action: "consent.invalidated",
  data: ENDING,
  description: "A consent was found invalid and has no effect from here on.",
});

/** A consent ended because the person left. */
export const consentTerminated = defineEvent({
  type: "compliance",
  action: "consent.terminated",
  data: ENDING,
  description: "A consent ended because the person left.",
});

/** A version of a purpose was put in force. */
export const purposePublished = defineEvent({
  type: "compliance",
  action: "purpose.published",
  data: payloadShape({ purpose: "text", version: "text", sha256: "text", change: "text", effectiveFrom: "text" }),
  personal: [],
  description: "A version of a purpose was put in force.",
});

/** A version of a notice was put in force; its text is kept. */
export const noticePublished = defineEvent({
  type: "compliance",
  action: "notice.published",
  data: payloadShape({ notice: "text", version: "text", language: "text", sha256: "text", change: "text", effectiveFrom: "text" }),
  personal: [],
  description: "A version of a notice was put in force; its text is kept.",
});

/** A `JournalStore` deletes the rows in the transaction that stores this record. */
export const journalDeleted = defineEvent({
  type: "compliance",
  action: "journal.deleted",
  data: payloadShape({ rows: "count", purpose: "text?", before: "text?", entries: "texts?" }),
  description: "A person deleted their journal, or a part of it.",
});

/** A copy of one person's data was made for that person. */
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
    /** Values of other people that were replaced, and records that a human has to review. */
    redactions: "count?",
    toReview: "count?",
    manifestSha256: "text?",
    /** `age` if only the owners of keys can read the copy. */
    encryption: "text?",
    request: "text?",
  }),
  personal: [],
  description: "A copy of one person's data was made for that person.",
});

/** Names no person: it is written after an erasure and must not bring the person back. */
export const erasureReceiptIssued = defineEvent({
  type: "compliance",
  action: "gdpr.receipt_issued",
  data: payloadShape({ receipt: "text", sha256: "text", state: "text" }),
  personal: [],
  description: "A signed receipt of an erasure was written.",
});

/**
 * The register of requests of data subjects. Only `dsar.received` names the person. Later records name the request, so that the register
 * continues after the person was erased. A `RequestStore` keeps its projection in step.
 */
export const requestReceived = defineEvent({
  type: "compliance",
  action: "dsar.received",
  data: payloadShape({
    request: "text",
    kinds: "texts",
    /** Who asks: "actor", "subject", or "unknown" until it is known. */
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

/** The identity of a requester was checked. */
export const requestVerified = defineEvent({
  type: "compliance",
  action: "dsar.verified",
  data: payloadShape({ request: "text", method: "text", result: "text", evidenceSha256: "text?", note: "text?" }),
  personal: ["note"],
  description: "The identity of a requester was checked.",
});

/** A request went on to another state. */
export const requestMoved = defineEvent({
  type: "compliance",
  action: "dsar.moved",
  data: payloadShape({ request: "text", state: "text", ground: "text?", note: "text?" }),
  personal: ["note"],
  description: "A request went on to another state.",
});

/** The clock of a request was stopped, usually until the requester is identified. */
export const requestPaused = defineEvent({
  type: "compliance",
  action: "dsar.paused",
  data: payloadShape({ request: "text", ground: "text", note: "text?" }),
  personal: ["note"],
  description: "The clock of a request was stopped, usually until the requester is identified.",
});

/** The clock of a request runs again. */
export const requestResumed = defineEvent({
  type: "compliance",
  action: "dsar.resumed",
  data: payloadShape({ request: "text" }),
  personal: [],
  description: "The clock of a request runs again.",
});

/** The time for a request was extended, and the person told why. */
export const requestExtended = defineEvent({
  type: "compliance",
  action: "dsar.extended",
  data: payloadShape({ request: "text", until: "text", reason: "text", toldAt: "text" }),
  personal: [],
  description: "The time for a request was extended, and the person told why.",
});

/** A decision was made about a part of the data. */
export const requestDecided = defineEvent({
  type: "compliance",
  action: "dsar.decided",
  data: payloadShape({ request: "text", category: "text", outcome: "text", ground: "text?", explanation: "text?" }),
  personal: ["explanation"],
  description: "A decision was made about a part of the data.",
});

/** The response to a request was handed over. */
export const requestDelivered = defineEvent({
  type: "compliance",
  action: "dsar.delivered",
  data: payloadShape({ request: "text", via: "text", files: "count?", manifestSha256: "text?", expiresAt: "text?" }),
  personal: [],
  description: "The response to a request was handed over.",
});

/** A request was finished. */
export const requestClosed = defineEvent({
  type: "compliance",
  action: "dsar.closed",
  data: payloadShape({ request: "text", outcome: "text", ground: "text?", remedy: "text?" }),
  personal: [],
  description: "A request was finished.",
});

/** Records were put under a legal hold: they are neither erased nor expired. */
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

/** A legal hold ended. */
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
