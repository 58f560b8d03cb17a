import { randomBytes } from "node:crypto";
import {
  consistencyProofFromLeaves,
  Frontier,
  formatCheckpoint,
  leafHash,
  type NoteSigner,
  newKeys,
  parseVkey,
  signNote,
  type Vkey,
  vkeyOf,
} from "@daybook/ledger";
import type { ManifestRecord, PublishContext } from "../../src/checkpoints/anchors/anchor.ts";
import type { SuppressionRecord } from "../../src/ledger/suppression.ts";

/** A log in memory, in the form that anchors see. */
export class GrowingLog {
  readonly origin: string;
  readonly vkey: Vkey;
  readonly leaves: Uint8Array[] = [];
  readonly manifests: ManifestRecord[] = [];
  readonly suppressions: SuppressionRecord[] = [];
  now = Date.parse("2026-11-22T09:00:00.000Z");
  readonly #signer: NoteSigner;

  constructor(name = "example.com/daybook/audit", generation = 1) {
    const keys = newKeys(name, randomBytes);
    this.origin = `${name}/${generation}`;
    this.vkey = parseVkey(vkeyOf(keys, generation));
    this.#signer = { name: this.origin, key: keys.sign! };
  }

  /** Appends entries and returns the signed checkpoint. */
  grow(count: number, salt = ""): string {
    for (let i = 0; i < count; i++) this.leaves.push(leafHash(Buffer.from(`${salt}${this.leaves.length}`)));
    const frontier = Frontier.empty();
    for (const leaf of this.leaves) frontier.push(leaf);
    return signNote(formatCheckpoint(this.origin, frontier.size, frontier.root()), [this.#signer]);
  }

  get context(): PublishContext {
    const size = this.leaves.length;
    return {
      now: this.now,
      entries: () => this.leaves.length,
      consistencyProof: (from) => consistencyProofFromLeaves(from, size, this.leaves),
      manifestsAbove: (seq) => this.manifests.filter((manifest) => manifest.seq > seq),
      suppressions: () => this.suppressions,
    };
  }
}
