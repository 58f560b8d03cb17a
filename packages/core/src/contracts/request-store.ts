/** Rights a person can ask for (GDPR, Art. 15 to 21 and 7(3)). */
export const REQUEST_KINDS = ["access", "portability", "erasure", "rectification", "restriction", "objection", "withdraw", "info"] as const;
/** One of `REQUEST_KINDS`. */
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** States of a request. */
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
/** One of `REQUEST_STATES`. */
export type RequestState = (typeof REQUEST_STATES)[number];

/** Results of a closed request. */
export const REQUEST_OUTCOMES = ["fulfilled", "partly_refused", "refused", "withdrawn_by_subject"] as const;
/** One of `REQUEST_OUTCOMES`. */
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** How the identity of a requester was checked. No method keeps a copy of a document. */
export const VERIFICATION_METHODS = [
  "signed_in",
  "signed_in_mfa",
  "email_loop",
  "known_facts",
  "document_seen",
  "representative",
  "operator",
] as const;
/** One of `VERIFICATION_METHODS`. */
export type VerificationMethod = (typeof VERIFICATION_METHODS)[number];

/** One request as the register shows it. */
export interface DataRequest {
  readonly request: string;
  readonly kinds: readonly RequestKind[];
  /** Keyed pseudonym of the person; absent after the person was erased. */
  readonly sub?: string;
  readonly channel: string;
  readonly state: RequestState;
  /** ISO time. */
  readonly receivedAt: string;
  /** ISO date of the last day for a response in time, not counting the time during which its clock was paused. */
  readonly dueAt: string;
  readonly calendar: string;
  /** Version of the rule that computed the date. */
  readonly rule: string;
  readonly extendedUntil?: string;
  readonly extensionReason?: string;
  readonly verification?: { readonly method: VerificationMethod; readonly confirmed: boolean; readonly at: string };
  /** ISO time since which its clock is paused. */
  readonly pausedSince?: string;
  readonly pausedMs: number;
  readonly jurisdiction?: string;
  readonly language?: string;
  readonly deliveredAt?: string;
  readonly closedAt?: string;
  readonly outcome?: RequestOutcome;
  /** Sequence number of its first record. */
  readonly seq: number;
}

/**
 * A store that keeps the register of requests. Records of the actions `dsar.*` change it in the transaction that stores them. It can be
 * rebuilt from them.
 */
export interface RequestStore {
  request(id: string): Promise<DataRequest | undefined>;
  /** Returns open requests first, the earliest due first. */
  requests(filter?: { readonly open?: boolean; readonly userId?: string; readonly limit?: number }): Promise<readonly DataRequest[]>;
  /** Returns the sequence numbers of all records of one request, oldest first. */
  requestRecords(id: string): Promise<readonly number[]>;
  /** Returns the end (UTC) of the day on which the next open request is due, in milliseconds since the Unix epoch; undefined if none is open. */
  nextRequestDue(): Promise<number | undefined>;
  /** Returns whether `userId` is the person of this request; undefined if that is not known any more. */
  isRequester(id: string, userId: string): Promise<boolean | undefined>;
}

/** Signed receipt of an erasure. It names no person and outlives the data. */
export interface StoredReceipt {
  readonly receipt: string;
  /** Number of the run, as `eraseStatus` lists it. */
  readonly run?: number;
  /** Keyed commitment to the person, under a key that can be destroyed. */
  readonly commitment: string;
  /** Id of the receipt before this one. */
  readonly previous?: string;
  /** ISO time. */
  readonly made: string;
  /** The receipt itself: a signed note (C2SP). */
  readonly note: string;
}

/** A store that keeps signed receipts. */
export interface ReceiptStore {
  saveReceipt(receipt: StoredReceipt): Promise<void>;
  /** Returns receipts, newest first. */
  receipts(filter?: { readonly commitment?: string; readonly run?: number; readonly limit?: number }): Promise<readonly StoredReceipt[]>;
  /**
   * Signs a text with the key of the log's checkpoints.
   * @returns the note; undefined if this process has no signing key
   */
  signNote(text: string): Promise<string | undefined>;
}
