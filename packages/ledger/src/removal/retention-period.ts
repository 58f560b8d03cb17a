import type { Policy } from "../entry/entry-class.ts";

/** A policy that the log records. */
export interface RecordedPolicy {
  /** Time of its entry, UTC ISO 8601: `late` or else `ts`. */
  readonly since: string;
  /** The rules from then on. */
  readonly policy: Policy;
}

const DAY_MS = 86_400_000;
/** Notice before a shorter period counts, so that shortening a period cannot remove evidence at once. */
const NOTICE_MS = 7 * DAY_MS;

/**
 * Retention period of a class at a time: the longest period in force during the seven days before.
 * @param recorded all policies recorded so far, oldest first
 * @param at milliseconds since the Unix epoch
 * @param kind detachable parts (`persons`) or heads
 * @returns days; infinite if the class has no period, 0 if no policy is recorded
 */
export function periodInForce(recorded: Iterable<RecordedPolicy>, at: number, entryClass: number, kind: "persons" | "heads"): number {
  const start = at - NOTICE_MS;
  let days = 0;
  for (const { since, policy } of recorded) {
    const period = daysOf(policy, entryClass, kind);
    // A policy that was replaced before the notice began no longer binds.
    days = Date.parse(since) <= start ? period : Math.max(days, period);
  }
  return days;
}

function daysOf(policy: Policy, entryClass: number, kind: "persons" | "heads"): number {
  const rules = policy[entryClass];
  if (rules === undefined) return Number.POSITIVE_INFINITY;
  return kind === "persons" ? rules.persons_days : (rules.heads_days ?? Number.POSITIVE_INFINITY);
}
