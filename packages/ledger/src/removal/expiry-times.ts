import type { WitnessTimes } from "../checkpoint/witness-times.ts";
import type { RaisedWatermark, Statement } from "./declared-absences.ts";
import { periodInForce, type RecordedPolicy } from "./retention-period.ts";

const DAY_MS = 86_400_000;

/** What the age of removed entries is judged by. */
export interface ExpiryEvidence {
  /** Statements that count, ascending; those with a policy are used. */
  readonly policies: readonly Statement[];
  readonly times: WitnessTimes;
  /** The latest time in a head that survives below a sequence number; empty if none does. */
  readonly survivor: (below: number) => string;
}

/** A watermark that was raised too early, or that no witness shows to be in time. */
export interface ExpiryFinding {
  readonly code: "EARLY_EXPIRY" | "EXPIRY_UNPROVEN";
  readonly seq: number;
  readonly text: string;
}

/** Compares each watermark with the period of its class: all entries below it must have been old enough when it was raised. */
export function expiryFindings(raised: readonly RaisedWatermark[], { policies, times, survivor }: ExpiryEvidence): ExpiryFinding[] {
  const findings: ExpiryFinding[] = [];
  for (const { statement, class: entryClass, kind, below } of raised) {
    const { seq, time } = statement;
    const days = periodInForce(recordedBefore(policies, seq), Date.parse(time), entryClass, kind);
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

function* recordedBefore(policies: readonly Statement[], seq: number): Generator<RecordedPolicy> {
  for (const { seq: recorded, manifest, time } of policies) {
    if (recorded >= seq || (manifest.action !== "ledger.created" && manifest.action !== "ledger.policy")) continue;
    yield { since: time, policy: manifest.policy };
  }
}
