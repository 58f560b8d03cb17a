import type { AuditEvent } from "../events/audit-event.ts";
import type { Outcome } from "../events/outcome.ts";
import type { Severity } from "../events/severity.ts";

/** Conditions on events. All given ones apply together; a list means any of its values. */
export interface EventFilter {
  readonly type?: string | readonly string[];
  readonly action?: string | readonly string[];
  readonly severity?: Severity | readonly Severity[];
  readonly outcome?: Outcome | readonly Outcome[];
  /** The person as actor, subject or target. */
  readonly user?: string;
  /** The person as actor only. */
  readonly actor?: string;
  readonly requestId?: string;
  readonly tenant?: string;
  /** Route template, exactly. */
  readonly route?: string;
  /** Recorded at or after, milliseconds since the Unix epoch. */
  readonly since?: number;
  /** Recorded before, milliseconds since the Unix epoch. */
  readonly until?: number;
  /** Sequence numbers above this one, for following a log. */
  readonly after?: number;
}

/** A stored event. Erased and expired fields are missing; `state` says whether any are. */
export interface StoredEvent extends Partial<Omit<AuditEvent, "actor">> {
  /** Position in the store's order, from 0, without gaps. */
  readonly seq: number;
  readonly state: "full" | "partial" | "empty";
  readonly actor?: Partial<AuditEvent["actor"]> & { readonly sub?: string };
}

/** Options of one page of a query. */
export interface PageOptions {
  /** Most events of one page, 1 to 1000. Default 100. */
  readonly limit?: number;
  /** Newest first or oldest first. Default `newest`. */
  readonly order?: "newest" | "oldest";
  /** `next` of the previous page. */
  readonly cursor?: string;
}

/** One page of a query. */
export interface Page {
  readonly events: readonly StoredEvent[];
  /** Give it as `cursor` for the next page; absent on the last one. */
  readonly next?: string;
}

/** Fields that `countBy` can count. */
export const COUNT_KEYS = ["type", "action", "severity", "outcome", "route"] as const;
/** One of `COUNT_KEYS`. */
export type CountKey = (typeof COUNT_KEYS)[number];
