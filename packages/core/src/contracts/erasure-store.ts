/** Why a person's data goes; several reasons may hold at once (GDPR, Art. 17(1)). `expired` is the retention period's end. */
export const ERASURE_BASES = ["request", "withdrawal", "objection", "unlawful", "child", "law", "expired"] as const;
export type ErasureBasis = (typeof ERASURE_BASES)[number];

/** Slots of one retention class and one role of a person: what an erasure would remove or has to keep. */
export interface ErasureItem {
  /** Name of the retention class: `system`, `access`, `admin`, `consent`, `compliance`, `usage`, `security`, `ledger`, or `class 64`. */
  readonly category: string;
  readonly role: "actor" | "subject" | "target" | "context";
  readonly action: "erase" | "keep";
  readonly parts: number;
  /** Why kept: an article and sentence such as `17(3)(e)`, or the ground of a hold. */
  readonly ground?: string;
  /** ISO date on which retention removes what is kept; absent where a hold decides. */
  readonly until?: string;
}

export interface ErasurePlan {
  readonly items: readonly ErasureItem[];
  /** Parts that would be removed. */
  readonly erase: number;
  readonly keep: number;
  /** Rows of the journal. */
  readonly journal: number;
  /** Purposes whose consent would end. */
  readonly consents: readonly string[];
}

export interface EraseOptions {
  /** Default `["request"]`. */
  readonly basis?: readonly ErasureBasis[];
  /** `full` also blanks the head of events in which nobody else occurred. Default `persons`. */
  readonly scope?: "persons" | "full";
  /** `true` puts the person on the queue of the next run and erases nothing now. Default false. */
  readonly queue?: boolean;
  /** How long a backup may live, in days: until then late and restored events of the person are refused. Default 35. */
  readonly backupDays?: number;
}

export interface ErasureResult {
  /** Number of the run; `eraseStatus` knows it by this. Absent where nothing had to be removed or the person was only queued. */
  readonly run?: number;
  readonly plan: ErasurePlan;
  /** Parts removed, journal rows not counted. */
  readonly erased: number;
  /** Sequence numbers of the entries that declare the removal; empty where no part was removed. */
  readonly manifests: readonly number[];
  /**
   * `proven`: the bytes are gone from the database and its write-ahead log. `pending`: something, usually an open reader, still
   * holds the old pages; the store goes on trying. `none`: there was nothing to remove.
   */
  readonly state: "proven" | "pending" | "none" | "queued";
  /** Why it is pending. */
  readonly reason?: string;
  /** ISO date after which no backup can hold the data, if backups live as long as stated. */
  readonly backupsUntil: string;
}

export interface ErasureRun {
  readonly run: number;
  /** Absent where only journal rows were removed. */
  readonly manifest?: number;
  readonly state: "pending" | "proven";
  readonly reason?: string;
  /** ISO times. */
  readonly made: string;
  readonly tried?: string;
  readonly proven?: string;
}

/** A legal hold: what lies in its scope is neither erased nor expired until it is released. */
export interface Hold {
  readonly id: string;
  /** The person, as a keyed pseudonym when read back. */
  readonly user?: string;
  readonly category?: number;
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** Reference of the case. */
  readonly case: string;
  /** Article and sentence, or law. */
  readonly ground: string;
  /** ISO date on which somebody must look at it again. */
  readonly review: string;
}

/** What a store that can remove one person offers beside `AuditStore`. */
export interface ErasureStore {
  /** What erasing this person would remove and keep; changes nothing. */
  planErasure(userId: string): Promise<ErasurePlan>;
  /**
   * Removes a person's parts, journal and running consents. Parts go in transactions of limited size, so that other writers
   * do not wait long. Atomic is:
   * - the first transaction, which ends the consents with their records, deletes the journal, suppresses the person and
   *   queues the parts;
   * - each further transaction, which removes parts together with the entry that declares them. No part is ever removed
   *   without its declaration, nor declared without its removal.
   *
   * The person stays queued until the last transaction. If the process ends in between, the store continues the run when
   * it is opened next. Repeating an erasure is harmless, because removed parts are not found again.
   * @throws {DaybookError} `STORE_BUSY`, `STORE_FAILED`: the queue keeps the rest; call it again
   */
  erase(userId: string, options?: EraseOptions): Promise<ErasureResult>;
  /** All runs that are pending, and the last proven ones. `retry` tries again to remove the bytes; `scan` also looks for them. */
  eraseStatus(options?: { readonly retry?: boolean; readonly scan?: boolean }): Promise<readonly ErasureRun[]>;
  hold(hold: Omit<Hold, "id">): Promise<Hold>;
  /** Answers false where there is no such hold. */
  release(id: string): Promise<boolean>;
  holds(): Promise<readonly Hold[]>;
  /**
   * All names under which records may hold this person: the id as given, and its keyed pseudonyms of all live epochs. Telling a
   * person's own name from those of others needs them.
   */
  namesOf(userId: string): Promise<readonly string[]>;
}
