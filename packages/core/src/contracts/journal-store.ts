import type { JsonObject } from "../json.ts";

/** Fields of a journal entry, the same before and after it is stored. */
export interface JournalFields {
  /** UUIDv7: an entry that is appended twice is stored once. */
  readonly id: string;
  /** A code: `search`, `read`, `bookmark`, `note` or one of the application's own. */
  readonly activity: string;
  /** The words of a search, the text of a note. */
  readonly query?: string;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly collection?: string;
  readonly details?: JsonObject;
  readonly purpose: string;
  /** Id of the consent in force at that time. */
  readonly consent: string;
}

/** An entry of a person's journal on its way to the store. */
export interface NewJournalEntry extends JournalFields {
  readonly userId: string;
  /** Time of the activity, milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * Result of storing an entry. `no_consent_at_write`: no consent is in force. `late_event`: a newer consent replaced the one of the
 * entry. `wrong_version`: purpose or notice changed materially since. `withdrawn_in_flight`: the consent ended while the entry was queued.
 */
export const JOURNAL_VERDICTS = ["stored", "no_consent_at_write", "late_event", "wrong_version", "withdrawn_in_flight"] as const;
/** One of `JOURNAL_VERDICTS`. */
export type JournalVerdict = (typeof JOURNAL_VERDICTS)[number];

/** A stored entry. */
export interface JournalEntry extends JournalFields {
  /** Place in the journal table; pages continue after it. */
  readonly row: number;
  /** ISO time. */
  readonly time: string;
  /** Version of the purpose. */
  readonly version: string;
}

/** All given conditions apply together. */
export interface JournalFilter {
  readonly purpose?: string;
  readonly activity?: string;
  /** Milliseconds since the Unix epoch. */
  readonly since?: number;
  readonly until?: number;
}

/** One page of a journal. */
export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  /** Give it as `cursor` for the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * A store that keeps journals with consent. Rows are plain: no proof refers to them, so they can be deleted at once. Records of the
 * action `journal.deleted` delete rows in the transaction that stores them.
 */
export interface JournalStore {
  /**
   * Stores the entries whose consent is in force *inside the transaction that inserts them*. The person, the consent and the version
   * must be those of the entry. Returns a verdict for each entry, in order.
   * @param now milliseconds since the Unix epoch
   */
  appendJournal(batch: readonly NewJournalEntry[], now: number): Promise<readonly JournalVerdict[]>;
  /**
   * `appendJournal` without returning to the event loop, for the end of a process. Optional.
   * @throws {DaybookError} if the entries could not be written within `deadlineMs`
   */
  appendJournalSync?(batch: readonly NewJournalEntry[], now: number, deadlineMs: number): readonly JournalVerdict[];
  /** Returns one page by key. Default order: newest first. */
  journalPage(
    userId: string,
    filter?: JournalFilter,
    options?: { readonly limit?: number; readonly order?: "newest" | "oldest"; readonly cursor?: string },
  ): Promise<JournalPage>;
  /** All entries, oldest first, in constant memory, with no reader open between pages. */
  scanJournal(userId: string, filter?: JournalFilter): AsyncIterable<JournalEntry>;
  countJournal(userId: string, filter?: JournalFilter): Promise<number>;
  /** Deletes at most `limit` entries of a purpose that are older than its period. Returns how many it deleted. */
  expireJournal(purpose: string, before: number, limit: number): Promise<number>;
}
