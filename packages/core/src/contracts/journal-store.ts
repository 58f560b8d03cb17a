import type { JsonObject } from "../json.ts";

/** One entry of a person's journal on its way to the store. */
export interface NewJournalEntry {
  /** UUIDv7: an entry given twice is stored once. */
  readonly id: string;
  readonly userId: string;
  /** When it happened, milliseconds since the Unix epoch. */
  readonly at: number;
  /** A code: `search`, `read`, `bookmark`, `note` or one of the application's own. */
  readonly activity: string;
  /** The words of a search, the text of a note. */
  readonly query?: string;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly collection?: string;
  readonly details?: JsonObject;
  readonly purpose: string;
  /** The consent under which it happened. */
  readonly consent: string;
}

/**
 * What became of an entry. `no_consent_at_write`: nothing in force. `late_event`: the consent it happened under was replaced by a newer
 * one. `wrong_version`: purpose or notice changed materially since. `withdrawn_in_flight`: the consent ended while the entry waited.
 */
export const JOURNAL_VERDICTS = ["stored", "no_consent_at_write", "late_event", "wrong_version", "withdrawn_in_flight"] as const;
export type JournalVerdict = (typeof JOURNAL_VERDICTS)[number];

/** An entry as it is read back. */
export interface JournalEntry {
  /** Place in the journal table; pages continue after it. */
  readonly row: number;
  readonly id: string;
  /** ISO time. */
  readonly time: string;
  readonly activity: string;
  readonly query?: string;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly collection?: string;
  readonly details?: JsonObject;
  readonly purpose: string;
  readonly version: string;
  readonly consent: string;
}

export interface JournalFilter {
  readonly purpose?: string;
  readonly activity?: string;
  /** Milliseconds since the Unix epoch. */
  readonly since?: number;
  readonly until?: number;
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  /** Give it as `cursor` for the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * A store that keeps consented journals. Rows are plain: no proof holds them, so that nothing stands in the way when they go.
 * Records of the action `journal.deleted` delete rows in the transaction that stores them.
 */
export interface JournalStore {
  /**
   * Stores the entries whose consent is in force *inside the transaction that inserts them*, and answers for each what became of it, in
   * order. The person, the consent and the version must be those under which it happened.
   * @param now milliseconds since the Unix epoch
   */
  appendJournal(batch: readonly NewJournalEntry[], now: number): Promise<readonly JournalVerdict[]>;
  /**
   * The same without returning to the event loop, for the end of a process. Optional.
   * @throws {DaybookError} where they could not be written within `deadlineMs`
   */
  appendJournalSync?(batch: readonly NewJournalEntry[], now: number, deadlineMs: number): readonly JournalVerdict[];
  /** One page by key, newest first unless told otherwise. */
  journalPage(
    userId: string,
    filter?: JournalFilter,
    options?: { readonly limit?: number; readonly order?: "newest" | "oldest"; readonly cursor?: string },
  ): Promise<JournalPage>;
  /** All of them, oldest first, in constant memory, with no reader open between pages. */
  scanJournal(userId: string, filter?: JournalFilter): AsyncIterable<JournalEntry>;
  countJournal(userId: string, filter?: JournalFilter): Promise<number>;
  /** Deletes entries of a purpose that are older than its period, at most `limit`. Answers how many. */
  expireJournal(purpose: string, before: number, limit: number): Promise<number>;
}
