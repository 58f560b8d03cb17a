import type { Policy } from "../entry/entry-class.ts";

/** A policy as the log records it. */
export interface RecordedPolicy {
  /** Time of its entry: `late` or else `ts`. */
  readonly since: string;
  readonly policy: Policy;
}

const DAY_MS = 86_400_000;
/** A period that was shortened counts only after this long: shortening it must not be the way to get rid of evidence. */
const NOTICE_MS = 7 * DAY_MS;

/**
 * Days for which a class is kept at a time: the longest period in force during the seven days before. Infinite where the class has
 * none; 0 where no policy is recorded.
 * @param recorded all policies recorded so far, oldest first
 * @param at milliseconds since the Unix epoch
 */
export function periodInForce(recorded: Iterable<RecordedPolicy>, at: number, entryClass: number, kind: "persons" | "heads"): number {
  const start = at - NOTICE_MS;
  let days = 0;
  for (const { since, policy } of recorded) {
    const period = daysOf(policy, entryClass, kind);
    // What was replaced before the notice began no longer binds.
    days = Date.parse(since) <= start ? period : Math.max(days, period);
  }
  return days;
}

function daysOf(policy: Policy, entryClass: number, kind: "persons" | "heads"): number {
  const rules = policy[entryClass];
  if (rules === undefined) return Number.POSITIVE_INFINITY;
  return kind === "persons" ? rules.persons_days : (rules.heads_days ?? Number.POSITIVE_INFINITY);
}
