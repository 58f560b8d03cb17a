import type { JsonObject } from "../json.ts";
import type { Actor, Subject } from "./actor.ts";
import type { Outcome } from "./outcome.ts";
import type { Severity } from "./severity.ts";

/** What an event was done to. */
export interface Resource {
  /** A name such as `book`, `[a-z][a-z0-9_.]{0,63}`. */
  readonly type: string;
  readonly id?: string;
}

/** The request during which an event was recorded. */
export interface RequestInfo {
  readonly id?: string;
  /** W3C Trace Context, 32 lower-case hexadecimal digits. */
  readonly traceId?: string;
  /** W3C Trace Context, 16 lower-case hexadecimal digits. */
  readonly spanId?: string;
  readonly method?: string;
  /** The route template with its mount, or `(unmatched)`. Never a URL. */
  readonly route?: string;
  readonly status?: number;
  /** Milliseconds from the first byte read to the end of the response, without the time for which the response was held. */
  readonly durationMs?: number;
}

/** The error of a failed operation. */
export interface EventError {
  /** A stable code, `[A-Za-z0-9_.:-]{1,64}`. */
  readonly code?: string;
  /** Text that a handler gave, never that of an exception. Secrets in it are masked. */
  readonly message?: string;
}

/** One record: plain data, the same in memory, in a store and in an export. */
export interface AuditEvent {
  /** UUIDv7, made once: a repeated event is stored once. */
  readonly id: string;
  /** Server clock, UTC, `YYYY-MM-DDTHH:mm:ss.sssZ`. Order is the store's sequence, never this. */
  readonly time: string;
  readonly type: string;
  readonly action: string;
  readonly severity: Severity;
  readonly outcome: Outcome;
  readonly actor: Actor;
  readonly subjects?: readonly Subject[];
  readonly resource?: Resource;
  /** A code. By convention, reads of sensitive data name one. */
  readonly purpose?: string;
  /** A code. */
  readonly reason?: string;
  readonly request?: RequestInfo;
  readonly tenant?: string;
  /** The definition's own payload. */
  readonly data?: JsonObject;
  readonly error?: EventError;
  readonly service?: string;
  readonly instance?: string;
}
