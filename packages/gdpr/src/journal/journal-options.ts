import type { AuditLog, DaybookError, JsonObject } from "@daybook/core";
import type { AuditStore, ConsentStore, JournalFilter, JournalStore, JournalVerdict } from "@daybook/core/store";

/** Default of `JournalOptions.purpose`. */
export const DEFAULT_JOURNAL_PURPOSE = "personal_diary";
/** Default of `JournalOptions.maxEntries`. */
export const DEFAULT_JOURNAL_ENTRIES = 10_000;
/** Default of `JournalOptions.deadlineMs`: 30 seconds. */
export const DEFAULT_JOURNAL_DEADLINE_MS = 30_000;

/** Optional fields of a journal entry. A text that is too long is cut, and `details.truncated` is then true. */
export interface JournalEntryFields {
  /** The words of a search or the text of a note, at most 4 000 characters. */
  readonly query?: string;
  /** The thing that the activity was about; `type` is a code such as `book`. */
  readonly resource?: { readonly type: string; readonly id?: string };
  /** The collection that it belongs to. */
  readonly collection?: string;
  /** At most 8 000 characters as JSON. */
  readonly details?: JsonObject;
}

/**
 * Result of `journal.record`. `no_consent`: no consent was in force, so nothing was kept. `rejected`: the consent ended before the entry
 * was written. `refused`: the entry is invalid. `lost`: the store did not take it in time, or the queue was full.
 */
export type JournalOutcome =
  | { readonly outcome: "stored" | "no_consent" }
  | { readonly outcome: "rejected"; readonly reason: Exclude<JournalVerdict, "stored"> }
  | { readonly outcome: "refused" | "lost"; readonly error: DaybookError };

/** Options of `createJournal`. */
export interface JournalOptions {
  /** The audit trail beside which the journal is kept. */
  readonly audit: AuditLog;
  /** The store of that audit trail. */
  readonly store: AuditStore & ConsentStore & JournalStore;
  /** The purpose whose consent permits entries. Default `DEFAULT_JOURNAL_PURPOSE`. */
  readonly purpose?: string;
  /** Most entries that may be queued. Default `DEFAULT_JOURNAL_ENTRIES`. */
  readonly maxEntries?: number;
  /** Time after which an entry that was not stored is lost, in milliseconds. Default `DEFAULT_JOURNAL_DEADLINE_MS`. */
  readonly deadlineMs?: number;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** Counters since the journal was opened. At every moment `accepted` = `stored` + `queued` + `lost` + the sum of `rejected`. */
export interface JournalStats {
  /** The purpose of the journal. */
  readonly purpose: string;
  /** Entries for which a consent was in force. */
  readonly accepted: number;
  /** Entries in the store. */
  readonly stored: number;
  /** Entries in memory. */
  readonly queued: number;
  /** Attempts without consent; nothing of them was kept. */
  readonly noConsent: number;
  /** Invalid entries. */
  readonly refused: number;
  /** Entries that the store did not take in time. */
  readonly lost: number;
  /** Entries whose consent ended before they were written, by reason. */
  readonly rejected: Readonly<Record<Exclude<JournalVerdict, "stored">, number>>;
}

/** Options of `journal.read`. */
export interface ReadOptions extends JournalFilter {
  /** Entries of a page, 1 to 1000. Default 100. */
  readonly limit?: number;
  /** Default `newest` first. */
  readonly order?: "newest" | "oldest";
  /** `next` of the page before. Default: the first page. */
  readonly cursor?: string;
}

/** Options of `journal.delete`. */
export interface DeleteOptions {
  /** Only entries older than this, ISO time. Default: all. */
  readonly before?: string;
  /** Only these entries, by id. Default: all. */
  readonly entries?: readonly string[];
}
