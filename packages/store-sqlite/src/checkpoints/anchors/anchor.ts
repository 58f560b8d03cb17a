import type { SlotList } from "@daybook/ledger";
import type { SuppressionRecord } from "../../ledger/suppression.ts";

/**
 * A place outside the database that is told of checkpoints. What it has seen can no longer be cut off or rewritten unnoticed by
 * whoever reaches the database but not the anchor.
 */
export interface Anchor {
  /** For messages, such as `dir:/var/lib/audit-anchors`. */
  readonly name: string;
  /** True where publishing adds signatures that other anchors should hold too; such anchors are asked first. Default false. */
  readonly cosigns?: boolean;
  /**
   * Resolves when the anchor holds the note. May be called again with the same note.
   * @param note a signed checkpoint
   * @returns signature lines to add to the note, each with its LF, already checked
   * @throws {DaybookError} `ANCHOR_FAILED`: it may succeed later; `LOG_DAMAGED`: the anchor has seen what this log does not hold
   */
  publish(note: string, context: PublishContext): Promise<readonly string[] | undefined>;
  /** The newest note it holds, unchecked; undefined where it holds none. Missing where it cannot be asked. */
  newest?(): Promise<string | undefined>;
}

/** What an anchor may ask of the log whose checkpoint it is given. */
export interface PublishContext {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Number of entries the log holds by now, which may be more than the note covers: other processes write and publish too. */
  entries(): number | Promise<number>;
  /** Consistency proof from an older size, at least 1, to the size of the note. */
  consistencyProof(from: number): Promise<readonly Uint8Array[]>;
  /** Entries that declare slots gone, above a sequence number and below the note's size, ascending. */
  manifestsAbove(seq: number): Iterable<ManifestRecord>;
  /** All suppressions in force. */
  suppressions(): Iterable<SuppressionRecord>;
}

/** An entry `ledger.erasure` or `ledger.retention` as far as it is needed to repeat it: slots, and nothing about persons. */
export interface ManifestRecord {
  readonly seq: number;
  readonly action: "ledger.erasure" | "ledger.retention";
  /** The head's key `ledger`. */
  readonly ledger: Readonly<Record<string, unknown>>;
  /** Slots an erasure names. */
  readonly gone?: SlotList;
  /** Slots a retention run spares. */
  readonly keep?: SlotList;
}
