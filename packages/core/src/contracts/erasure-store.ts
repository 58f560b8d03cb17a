/** Grounds of an erasure; several may apply at once (GDPR, Art. 17(1)). `expired`: the retention period is over. */
export const ERASURE_BASES = ["request", "withdrawal", "objection", "unlawful", "child", "law", "expired"] as const;
/** One of `ERASURE_BASES`. */
export type ErasureBasis = (typeof ERASURE_BASES)[number];

/** Slots of one retention class and one role of a person, which an erasure would remove or has to keep. */
export interface ErasureItem {
  /** Name of the retention class: `system`, `access`, `admin`, `consent`, `compliance`, `usage`, `security`, `ledger`, or `class 64`. */
  readonly category: string;
  readonly role: "actor" | "subject" | "target" | "context";
  readonly action: "erase" | "keep";
  readonly parts: number;
  /** Why the slots are kept: an article and sentence such as `17(3)(e)`, or the ground of a hold. */
  readonly ground?: string;
  /** ISO date on which retention removes the kept slots; absent if a hold decides. */
  readonly until?: string;
}

/** What an erasure of one person would do. */
export interface ErasurePlan {
  readonly items: readonly ErasureItem[];
  /** Parts that would be removed. */
  readonly erase: number;
  readonly keep: number;
  /** Rows of the journal that would be deleted. */
  readonly journal: number;
  /** Purposes whose consent would end. */
  readonly consents: readonly string[];
}

/** Options of `ErasureStore.erase`. */
export interface EraseOptions {
  /** Default `["request"]`. */
  readonly basis?: readonly ErasureBasis[];
  /** `full` also blanks the head of events that name no other person. Default `persons`. */
  readonly scope?: "persons" | "full";
  /** `true` puts the person on the queue of the next run and erases nothing now. Default false. */
  readonly queue?: boolean;
  /** Longest life of a backup, in days. Until it is over, late and restored events of the person are refused. Default 35. */
  readonly backupDays?: number;
  /**
   * False changes nothing if the plan is empty, so that a mistyped id suppresses no other person. Default true: late events of an id that
   * the store does not know are refused as well.
   */
  readonly suppressUnknown?: boolean;
}

/** Result of `ErasureStore.erase`. */
export interface ErasureResult {
  /** Number of the run, as `eraseStatus` lists it. Absent if nothing had to be removed, or the person was only queued. */
  readonly run?: number;
  readonly plan: ErasurePlan;
  /** Parts removed, journal rows not counted. */
  readonly erased: number;
  /** Sequence numbers of the entries that declare the removal; empty if no part was removed. */
  readonly manifests: readonly number[];
  /**
   * `proven`: the bytes are gone from the database and its write-ahead log. `pending`: an open reader, usually, still keeps
   * the old pages; the store tries again. `none`: there was nothing to remove.
   */
  readonly state: "proven" | "pending" | "none" | "queued";
  /** Why the run is pending. */
  readonly reason?: string;
  /** ISO date after which no backup can hold the data, if backups live as long as stated. */
  readonly backupsUntil: string;
}

/** One run of an erasure. */
export interface ErasureRun {
  readonly run: number;
  /** Absent if only journal rows were removed. */
  readonly manifest?: number;
  readonly state: "pending" | "proven";
  readonly reason?: string;
  /** ISO times. */
  readonly made: string;
  readonly tried?: string;
  readonly proven?: string;
}

/** A legal hold. Slots in its scope are neither erased nor expired until it is released. */
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
  /** ISO date on which the hold has to be reviewed. */
  readonly review: string;
}

/** A store that can remove one person. */
export interface ErasureStore {
  /** Returns what erasing this person would remove and keep; changes nothing. */
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
   * it is opened next. Repeating an erasure is harmless, because removed parts are not found again. The store MUST count the
   * plan that it carries out itself, and return it.
   * @throws {DaybookError} `STORE_BUSY`, `STORE_FAILED`: the queue keeps the rest; call it again
   */
  erase(userId: string, options?: EraseOptions): Promise<ErasureResult>;
  /** Returns all pending runs and the last proven ones. `retry` tries again to remove the bytes; `scan` also looks for them. */
  eraseStatus(options?: { readonly retry?: boolean; readonly scan?: boolean }): Promise<readonly ErasureRun[]>;
  /** Places a legal hold. */
  hold(hold: Omit<Hold, "id">): Promise<Hold>;
  /** Ends a hold. Returns false if there is no such hold. */
  release(id: string): Promise<boolean>;
  /** Returns all holds in force. */
  holds(): Promise<readonly Hold[]>;
  /**
   * Returns all names of this person in records: the id as given, and its keyed pseudonyms of all live key epochs. They tell the
   * person's own name from those of others.
   */
  namesOf(userId: string): Promise<readonly string[]>;
}
