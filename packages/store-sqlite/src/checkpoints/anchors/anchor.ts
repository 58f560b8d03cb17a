import type { SlotList } from "@daybook/ledger";
import type { SuppressionRecord } from "../../ledger/suppression.ts";

/**
 * A trust anchor: a place outside the database that gets the checkpoints. An attacker who reaches the database but
 * not the anchor cannot cut off or rewrite published entries unnoticed.
 */
export interface Anchor {
  /** For messages, such as `dir:/var/lib/audit-anchors`. */
  readonly name: string;
  /**
   * True if publishing adds signatures that other anchors should hold too. Cosigning anchors are called first.
   * Default false.
   */
  readonly cosigns?: boolean;
  /**
   * Resolves when the anchor holds the note. Repeated calls with the same note are allowed.
   * @param note a signed checkpoint
   * @returns signature lines to add to the note, each with its LF, already verified
   * @throws {DaybookError} `ANCHOR_FAILED`: a later call may succeed; `LOG_DAMAGED`: the anchor has seen entries that
   * this log does not hold
   */
  publish(note: string, context: PublishContext): Promise<readonly string[] | undefined>;
  /**
   * The newest note that the anchor holds, unverified; undefined if it holds none. Absent on an anchor that cannot be
   * read.
   */
  newest?(): Promise<string | undefined>;
}

/** Data of the log that an anchor may read while it publishes a checkpoint. */
export interface PublishContext {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /**
   * Number of entries in the log now. It may exceed the size of the note, because other processes write and publish
   * too.
   */
  entries(): number | Promise<number>;
  /** Consistency proof from an older size, at least 1, to the size of the note. */
  consistencyProof(from: number): Promise<readonly Uint8Array[]>;
  /** Manifests above a sequence number and below the size of the note, ascending. */
  manifestsAbove(seq: number): Iterable<ManifestRecord>;
  /** All suppressions in force. */
  suppressions(): Iterable<SuppressionRecord>;
}

/**
 * An entry `ledger.erasure` or `ledger.retention`, reduced to the slots that a restore has to remove again. It holds
 * no personal data.
 */
export interface ManifestRecord {
  /** Sequence number of the entry. */
  readonly seq: number;
  /** Action of the entry. */
  readonly action: "ledger.erasure" | "ledger.retention";
  /** Value of the head's key `ledger`. */
  readonly ledger: Readonly<Record<string, unknown>>;
  /** Slots that an erasure names. */
  readonly gone?: SlotList;
  /** Slots that a retention run keeps. */
  readonly keep?: SlotList;
}
