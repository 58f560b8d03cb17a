/** Rights a person can ask for (GDPR, Art. 15 to 21 and 7(3)). */
export const REQUEST_KINDS = ["access", "portability", "erasure", "rectification", "restriction", "objection", "withdraw", "info"] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export const REQUEST_STATES = [
  "received",
  "verifying",
  "need_information",
  "accepted",
  "searching",
  "reviewing",
  "on_hold",
  "approved",
  "delivered",
  "closed",
] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

export const REQUEST_OUTCOMES = ["fulfilled", "partly_refused", "refused", "withdrawn_by_subject"] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** How it was checked who asks. No method keeps a copy of a document. */
export const VERIFICATION_METHODS = [
  "signed_in",
  "signed_in_mfa",
  "email_loop",
  "known_facts",
  "document_seen",
  "representative",
  "operator",
] as const;
export type VerificationMethod = (typeof VERIFICATION_METHODS)[number];

/** One request as the register shows it. */
export interface DataRequest {
  readonly request: string;
  readonly kinds: readonly RequestKind[];
  /** Keyed pseudonym of the person; absent once the person was erased. */
  readonly sub?: string;
  readonly channel: string;
  readonly state: RequestState;
  /** ISO time. */
  readonly receivedAt: string;
  /** ISO date, the last day on which it can be answered in time, without the time its clock stood still. */
  readonly dueAt: string;
  readonly calendar: string;
  /** Version of the rule the date was computed by. */
  readonly rule: string;
  readonly extendedUntil?: string;
  readonly extensionReason?: string;
  readonly verification?: { readonly method: VerificationMethod; readonly confirmed: boolean; readonly at: string };
  /** Since when its clock stands still, ISO time. */
  readonly pausedSince?: string;
  readonly pausedMs: number;
  readonly jurisdiction?: string;
  readonly language?: string;
  readonly deliveredAt?: string;
  readonly closedAt?: string;
  readonly outcome?: RequestOutcome;
  /** Where its first record is in the trail. */
  readonly seq: number;
}

/**
 * A store that keeps the register of requests. It is changed by appending records of the actions `dsar.*`, in the transaction that
 * stores them, and can be rebuilt from them.
 */
export interface RequestStore {
  request(id: string): Promise<DataRequest | undefined>;
  /** Open ones first, the earliest due first. */
  requests(filter?: { readonly open?: boolean; readonly userId?: string; readonly limit?: number }): Promise<readonly DataRequest[]>;
  /** Sequence numbers of all records of one request, oldest first. */
  requestRecords(id: string): Promise<readonly number[]>;
  /** Milliseconds since the Unix epoch at which the day ends (UTC) on which the next open request is due; undefined where none is open. */
  nextRequestDue(): Promise<number | undefined>;
  /** Whether `userId` is the person of this request; undefined where that can no longer be told. */
  isRequester(id: string, userId: string): Promise<boolean | undefined>;
}

/** Signed receipts of erasures. They name nobody and outlive the data. */
export interface StoredReceipt {
  readonly receipt: string;
  /** The run of the erasure, as `eraseStatus` counts them. */
  readonly run?: number;
  /** Keyed commitment to the person, under a key that can be destroyed. */
  readonly commitment: string;
  /** The receipt this one follows. */
  readonly previous?: string;
  /** ISO time. */
  readonly made: string;
  /** The receipt itself: a signed note (C2SP). */
  readonly note: string;
}

export interface ReceiptStore {
  saveReceipt(receipt: StoredReceipt): Promise<void>;
  /** Newest first. */
  receipts(filter?: { readonly commitment?: string; readonly run?: number; readonly limit?: number }): Promise<readonly StoredReceipt[]>;
  /**
   * Signs a text with the key of the log's checkpoints.
   * @returns the note, undefined where this process has no signing key
   */
  signNote(text: string): Promise<string | undefined>;
}
