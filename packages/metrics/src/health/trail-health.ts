import type { JournalVerdict } from "@daybook/core/store";

/** Milliseconds since the Unix epoch; null while it has never happened. */
export type Moment = number | null;

/**
 * The state of a trail and of the duties around it, as far as its sources know. A part that is left out has no series; a moment
 * that is null is exported as NaN, so that "never" is not read as 1970 and no alert compares with it.
 *
 * Names of event types, purposes, rules and reasons become labels: they have to be few, and never a person.
 */
export interface TrailHealth {
  readonly store?: {
    /** Entries kept. */
    readonly rows?: number;
    readonly bytes?: number;
    /** Of the write-ahead log. */
    readonly walBytes?: number;
    /** Room left, by the file system or by the store's own bound, whichever is less. */
    readonly freeBytes?: number;
    /** Room there is in all. */
    readonly capacityBytes?: number;
    /** Spent waiting for other writers, in milliseconds since the process began. */
    readonly lockWaitMs?: number;
    /** The signing keys are in the folder of the data. */
    readonly keysBesideData?: boolean;
    /** Reads, exports and verifications of the trail that were recorded. Default: those this process recorded. */
    readonly reads?: number;
    /** Steps of the system clock that were recorded. Default: those this process recorded. */
    readonly clockJumps?: number;
  };
  /** The last signed checkpoint. */
  readonly checkpoint?: { readonly at: Moment /** How long making it took, in milliseconds. */; readonly tookMs?: number };
  readonly verification?: { /** Null while none has ended. */ readonly ok: boolean | null; readonly lastSuccessAt: Moment };
  readonly retention?: {
    readonly lastSuccessAt: Moment;
    /** By type of event. */
    readonly types?: Readonly<Record<string, { readonly oldestAgeMs: number; readonly limitMs: number }>>;
  };
  readonly erasures?: {
    /** Carried out, but not proven to be physically gone. */ readonly pending: number;
    readonly oldestPendingAt: Moment;
  };
  /** Requests of data subjects that are open. */
  readonly requests?: {
    readonly overdue: number;
    readonly dueIn7Days: number;
    readonly dueIn30Days: number;
    readonly later: number;
    readonly nextDueAt: Moment;
  };
  readonly holds?: number;
  readonly review?: { readonly lastCompletedAt: Moment };
  /** The last restore that was tried out. */
  readonly restoreDrill?: { readonly lastAt: Moment };
  readonly consents?: Readonly<
    Record<
      string,
      { /** Persons whose consent is in force. */ readonly given: number /** Persons who were asked. */; readonly asked: number }
    >
  >;
  readonly journal?: {
    /** Entries not written because consent was missing, by purpose. */
    readonly noConsent: Readonly<Record<string, number>>;
    /** Entries refused at the moment of writing, by reason. */
    readonly rejected: Readonly<Record<RejectionReason, number>>;
  };
  /** What people said of findings, by rule. */
  readonly verdicts?: Readonly<Record<string, { readonly right: number; readonly wrong: number }>>;
}

/** Why a journal entry was refused in the transaction that should have stored it. */
export type RejectionReason = Exclude<JournalVerdict, "stored">;

/** All reasons for which a journal entry can be rejected. */
export const REJECTION_REASONS = [
  "no_consent_at_write",
  "late_event",
  "wrong_version",
  "withdrawn_in_flight",
] as const satisfies readonly RejectionReason[];

/** A source of a part of the health, such as a store, a register of requests or a file. It is called at every scrape. */
export type HealthSource = () => TrailHealth | Promise<TrailHealth>;
