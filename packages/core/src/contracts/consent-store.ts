/**
 * States of a consent (ISO/IEC TS 27560, W3C DPV). Only `given` and `renewed` permit anything. `requested` and `deferred` are
 * recorded, but are no state of a consent yet. `superseded`: the person agreed again.
 */
export const CONSENT_STATES = ["given", "renewed", "refused", "withdrawn", "expired", "invalidated", "terminated", "superseded"] as const;
/** One of `CONSENT_STATES`. */
export type ConsentState = (typeof CONSENT_STATES)[number];

/** Kind of a new version. `material`: every earlier consent has to be renewed. `editorial`: they stay in force. */
export type ChangeKind = "editorial" | "material";

/** One version of a purpose as it was published; it never changes afterwards. */
export interface PurposeVersion {
  /** A code, `[a-z][a-z0-9_.]{0,63}`. */
  readonly purpose: string;
  readonly version: string;
  readonly change: ChangeKind;
  /** ISO time from which the version is in force. */
  readonly effectiveFrom: string;
  /** The whole definition as JSON text, opaque to the store. */
  readonly definition: string;
  /** SHA-256 of `definition`, hexadecimal. */
  readonly sha256: string;
}

/** One version of a notice in one language: the exact text people were shown. Kept as long as a consent refers to it. */
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
  /** Fields beside the text, as JSON text: controller, addresses, the label of the control. */
  readonly definition: string;
}

/** One agreement or refusal of one person for one purpose, as the projection shows it. */
export interface ConsentRecord {
  /** Id of this agreement or refusal. */
  readonly consent: string;
  /** The same for all of one person and purpose. */
  readonly record: string;
  /** The id as given; absent if the store keeps pseudonyms only. */
  readonly userId?: string;
  readonly purpose: string;
  readonly version: string;
  readonly notice: string;
  readonly noticeVersion: string;
  readonly language: string;
  readonly noticeSha256: string;
  readonly state: ConsentState;
  /** Whether the person agreed or refused; `state` is its present state. */
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
  /** Sequence numbers of its record in the trail, and of the record of its end. */
  readonly seq: number;
  readonly endedSeq?: number;
}

/** A consent that is in force now. */
export interface ConsentInForce {
  readonly consent: string;
  readonly epoch: number;
  readonly version: string;
  /** Milliseconds since the Unix epoch, infinite without an end. */
  readonly validUntil: number;
}

/**
 * A store that keeps consents. Records of the actions `consent.*` change them: the projection moves in the transaction that stores the
 * record. A withdrawal, an expiry, an invalidation and a termination also delete the journal rows of that purpose there. The projection
 * can be rebuilt from the records with the same content; it is never evidence itself.
 */
export interface ConsentStore {
  /**
   * Stores new versions of purposes and notices. A known version with the same content is unchanged.
   * @throws {DaybookError} `VERSION_CHANGED`: the version is known with another content
   */
  publish(purposes: readonly PurposeVersion[], notices: readonly NoticeVersion[]): Promise<void>;
  /** All versions, oldest first. */
  purposes(): Promise<readonly PurposeVersion[]>;
  notices(): Promise<readonly NoticeVersion[]>;
  /**
   * Returns the consent of this person for this purpose at a moment. Undefined if none is in force: never given, ended, expired, or
   * given for a version that a material change has replaced. The result may be a moment old: writing checks again.
   * @param at milliseconds since the Unix epoch
   */
  consentInForce(userId: string, purpose: string, at: number): Promise<ConsentInForce | undefined>;
  /** `consentInForce` without waiting, if the store can; entries recorded in the last moment of a process need it. */
  consentInForceNow?(userId: string, purpose: string, at: number): ConsentInForce | undefined;
  /** Returns every agreement and refusal of this person, oldest first. */
  consentsOf(userId: string): Promise<readonly ConsentRecord[]>;
  /**
   * Ends at most `limit` consents whose time is over. One transaction stores the record `consent.expired` and deletes the journal of
   * that purpose. Works without the id as given. Returns how many it ended.
   * @param at milliseconds since the Unix epoch
   */
  expireConsents(at: number, limit: number): Promise<number>;
  /** Returns all consents, page by page, for an overview of an operator. */
  consents(filter?: { readonly purpose?: string; readonly state?: ConsentState }): AsyncIterable<ConsentRecord>;
  /** Rebuilds the projection from the records. Returns the number of agreements and refusals in it. */
  rebuildConsents(): Promise<number>;
}
