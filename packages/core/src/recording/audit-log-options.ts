import type { AuditSink } from "../contracts/audit-sink.ts";
import type { AuditStore } from "../contracts/audit-store.ts";
import type { DaybookError } from "../daybook-error.ts";
import type { Delivery, EventDefinition } from "../events/event-definition.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";

export interface AuditLogOptions<C extends readonly EventDefinition[] = readonly EventDefinition[]> {
  /** Where events are kept and read back. A required sink. */
  readonly store?: AuditStore | undefined;
  /** Further sinks. Those not marked `required` can neither slow nor fail a request. */
  readonly sinks?: readonly (AuditSink | GivenSink)[];
  /** The application's own definitions, beside the built-in ones. */
  readonly catalogue?: C;
  /** Component that writes, `[A-Za-z0-9._-]{1,64}`; appears in every event. */
  readonly service?: string;
  /** Process that writes, `[A-Za-z0-9._-]{1,64}`. */
  readonly instance?: string;
  /** Delivery class of whole types, over the one of their definitions. */
  readonly delivery?: Readonly<Record<string, Delivery>>;
  /** What happens when the store does not take an event, by type or by action, over what the definitions say. */
  readonly onStoreFailure?: Readonly<Record<string, FailurePolicy>>;
  /** Types whose records hold the whole client address; all others hold its /24 or /48. Only `authentication` and `suspicious_activity`. */
  readonly fullAddresses?: readonly ("authentication" | "suspicious_activity")[];
  readonly queue?: {
    /** Events of each delivery class that may wait for a sink. Default 10 000. */
    readonly maxEvents?: number;
    /** Bytes of each delivery class that may wait for a sink; estimated for one without an `eventForm`. Default 32 MiB. */
    readonly maxBytes?: number;
  };
  /** The file events go to that the store does not take. `false`: none. Default: beside the database, where the store has a place. */
  readonly spool?: false | SpoolPlace;
  /** A durable event that no sink stored within this time is given up. Milliseconds, default 5 000. */
  readonly deadlineMs?: number;
  /** How long `close()`, `flush()` and a process exit may take to write what waits. Milliseconds, default 5 000. */
  readonly closeDeadlineMs?: number;
  /** Flush on SIGTERM and SIGINT unless the application handles them. Default true. */
  readonly signals?: boolean;
  /** Record when recording begins, ends, or was interrupted, and steps of the clock. Default true, where there is a spool. */
  readonly lifecycle?: boolean;
  /** From the start, let no event block an operation; see `AuditLog.breakGlass`. Default: `DAYBOOK_BREAK_GLASS`, the reason, if set. */
  readonly breakGlass?: { readonly reason: string };
  /** Told about every failure nobody else hears of. Default: one line on stderr, at most one per code and ten seconds. */
  readonly onProblem?: (error: DaybookError) => void;
  /** Told what an operator should know at start. Default: one line each on stderr. */
  readonly onNotice?: (notice: string) => void;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

export interface SpoolPlace {
  /** Path its files begin with. Default: what the store says. */
  readonly path?: string;
  /** Most bytes it may hold. Default 64 MiB, about 100 000 events. */
  readonly maxBytes?: number;
}

export interface GivenSink {
  readonly sink: AuditSink;
  /** One required sink at least has to keep an event, or its receipt rejects. Default false. */
  readonly required?: boolean;
  /** Types of events the sink is given. Default: all. */
  readonly types?: readonly string[];
}
