import { defineEvent } from "./event-definition.ts";
import { payloadShape } from "./payload-shape.ts";
import { PRIVACY_EVENTS } from "./privacy-events.ts";
import { TRAIL_EVENTS } from "./trail-events.ts";

/** Recorded for every request by the framework adapters. */
export const requestCompleted = defineEvent({
  type: "endpoint",
  action: "request.completed",
  description: "A request was answered, or given up by the client (outcome partial).",
});

/** Stored before the handler runs on routes of level `always`. */
export const requestStarted = defineEvent({
  type: "endpoint",
  action: "request.started",
  delivery: "durable",
  description: "A request that must be recorded is about to be handled.",
});

/** Recorded for every answer of 401 or 403; `audit.deny` adds the reason. */
export const permissionDenied = defineEvent({
  type: "access_control",
  action: "permission.denied",
  severity: "warning",
  outcome: "denied",
  data: payloadShape({ policy: "text?", permissionsHeld: "texts?", permissionsRequired: "texts?" }),
  personal: ["permissionsHeld"],
  description: "Someone was refused access to a resource.",
});

/** Recorded for every answer of 429. */
export const quotaExceeded = defineEvent({
  type: "access_control",
  action: "quota.exceeded",
  severity: "warning",
  outcome: "denied",
  data: payloadShape({ policy: "text?", limit: "number?", used: "number?", permissionsHeld: "texts?", permissionsRequired: "texts?" }),
  personal: ["used", "permissionsHeld"],
  description: "Someone used more than a limit allows.",
});

/** Recorded for every answer of 500 and above and for every exception that names no status below 500. */
export const requestFailed = defineEvent({
  type: "error",
  action: "request.failed",
  severity: "error",
  outcome: "failure",
  description: "A request failed inside the server.",
});

/** For failures outside a request. */
export const operationFailed = defineEvent({
  type: "error",
  action: "operation.failed",
  severity: "error",
  outcome: "failure",
  data: payloadShape({ operation: "text", retries: "count?" }),
  description: "A job or another operation failed.",
});

/** `source` names where the content came from; for an upload that is never the client's file name. */
export const contentIngested = defineEvent({
  type: "ingestion",
  action: "content.ingested",
  data: payloadShape({ source: "text", status: "text", count: "count?", bytes: "count?", collection: "text?", durationMs: "number?" }),
  description: "Content entered the system.",
});

export const indexUpdated = defineEvent({
  type: "index_update",
  action: "index.updated",
  data: payloadShape({ index: "text", added: "count?", removed: "count?", size: "count?", durationMs: "number?" }),
  personal: [],
  description: "A search index changed.",
});

/** The text of a query is never recorded: its length, and where needed a keyed digest. */
export const queryReceived = defineEvent({
  type: "query",
  action: "query.received",
  data: payloadShape({ length: "count", digest: "text?", strategy: "text?", filters: "object?", results: "count?", durationMs: "number?" }),
  personal: ["digest", "filters", "length"],
  description: "Someone asked a question.",
});

export const documentsRetrieved = defineEvent({
  type: "retrieval",
  action: "documents.retrieved",
  data: payloadShape({ documents: "texts", scores: "numbers?", strategy: "text?", filters: "object?", durationMs: "number?" }),
  personal: ["documents", "scores", "filters"],
  description: "Passages were found for a question.",
});

export const answerGenerated = defineEvent({
  type: "generation",
  action: "answer.generated",
  data: payloadShape({
    model: "text",
    template: "text?",
    tokensIn: "count?",
    tokensOut: "count?",
    citations: "texts?",
    durationMs: "number?",
  }),
  personal: ["citations"],
  description: "A model wrote an answer.",
});

export const accessChanged = defineEvent({
  type: "admin_action",
  action: "access.changed",
  severity: "warning",
  data: payloadShape({ granted: "texts?", revoked: "texts?" }),
  description: "An administrator changed what someone may do.",
});

export const settingChanged = defineEvent({
  type: "admin_action",
  action: "setting.changed",
  severity: "warning",
  data: payloadShape({ setting: "text", from: "text?", to: "text?" }),
  description: "An administrator changed a setting.",
});

export const loginSucceeded = defineEvent({
  type: "authentication",
  action: "login.succeeded",
  data: payloadShape({ method: "text?" }),
  personal: [],
  description: "Someone signed in.",
});

export const loginFailed = defineEvent({
  type: "authentication",
  action: "login.failed",
  severity: "warning",
  outcome: "failure",
  data: payloadShape({ method: "text?", attempts: "count?" }),
  personal: [],
  description: "An attempt to sign in failed.",
});

export const sessionEnded = defineEvent({
  type: "authentication",
  action: "session.ended",
  data: payloadShape({ method: "text?" }),
  personal: [],
  description: "Someone signed out or was signed out.",
});

export const anomalyDetected = defineEvent({
  type: "suspicious_activity",
  action: "anomaly.detected",
  severity: "critical",
  outcome: "denied",
  data: payloadShape({ detector: "text", score: "number?", count: "count?", window: "text?" }),
  personal: [],
  description: "Behaviour looked like an attack.",
});

/** Reads, exports and verifications of the trail itself. */
export const trailRead = defineEvent({
  type: "compliance",
  action: "trail.read",
  data: payloadShape({ verb: "text", records: "count?", filters: "object?", format: "text?" }),
  personal: ["filters"],
  description: "The audit trail was read, exported or verified.",
});

/** For what fits nowhere else yet; prefer a definition of your own. */
export const noteRecorded = defineEvent({
  type: "custom",
  action: "note.recorded",
  data: payloadShape({ note: "text", fields: "object?" }),
  description: "A free note of the application.",
});

export const BUILT_IN_EVENTS = [
  requestCompleted,
  requestStarted,
  permissionDenied,
  quotaExceeded,
  requestFailed,
  operationFailed,
  contentIngested,
  indexUpdated,
  queryReceived,
  documentsRetrieved,
  answerGenerated,
  accessChanged,
  settingChanged,
  loginSucceeded,
  loginFailed,
  sessionEnded,
  anomalyDetected,
  trailRead,
  noteRecorded,
  ...PRIVACY_EVENTS,
  ...TRAIL_EVENTS,
] as const;

export type BuiltInEvent = (typeof BUILT_IN_EVENTS)[number];
