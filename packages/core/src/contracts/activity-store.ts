import type { JsonObject } from "../json.ts";

/** One entry of a person's journal on its way to the store. */
export interface NewActivity {
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
export const ACTIVITY_VERDICTS = ["stored", "no_consent_at_write", "late_event", "wrong_version", "withdrawn_in_flight"] as const;
export type ActivityVerdict = (typeof ACTIVITY_VERDICTS)[number];

/** An entry as it is read back. */
export interface Activity {
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

export interface ActivityFilter {
  readonly purpose?: string;
  readonly activity?: string;
  /** Milliseconds since the Unix epoch. */
  readonly since?: number;
  readonly until?: number;
}

export interface ActivityPage {
  readonly activities: readonly Activity[];
  /** Give it as `cursor` for the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * A store that keeps consented journals. Rows are plain: no proof holds them, so that nothing stands in the way when they go.
 * Records of the action `journal.deleted` delete rows in the transaction that stores them.
 */
export interface ActivityStore {
  /**
   * Stores the entries whose consent is in force *inside the transaction that inserts them*, and answers for each what became of it, in
   * order. The person, the consent and the version must be those under which it happened.
   * @param now milliseconds since the Unix epoch
   */
  appendActivities(batch: readonly NewActivity[], now: number): Promise<readonly ActivityVerdict[]>;
  /**
   * The same without returning to the event loop, for the end of a process. Optional.
   * @throws {DaybookError} where they could not be written within `deadlineMs`
   */
  appendActivitiesSync?(batch: readonly NewActivity[], now: number, deadlineMs: number): readonly ActivityVerdict[];
  /** One page by key, newest first unless told otherwise. */
  activities(
    userId: string,
    filter?: ActivityFilter,
    options?: { readonly limit?: number; readonly order?: "newest" | "oldest"; readonly cursor?: string },
  ): Promise<ActivityPage>;
  /** All of them, oldest first, in constant memory, with no reader open between pages. */
  scanActivities(userId: string, filter?: ActivityFilter): AsyncIterable<Activity>;
  countActivities(userId: string, filter?: ActivityFilter): Promise<number>;
  /** Deletes entries of a purpose that are older than its period, at most `limit`. Answers how many. */
  expireActivities(purpose: string, before: number, limit: number): Promise<number>;
}
