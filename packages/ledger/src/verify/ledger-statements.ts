import type { LearnedKey, TrustedCheckpoint } from "../checkpoint/trusted-checkpoints.ts";
import { opens, partCount } from "../entry/entry.ts";
import { CLASS } from "../entry/entry-class.ts";
import { parseVkey } from "../keys/vkey.ts";
import { isLedgerError } from "../ledger-error.ts";
import type { Statement } from "../removal/declared-absences.ts";
import { readManifest } from "../removal/read-manifest.ts";
import { SlotSet } from "../removal/slot-set.ts";
import { type EntryRow, type StoredPart, storedParts } from "./entry-row.ts";
import type { Evidence } from "./verify-report.ts";

/** End of an earlier generation: the entry that continues the log, and the largest size that entry knows of. */
export interface GenerationEnd {
  readonly seq: number;
  readonly size: number;
}

/** The entries of class 8: what the log says about itself before its rows are checked. */
export class LedgerStatements {
  readonly #evidence: Evidence;
  readonly #statements: Statement[] = [];
  /** Index of the newest retention entry of each class in `#statements`. */
  readonly #retentions = new Map<number, number>();
  /** Heads of all entries of class 8, readable or not. */
  readonly heads = new SlotSet();

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  /** Statements in ascending order, without those about finished erasures. */
  get all(): readonly Statement[] {
    return this.#statements;
  }

  /**
   * Reads one row, if it is an entry of class 8 whose parts open.
   * @param sealed whether the seal of the row is known to hold
   * @param reach largest size of an accepted checkpoint: entries below it count without a seal
   */
  read(row: EntryRow, sealed: () => boolean, reach: number): void {
    const { seq, entry } = row;
    const count = partCount(entry);
    if (count === 0 || entry[4] !== CLASS.ledger) return;
    this.heads.add(0, seq);
    if (row.head === null) return;
    // The pass over the rows reports a part that does not open; a statement with one is only ignored.
    const texts = openedTexts(row, count);
    if (texts === undefined) return;
    const [head, ...detachable] = texts;
    try {
      const manifest = readManifest({ seq, head, parts: detachable });
      const { ts, late } = JSON.parse(head) as { ts?: unknown; late?: unknown };
      this.#add({ seq, manifest, time: String(late ?? ts ?? ""), listPart: count - 1, sealed: sealed() }, reach);
    } catch (cause) {
      if (!isLedgerError(cause)) throw cause;
      this.#evidence.error("BAD_MANIFEST", seq, { text: cause.hint });
    }
  }

  /** Public keys that the log names, the newest first. */
  learnedKeys(): LearnedKey[] {
    const learned: LearnedKey[] = [];
    let upTo = Number.POSITIVE_INFINITY;
    for (const { seq, manifest } of this.#statements.toReversed()) {
      if (manifest.action === "ledger.continues") this.#learn(learned, seq, manifest.from.vkey, Number.POSITIVE_INFINITY);
      if (manifest.action === "ledger.created" || (manifest.action === "ledger.key" && "vkey" in manifest))
        this.#learn(learned, seq, manifest.vkey, upTo);
      // A key vouches for nothing after another key took over.
      if (manifest.action === "ledger.key" && "vkey" in manifest) upTo = seq + 1;
    }
    return learned;
  }

  /** Ends of earlier generations by origin. An end counts if its entry is sealed or below a checkpoint of another generation. */
  generationEnds(accepted: readonly TrustedCheckpoint[]): Map<string, GenerationEnd> {
    const ends = new Map<string, GenerationEnd>();
    for (const { seq, manifest, sealed } of this.#statements) {
      if (manifest.action !== "ledger.continues") continue;
      const { origin, size } = manifest.from;
      if (sealed || accepted.some((checkpoint) => checkpoint.origin !== origin && checkpoint.size > seq)) ends.set(origin, { seq, size });
    }
    return ends;
  }

  #learn(learned: LearnedKey[], seq: number, text: string, upTo: number): void {
    try {
      learned.push({ seq, vkey: parseVkey(text), upTo });
    } catch (cause) {
      if (!isLedgerError(cause)) throw cause;
      this.#evidence.error("BAD_MANIFEST", seq, { text: `entry ${seq} names an unreadable key: ${cause.hint}` });
    }
  }

  #add(statement: Statement, reach: number): void {
    const { manifest, sealed, seq } = statement;
    if (manifest.action === "ledger.retention" && (sealed || seq < reach)) {
      // Only the newest list of exemptions of a class counts, so the older lists are dropped to save memory.
      const at = this.#retentions.get(manifest.class);
      const earlier = at === undefined ? undefined : this.#statements[at];
      if (at !== undefined && earlier?.manifest.action === "ledger.retention")
        this.#statements[at] = { ...earlier, manifest: { ...earlier.manifest, keep: new SlotSet() } };
      this.#retentions.set(manifest.class, this.#statements.length);
    }
    if (manifest.action !== "ledger.proven") this.#statements.push(statement);
  }
}

/** Texts of the parts of a row, the head first; undefined if one of them does not open. */
function openedTexts(row: EntryRow, count: number): [head: string, ...detachable: string[]] | undefined {
  const textOf = ({ part, salt, data }: StoredPart) =>
    salt !== null && data !== null && part < count && opens(row.entry, part, salt, data) ? utf8(data) : undefined;
  const [headPart, ...others] = storedParts(row);
  const head = textOf(headPart);
  const detachable = others.map(textOf);
  return head === undefined || !detachable.every((text) => text !== undefined) ? undefined : [head, ...detachable];
}

function utf8(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString("utf8");
}
