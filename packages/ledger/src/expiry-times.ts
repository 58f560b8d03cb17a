import type { RaisedWatermark, Statement } from "./declared-absences.ts";
import type { Policy } from "./entry-class.ts";
import type { WitnessTimes } from "./witness-times.ts";

const DAY_MS = 86_400_000;
/** A period that was shortened counts only after this long: shortening it must not be the way to get rid of evidence. */
const NOTICE_MS = 7 * DAY_MS;

export interface ExpiryEvidence {
  /** Entries that count, among them those that record the policy, ascending. */
  readonly policies: readonly Statement[];
  readonly times: WitnessTimes;
  /** The latest time in a head that survives below a sequence number; empty where none does. */
  readonly survivor: (below: number) => string;
}

export interface ExpiryFinding {
  readonly code: "EARLY_EXPIRY" | "EXPIRY_UNPROVEN";
  readonly seq: number;
  readonly text: string;
}

/** Holds each watermark against the period of its class: was everything below it old enough when it went? */
export function expiryFindings(raised: readonly RaisedWatermark[], { policies, times, survivor }: ExpiryEvidence): ExpiryFinding[] {
  const findings: ExpiryFinding[] = [];
  for (const { statement, class: entryClass, kind, below } of raised) {
    const { seq, time } = statement;
    const days = daysInForce(policies, statement, entryClass, kind);
    const period = days * DAY_MS;
    const run = times.bounds(seq);
    const youngest = times.bounds(below - 1);
    const what = `entry ${seq} removed ${kind} of class ${entryClass} below entry ${below}`;
    const early = `${what}, which were to be kept ${Number.isFinite(days) ? `${days} days` : "for ever"}`;
    if (!Number.isFinite(days) || run.high - youngest.low < period) findings.push({ code: "EARLY_EXPIRY", seq, text: early });
    else if (run.low - youngest.high >= period) continue;
    else {
      const latest = Date.parse(survivor(below));
      if (Date.parse(time) - latest < period) findings.push({ code: "EARLY_EXPIRY", seq, text: early });
      else findings.push({ code: "EXPIRY_UNPROVEN", seq, text: `${what}; no witness shows that they were old enough` });
    }
  }
  return findings;
}

/** The longest period in force in the days before a retention entry; 0 where no policy is recorded. */
function daysInForce(policies: readonly Statement[], { seq, time }: Statement, entryClass: number, kind: "persons" | "heads"): number {
  const start = Date.parse(time) - NOTICE_MS;
  let days = 0;
  for (const { seq: recorded, manifest, time: since } of policies) {
    if (recorded >= seq || (manifest.action !== "ledger.created" && manifest.action !== "ledger.policy")) continue;
    const period = daysOf(manifest.policy, entryClass, kind);
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
