import { DAY_MS, type ErasureStore, type RequestStore } from "@daybook/core/store";
import type { JournalStats } from "./journal/journal-options.ts";
import { endOfDay } from "./requests/due-date.ts";

/** Options of `privacyHealth`. */
export interface PrivacyHealthOptions {
  /** The store with the requests and erasures. */
  readonly store: RequestStore & ErasureStore;
  /** Journals whose counters are added up. Default: none. */
  readonly journals?: readonly { stats(): JournalStats }[];
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** State of the duties towards persons: numbers and dates, never a person. `@daybook/metrics` takes it as a source of health. */
export interface PrivacyHealth {
  /** Erasures whose bytes are not yet removed. */
  readonly erasures: { readonly pending: number; readonly oldestPendingAt: number | null };
  /** Open requests, by the time left. */
  readonly requests: {
    readonly overdue: number;
    readonly dueIn7Days: number;
    readonly dueIn30Days: number;
    readonly later: number;
    /** Milliseconds since the Unix epoch; null while none is open. */
    readonly nextDueAt: number | null;
  };
  /** Number of legal holds. */
  readonly holds: number;
  /** Entries without consent by purpose, and rejected ones by reason. */
  readonly journal: { readonly noConsent: Readonly<Record<string, number>>; readonly rejected: JournalStats["rejected"] };
}

const MOST_REQUESTS = 10_000;

/** Returns a source of health for metrics, which call it whenever they are read. */
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
