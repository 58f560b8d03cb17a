/**
 * States of a consent (ISO/IEC TS 27560, W3C DPV). Only `given` and `renewed` permit anything. `requested` and `deferred` are
 * recorded, but are no state of a consent yet. `superseded` is what an agreement becomes when the person agrees anew.
 */
export const CONSENT_STATES = ["given", "renewed", "refused", "withdrawn", "expired", "invalidated", "terminated", "superseded"] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];

/** `material` asks everybody who agreed before for a new consent; `editorial` changes nothing for them. */
export type ChangeKind = "editorial" | "material";

/** One version of a purpose as it was put in force; never changed afterwards. */
export interface PurposeVersion {
  /** A code, `[a-z][a-z0-9_.]{0,63}`. */
  readonly purpose: string;
  readonly version: string;
  readonly change: ChangeKind;
  /** From when it holds, ISO time. */
  readonly effectiveFrom: string;
  /** Everything it says, as JSON text; the store does not look into it. */
  readonly definition: string;
  /** SHA-256 of `definition`, hexadecimal. */
  readonly sha256: string;
}

/** One version of a notice in one language: the exact text people were shown, kept as long as a consent refers to it. */
export interface NoticeVersion {
  readonly notice: string;
  readonly version: string;
  /** BCP 47, such as `en`. */
  readonly language: string;
  readonly change: ChangeKind;
  readonly effectiveFrom: string;
  readonly mediaType: string;
  readonly content: string;
  /** SHA-256 of `content` as UTF-8, hexadecimal. */
  readonly sha256: string;
  /** What belongs to it beside the text, as JSON text: controller, addresses, the words beside the control. */
  readonly definition: string;
}

/** One agreement or refusal of one person for one purpose, as the projection shows it. */
export interface ConsentRecord {
  /** Id of this agreement or refusal. */
  readonly consent: string;
  /** The same for all of one person and purpose. */
  readonly record: string;
  /** The id as given; absent where the store keeps pseudonyms only. */
  readonly userId?: string;
  readonly purpose: string;
  readonly version: string;
  readonly notice: string;
  readonly noticeVersion: string;
  readonly language: string;
  readonly noticeSha256: string;
  readonly state: ConsentState;
  /** Whether the person agreed or refused; `state` says what became of it. */
  readonly agreed: boolean;
  /** Rises with each change of state of a person and purpose. */
  readonly epoch: number;
  readonly method: string;
  readonly act: string;
  readonly by: string;
  readonly expression: string;
  /** ISO times. `decidedAt` is that of the agreement or refusal, `endedAt` that of its end. */
  readonly decidedAt: string;
  readonly endedAt?: string;
  readonly validUntil?: string;
  readonly jurisdiction?: string;
  /** Where the record of it is in the trail, and the record of its end. */
  readonly seq: number;
  readonly endedSeq?: number;
}

/** What a person may be recorded for right now. */
export interface ConsentInForce {
  readonly consent: string;
  readonly epoch: number;
  readonly version: string;
  /** Milliseconds since the Unix epoch, infinite without an end. */
  readonly validUntil: number;
}

/**
 * A store that keeps consents. They are changed by appending records of the actions `consent.*`: the projection moves in the
 * transaction that stores the record, and a withdrawal, an expiry, an invalidation and a termination delete that purpose's journal
 * rows in it too. The projection can be rebuilt from the records to the same content; it is never evidence itself.
 */
export interface ConsentStore {
  /**
   * Keeps new versions of purposes and notices. A version that is known with the same content is left alone.
   * @throws {DaybookError} `VERSION_CHANGED`: it is known with another content
   */
  publish(purposes: readonly PurposeVersion[], notices: readonly NoticeVersion[]): Promise<void>;
  /** All versions, oldest first. */
  purposes(): Promise<readonly PurposeVersion[]>;
  notices(): Promise<readonly NoticeVersion[]>;
  /**
   * The consent that holds for this person and purpose at that moment, undefined where none does: never given, ended, run out, or given
   * for a version that a material change has replaced. It may be a moment old: writing checks again.
   * @param at milliseconds since the Unix epoch
   */
  consentInForce(userId: string, purpose: string, at: number): Promise<ConsentInForce | undefined>;
  /** The same without waiting, where the store can; what is recorded in the last moment of a process needs it. */
  consentInForceNow?(userId: string, purpose: string, at: number): ConsentInForce | undefined;
  /** Everything this person agreed to or refused, oldest first. */
  consentsOf(userId: string): Promise<readonly ConsentRecord[]>;
  /**
   * Ends consents whose time is over, at most `limit`: in one transaction the record of the action `consent.expired` and the end of the
   * journal of that purpose. Works without knowing the id as given. Answers how many.
   * @param at milliseconds since the Unix epoch
   */
  expireConsents(at: number, limit: number): Promise<number>;
  /** All of them, by key, for an overview of an operator. */
  consents(filter?: { readonly purpose?: string; readonly state?: ConsentState }): AsyncIterable<ConsentRecord>;
  /** Forgets the projection and makes it again from the records. Answers how many agreements and refusals it holds. */
  rebuildConsents(): Promise<number>;
}
