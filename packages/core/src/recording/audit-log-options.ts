import type { AuditSink } from "../contracts/audit-sink.ts";
import type { AuditStore } from "../contracts/audit-store.ts";
import type { DaybookError } from "../daybook-error.ts";
import type { Delivery, EventDefinition } from "../events/event-definition.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";

/** Deadline of a durable event, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 5_000;
/** Time that `close()`, `flush()` and a process exit take at most, in milliseconds. */
export const DEFAULT_CLOSE_DEADLINE_MS = 5_000;
/** Most queued events of each delivery class before one sink. */
export const DEFAULT_QUEUE_EVENTS = 10_000;
/** Most queued bytes of each delivery class before one sink. */
export const DEFAULT_QUEUE_BYTES = 32 * 1024 * 1024;
/** Most bytes of the spool file: about 100 000 events. */
export const DEFAULT_SPOOL_BYTES = 64 * 1024 * 1024;
export const LEAST_SPOOL_BYTES = 64 * 1024;

/** Options of `createAuditLog`. A `store`, or a required sink, is needed. */
export interface AuditLogOptions<C extends readonly EventDefinition[] = readonly EventDefinition[]> {
  /** Keeps events and can be queried. A required sink. */
  readonly store?: AuditStore | undefined;
  /** Further sinks. Those not marked `required` can neither slow nor fail a request. */
  readonly sinks?: readonly (AuditSink | GivenSink)[];
  /** The application's own definitions, beside the built-in ones. */
  readonly catalogue?: C;
  /** Component that writes, `[A-Za-z0-9._-]{1,64}`; appears in every event. */
  readonly service?: string;
  /** Process that writes, `[A-Za-z0-9._-]{1,64}`. */
  readonly instance?: string;
  /** Delivery class by type; wins over the definitions. */
  readonly delivery?: Readonly<Record<string, Delivery>>;
  /** Failure policy by type or by action; wins over the definitions. */
  readonly onStoreFailure?: Readonly<Record<string, FailurePolicy>>;
  /** Types whose records keep the whole client address; all others keep its /24 or /48. Only `authentication` and `suspicious_activity`. */
  readonly fullAddresses?: readonly ("authentication" | "suspicious_activity")[];
  readonly queue?: {
    /** Most queued events of each delivery class before one sink. Default `DEFAULT_QUEUE_EVENTS`, 10 000. */
    readonly maxEvents?: number;
    /** Most queued bytes of each delivery class before one sink; estimated for a sink without a codec. Default `DEFAULT_QUEUE_BYTES`, 32 MiB. */
    readonly maxBytes?: number;
  };
  /** The file for events that the store does not take. `false`: none. Default: beside the database, if the store names a place. */
  readonly spool?: false | SpoolPlace;
  /** A durable event that no sink stored within this time is given up. Milliseconds, default `DEFAULT_DEADLINE_MS`, 5 000. */
  readonly deadlineMs?: number;
  /** Longest time that `close()`, `flush()` and a process exit write queued events. Milliseconds, default `DEFAULT_CLOSE_DEADLINE_MS`, 5 000. */
  readonly closeDeadlineMs?: number;
  /** Flush on SIGTERM and SIGINT unless the application handles them. Default true. */
  readonly signals?: boolean;
  /** Record when recording begins, ends, or was interrupted, and steps of the clock. Default true, if there is a spool. */
  readonly lifecycle?: boolean;
  /** From the start, let no event block an operation; see `AuditLog.breakGlass`. Default: `DAYBOOK_BREAK_GLASS`, the reason, if set. */
  readonly breakGlass?: { readonly reason: string };
  /** Called with every failure that no caller awaits. Default: one line on stderr, at most one per code and ten seconds. */
  readonly onProblem?: (error: DaybookError) => void;
  /** Called at start with lines an operator should know. Default: one line each on stderr. */
  readonly onNotice?: (notice: string) => void;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** Place and bound of the spool. */
export interface SpoolPlace {
  /** Path that the spool files begin with. Default: the store's `spoolPath`. */
  readonly path?: string;
  /** Most bytes of the file. Default `DEFAULT_SPOOL_BYTES`, 64 MiB: about 100 000 events. */
  readonly maxBytes?: number;
}

/** A sink with its settings. */
export interface GivenSink {
  readonly sink: AuditSink;
  /** At least one required sink has to keep an event, or its receipt rejects. Default false. */
  readonly required?: boolean;
  /** Types of events the sink is given. Default: all. */
  readonly types?: readonly string[];
}
