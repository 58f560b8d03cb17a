import type { ConsentInForce, JournalVerdict } from "@daybook/core/store";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { OF_PERSONS, personList, subList } from "./person-projection.ts";

interface NewestConsent {
  readonly consent_id: string;
  readonly state: string;
  readonly version: string;
  readonly notice: string;
  readonly notice_version: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly epoch: number;
}

/** Decides whether a journal entry may be stored. */
export interface ConsentFence {
  /** The consent in force at `now`, or the reason why there is none. */
  look(subs: readonly string[], purpose: string, now: number): ConsentInForce | "none" | "ended" | "replaced";
  /** Verdict on a journal entry that happened under `consent`. Call it inside the transaction that stores the entry. */
  verdict(subs: readonly string[], purpose: string, consent: string, now: number): JournalVerdict;
}

/**
 * Reads the newest decision of a person for a purpose. Only a given or renewed consent permits an entry, if it has
 * not expired and no material change has replaced its version.
 */
export function consentFence(db: Sqlite): ConsentFence {
  const newest = db.prepare<[string, string, string], NewestConsent>(
    `SELECT consent_id, state, version, notice, notice_version, expires_at, revoked_at, epoch FROM user_consent
    WHERE ${OF_PERSONS} AND consent_type = ? ORDER BY granted_seq DESC LIMIT 1`,
  );
  // An unpublished version cannot be compared, so it permits nothing.
  const replaced = db
    .prepare<{ purpose: string; version: string; notice: string; noticeVersion: string; now: string }, number>(
      `SELECT
        NOT EXISTS (SELECT 1 FROM daybook_purpose WHERE purpose = @purpose AND version = @version)
        OR NOT EXISTS (SELECT 1 FROM daybook_notice WHERE notice = @notice AND version = @noticeVersion)
        OR EXISTS (
          SELECT 1 FROM daybook_purpose newer WHERE newer.purpose = @purpose AND newer.change = 'material' AND newer.effective_from <= @now
          AND newer.ordinal > (SELECT ordinal FROM daybook_purpose WHERE purpose = @purpose AND version = @version))
        OR EXISTS (
          SELECT 1 FROM daybook_notice newer WHERE newer.notice = @notice AND newer.change = 'material' AND newer.effective_from <= @now
          AND newer.ordinal > (SELECT max(ordinal) FROM daybook_notice WHERE notice = @notice AND version = @noticeVersion))`,
    )
    .pluck();

  const held = (subs: readonly string[], purpose: string, now: number) => {
    const row = newest.get(personList(subs), subList(subs), purpose);
    if (row === undefined) return { row, state: "none" as const };
    if (row.revoked_at !== null || (row.state !== "given" && row.state !== "renewed")) return { row, state: "ended" as const };
    const time = new Date(now).toISOString();
    if (row.expires_at !== null && row.expires_at <= time) return { row, state: "ended" as const };
    const versions = { purpose, version: row.version, notice: row.notice, noticeVersion: row.notice_version, now: time };
    return { row, state: replaced.get(versions) === 1 ? ("replaced" as const) : ("holds" as const) };
  };

  return {
    look(subs, purpose, now) {
      const { row, state } = held(subs, purpose, now);
      if (row === undefined || state !== "holds") return state as Exclude<typeof state, "holds">;
      return {
        consent: row.consent_id,
        epoch: row.epoch,
        version: row.version,
        validUntil: row.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(row.expires_at),
      };
    },
    verdict(subs, purpose, consent, now) {
      const { row, state } = held(subs, purpose, now);
      if (row === undefined) return "no_consent_at_write";
      if (row.consent_id !== consent) return "late_event";
      if (state === "holds") return "stored";
      if (state === "replaced") return "wrong_version";
      return row.revoked_at === null ? "no_consent_at_write" : "withdrawn_in_flight";
    },
  };
}
