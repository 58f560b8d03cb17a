import type { ErasureStore, RequestStore } from "@daybook/core/store";
import type { JournalStats } from "./journal/journal.ts";
import { endOfDay } from "./requests/due-date.ts";

export interface PrivacyHealthOptions {
  readonly store: RequestStore & ErasureStore;
  /** Journals whose counters are summed up. Default: none. */
  readonly journals?: readonly { stats(): JournalStats }[];
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** How the duties towards persons stand: numbers and dates, never a person. Metrics take it as a source of health. */
export interface PrivacyHealth {
  readonly erasures: { readonly pending: number; readonly oldestPendingAt: number | null };
  readonly requests: {
    readonly overdue: number;
    readonly dueIn7Days: number;
    readonly dueIn30Days: number;
    readonly later: number;
    /** Milliseconds since the Unix epoch; null while none is open. */
    readonly nextDueAt: number | null;
  };
  readonly holds: number;
  readonly journal: { readonly noConsent: Readonly<Record<string, number>>; readonly rejected: JournalStats["rejected"] };
}

const DAY_MS = 86_400_000;
const MOST_REQUESTS = 10_000;

/** Asked whenever metrics are read. */
export function privacyHealth({ store, journals = [], clock }: PrivacyHealthOptions): () => Promise<PrivacyHealth> {
  return async () => {
    const now = clock?.now() ?? Date.now();
    const pending = (await store.eraseStatus()).filter(({ state }) => state === "pending");
    const open = await store.requests({ open: true, limit: MOST_REQUESTS });
    const left = open.map(({ extendedUntil, dueAt }) => endOfDay(extendedUntil ?? dueAt) - now);
    const between = (from: number, to: number) => left.filter((ms) => ms > from && ms <= to).length;
    const noConsent: Record<string, number> = {};
    const rejected = { no_consent_at_write: 0, late_event: 0, wrong_version: 0, withdrawn_in_flight: 0 };
    for (const journal of journals) {
      const stats = journal.stats();
      noConsent[stats.purpose] = (noConsent[stats.purpose] ?? 0) + stats.noConsent;
      for (const reason of Object.keys(rejected) as (keyof typeof rejected)[]) rejected[reason] += stats.rejected[reason];
    }
    return {
      erasures: {
        pending: pending.length,
        oldestPendingAt: pending.length === 0 ? null : Math.min(...pending.map(({ made }) => Date.parse(made))),
      },
      requests: {
        overdue: between(Number.NEGATIVE_INFINITY, 0),
        dueIn7Days: between(0, 7 * DAY_MS),
        dueIn30Days: between(7 * DAY_MS, 30 * DAY_MS),
        later: between(30 * DAY_MS, Number.POSITIVE_INFINITY),
        nextDueAt: (await store.nextRequestDue()) ?? null,
      },
      holds: (await store.holds()).length,
      journal: { noConsent, rejected },
    };
  };
}
