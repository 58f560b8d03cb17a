import type { HealthSource, RejectionReason } from "./trail-health.ts";

/** The part of the journal of `@daybook/gdpr` that is asked. */
export interface JournalLike {
  stats(): { readonly purpose: string; readonly noConsent: number; readonly rejected: Readonly<Record<RejectionReason, number>> };
}

/** Counts entries that journals left out without consent, and entries refused during the write. */
export function journalHealth(journals: readonly JournalLike[]): HealthSource {
  return () => {
    const noConsent: Record<string, number> = {};
    const rejected: Record<RejectionReason, number> = { no_consent_at_write: 0, late_event: 0, wrong_version: 0, withdrawn_in_flight: 0 };
    for (const stats of journals.map((journal) => journal.stats())) {
      noConsent[stats.purpose] = (noConsent[stats.purpose] ?? 0) + stats.noConsent;
      for (const [reason, count] of Object.entries(stats.rejected)) rejected[reason as RejectionReason] += count;
    }
    return { journal: { noConsent, rejected } };
  };
}
