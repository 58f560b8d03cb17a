/**
 * Every code a `DaybookError` can carry, with one sentence saying what happened. Codes are public: stable within a major
 * version and never reused. `docs/errors.md` explains each one.
 */
export const ERRORS = {
  ANCHOR_FAILED: "an anchor did not take the checkpoint or could not be read",
  BAD_DEFINITION: "an event definition is not usable",
  BAD_DURATION: "a duration could not be read",
  BAD_EVENT: "a field of the event has a value that cannot be recorded",
  BAD_FILTER: "a query asks for something the filter cannot express",
  BAD_OPTION: "an option has a value that cannot work",
  BASIS_CHANGED: "a purpose that rests on consent cannot move to another lawful basis",
  CONFIG_INVALID: "the configuration file cannot be used",
  CONSENT_BUNDLED: "one consent was asked for several purposes",
  CONSENT_PRESET: "an agreement was not the person's own act",
  DEADLINE_PASSED: "the deadline of this operation is over",
  DUPLICATE_DEFINITION: "two definitions claim the same type and action",
  EVENT_REFUSED: "the store refused this event",
  GUARDIAN_REQUIRED: "a child cannot agree to this alone",
  IDENTITY_UNVERIFIED: "the identity of the requester was not verified",
  INTENT_NOT_STORED: "the intent of a request that must be recorded could not be stored",
  KEYS_INVALID: "the keys file cannot be used",
  KEYS_MISMATCH: "the keys belong to another log than the database",
  KEYS_MISSING: "the database exists but its keys do not",
  KEYS_TOO_OPEN: "others may read or change the keys file",
  LOG_CLOSED: "the audit log is closed",
  LOG_DAMAGED: "the log does not match what was signed before",
  NODE_TOO_OLD: "this version of Node cannot load the SQLite driver",
  NOT_A_DAYBOOK: "the file is not a Daybook database",
  NOT_CONFIRMED: "an operation that destroys data has to be confirmed",
  PERSON_UNKNOWN: "the trail holds nothing about this person",
  PURPOSE_UNKNOWN: "the purpose or notice was not published",
  QUEUE_FULL: "the queue of events waiting to be stored is full",
  REQUEST_STATE: "the request is not in a state in which this can be done",
  REQUEST_UNKNOWN: "the register has no such request",
  RETENTION_UNBOUNDED: "data would be kept without an end",
  SCHEMA_ASYNC: "the schema of an event validates asynchronously",
  SCHEMA_NEWER: "the database was written by a newer Daybook",
  SCHEMA_VIOLATION: "the payload does not fit the schema of its event",
  SINK_FAILED: "the sink did not store the batch",
  SINK_TIMEOUT: "the sink did not store the event in time",
  SPOOL_DAMAGED: "a spool file holds lines that cannot be read",
  SPOOL_FAILED: "the spool file cannot be used",
  SPOOL_FULL: "the spool file has reached its bound",
  STORE_BUSY: "the database stayed locked by another process",
  STORE_FAILED: "the store could not carry out an operation",
  STORE_MISSING: "no store was given and the default one is not installed",
  STORE_OPEN_FAILED: "the database could not be opened",
  UNKNOWN_EVENT: "the event is in no catalogue of this audit log",
  VERSION_CHANGED: "a version that was published once has another content now",
  WRITER_FAILED: "the writer thread could not be started or stopped working",
} as const;

/** One of the keys of `ERRORS`. */
export type ErrorCode = keyof typeof ERRORS;

const BRAND = Symbol.for("daybook.error");

/** The one class of error Daybook throws or rejects with: branch on `code`, show `hint` to an operator. */
export class DaybookError extends Error {
  override readonly name = "DaybookError";
  readonly code: ErrorCode;
  /** What to do next, one sentence. */
  readonly hint: string;
  /** HTTP status of the response if the error leaves a handler: 503 if the store is down, otherwise 500. */
  readonly statusCode: 500 | 503;

  constructor(code: ErrorCode, hint: string, options?: ErrorOptions) {
    super(`${code}: ${ERRORS[code]}. ${hint}`, options);
    this.code = code;
    this.hint = hint;
    this.statusCode = UNAVAILABLE.has(code) ? 503 : 500;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set([
  "INTENT_NOT_STORED",
  "LOG_CLOSED",
  "QUEUE_FULL",
  "SINK_FAILED",
  "SINK_TIMEOUT",
  "SPOOL_FAILED",
  "SPOOL_FULL",
  "STORE_BUSY",
  "STORE_FAILED",
  "WRITER_FAILED",
]);

/** True for an error of any copy of this package in the process: the ESM and the CommonJS build have different classes. */
export function isDaybookError(value: unknown): value is DaybookError {
  return value instanceof Error && BRAND in value;
}
