import { defineEvent } from "./event-definition.ts";
import { payloadShape } from "./payload-shape.ts";
import { PRIVACY_EVENTS } from "./privacy-events.ts";
import { TRAIL_EVENTS } from "./trail-events.ts";

/** Recorded for every request by the framework adapters. */
export const requestCompleted = defineEvent({
  type: "endpoint",
  action: "request.completed",
  description: "A request got its response, or the client aborted it (outcome partial).",
});

/** Stored before the handler runs on routes of level `always`. */
export const requestStarted = defineEvent({
  type: "endpoint",
  action: "request.started",
  delivery: "durable",
  description: "A request that must be recorded is about to be handled.",
});

/** Recorded for every response with status 401 or 403; `audit.deny` adds the reason. */
export const permissionDenied = defineEvent({
  type: "access_control",
  action: "permission.denied",
  severity: "warning",
  outcome: "denied",
  data: payloadShape({ policy: "text?", permissionsHeld: "texts?", permissionsRequired: "texts?" }),
  personal: ["permissionsHeld"],
  description: "Access to a resource was refused.",
});

/** Recorded for every response with status 429. */
export const quotaExceeded = defineEvent({
  type: "access_control",
  action: "quota.exceeded",
  severity: "warning",
  outcome: "denied",
  data: payloadShape({ policy: "text?", limit: "number?", used: "number?", permissionsHeld: "texts?", permissionsRequired: "texts?" }),
  personal: ["used", "permissionsHeld"],
  description: "A limit was exceeded.",
});

/** Recorded for every response with status 500 or above, and for every exception that names no status below 500. */
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

/** `source` names the origin of the content. For an upload it is never the file name of the client. */
export const contentIngested = defineEvent({
  type: "ingestion",
  action: "content.ingested",
  data: payloadShape({ source: "text", status: "text", count: "count?", bytes: "count?", collection: "text?", durationMs: "number?" }),
  description: "Content entered the system.",
});

/** A search index changed. */
export const indexUpdated = defineEvent({
  type: "index_update",
  action: "index.updated",
  data: payloadShape({ index: "text", added: "count?", removed: "count?", size: "count?", durationMs: "number?" }),
  personal: [],
  description: "A search index changed.",
});

/** A question was asked. Its text is never recorded, only its length and, if given, a keyed digest. */
export const queryReceived = defineEvent({
  type: "query",
  action: "query.received",
  data: payloadShape({ length: "count", digest: "text?", strategy: "text?", filters: "object?", results: "count?", durationMs: "number?" }),
  personal: ["digest", "filters", "length"],
  description: "A question was asked.",
});

/** Passages were found for a question. `documents` are ids. */
export const documentsRetrieved = defineEvent({
  type: "retrieval",
  action: "documents.retrieved",
  data: payloadShape({ documents: "texts", scores: "numbers?", strategy: "text?", filters: "object?", durationMs: "number?" }),
  personal: ["documents", "scores", "filters"],
  description: "Passages were found for a question.",
});

/** A model wrote an answer. Its text is never recorded. */
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

/** An administrator granted or revoked permissions. */
export const accessChanged = defineEvent({
  type: "admin_action",
  action: "access.changed",
  severity: "warning",
  data: payloadShape({ granted: "texts?", revoked: "texts?" }),
  description: "An administrator changed the permissions of a user.",
});

/** An administrator changed a setting. */
export const settingChanged = defineEvent({
  type: "admin_action",
  action: "setting.changed",
  severity: "warning",
  data: payloadShape({ setting: "text", from: "text?", to: "text?" }),
  description: "An administrator changed a setting.",
});

/** A user signed in. */
export const loginSucceeded = defineEvent({
  type: "authentication",
  action: "login.succeeded",
  data: payloadShape({ method: "text?" }),
  personal: [],
  description: "A user signed in.",
});

/** An attempt to sign in failed. */
export const loginFailed = defineEvent({
  type: "authentication",
  action: "login.failed",
  severity: "warning",
  outcome: "failure",
  data: payloadShape({ method: "text?", attempts: "count?" }),
  personal: [],
  description: "An attempt to sign in failed.",
});

/** A session ended, by the user or by a time limit. */
export const sessionEnded = defineEvent({
  type: "authentication",
  action: "session.ended",
  data: payloadShape({ method: "text?" }),
  personal: [],
  description: "A user signed out or was signed out.",
});

/** A detector of the application found behaviour that looks like an attack. */
export const anomalyDetected = defineEvent({
  type: "suspicious_activity",
  action: "anomaly.detected",
  severity: "critical",
  outcome: "denied",
  data: payloadShape({ detector: "text", score: "number?", count: "count?", window: "text?" }),
  personal: [],
  description: "Behaviour looked like an attack.",
});

/** The trail itself was read, exported or verified. */
export const trailRead = defineEvent({
  type: "compliance",
  action: "trail.read",
  data: payloadShape({ verb: "text", records: "count?", filters: "object?", format: "text?" }),
  personal: ["filters"],
  description: "The audit trail was read, exported or verified.",
});

/** A free note, for events that no other definition fits. Prefer a definition of your own. */
export const noteRecorded = defineEvent({
  type: "custom",
  action: "note.recorded",
  data: payloadShape({ note: "text", fields: "object?" }),
  description: "A free note of the application.",
});

/** Every definition that an audit log accepts without a catalogue. */
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

/** One of `BUILT_IN_EVENTS`. */
export type BuiltInEvent = (typeof BUILT_IN_EVENTS)[number];
