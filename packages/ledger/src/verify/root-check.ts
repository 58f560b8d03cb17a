import { isIndependent, type TrustedCheckpoint, type TrustedCheckpoints } from "../checkpoint/trusted-checkpoints.ts";
import { LedgerError } from "../ledger-error.ts";
import { Frontier } from "../merkle/frontier.ts";
import type { GenerationEnd } from "./ledger-statements.ts";
import type { Evidence, VerifyReport } from "./verify-report.ts";

/** Where a partial verification starts: a checkpoint, and the tree and seal at its size. */
export interface StartingPoint {
  /** Number of entries the checkpoint covers; the first row to check has this sequence number. */
  readonly size: number;
  /** The signed checkpoint. */
  readonly note: string | Uint8Array;
  /** Frontier of the tree of that size, see `Frontier.toBytes`. */
  readonly frontier: Uint8Array;
  /** Seal of the row at `size - 1`, 16 bytes. */
  readonly seal: Uint8Array;
}

/** Latest time that ISO 8601 writes with four digits for the year, ms since the Unix epoch. */
export const LAST_ISO_MS = Date.UTC(9999, 11, 31);

/** Compares the roots that were signed with the roots that the entries give. */
export class RootCheck {
  readonly #evidence: Evidence;
  readonly #notes: TrustedCheckpoints;
  readonly #due: TrustedCheckpoint[];
  readonly #matching: TrustedCheckpoint[] = [];
  /** Index in `#due` of the next checkpoint to compare. */
  #next = 0;
  #frontier = Frontier.empty();
  #matched = 0;
  #stopped = false;
  /** Accepted checkpoints that this tree must match, by size, ascending. */
  readonly checkpoints: readonly TrustedCheckpoint[];

  /**
   * @param ends of earlier generations: a larger tree of one of them is not this tree
   * @throws {LedgerError} `BAD_FRONTIER`, or `UNTRUSTED_NOTE` if no trusted checkpoint has the root of `since`
   */
  constructor(notes: TrustedCheckpoints, ends: ReadonlyMap<string, GenerationEnd>, since: StartingPoint | undefined, evidence: Evidence) {
    this.#evidence = evidence;
    this.#notes = notes;
    const { accepted } = notes;
    this.checkpoints = accepted.filter(({ origin, size }) => size <= (ends.get(origin)?.seq ?? Number.POSITIVE_INFINITY));
    this.#due = this.checkpoints.filter(({ size }) => size >= (since?.size ?? 0));
    for (const checkpoint of accepted) {
      const end = ends.get(checkpoint.origin);
      if (end !== undefined && checkpoint.size > end.seq) this.#lostGeneration(checkpoint, end);
    }
    this.#findForks(accepted);
    if (since !== undefined) this.#startAt(since);
    this.#compare();
  }

  /** Largest size of a checkpoint of this tree. */
  get reach(): number {
    return this.checkpoints.at(-1)?.size ?? 0;
  }

  /** Largest size with a signed root that matches so far. */
  get matched(): number {
    return this.#matched;
  }

  /** Matching checkpoints that an independent party gave or signed, by size, ascending. */
  get independent(): readonly TrustedCheckpoint[] {
    return this.#matching.filter(isIndependent);
  }

  /** Origin of the newest checkpoint that matches, or else of the newest accepted one. */
  get origin(): string | null {
    return this.#matching.at(-1)?.origin ?? this.#notes.accepted.at(-1)?.origin ?? null;
  }

  /** Size of the smallest checkpoint that covers an entry; infinite without one. */
  coveredAt(seq: number): number {
    return this.#due.find(({ size }) => size > seq)?.size ?? Number.POSITIVE_INFINITY;
  }

  /** Adds the next leaf to the tree. */
  push(leaf: Uint8Array): void {
    if (this.#stopped) return;
    this.#frontier.push(leaf);
    if (this.#due[this.#next]?.size === this.#frontier.size) this.#compare();
  }

  /** Stops: after a missing entry no root can match. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Reports refused notes and checkpoints of a larger tree.
   * @param size number of entries in the file
   */
  finish(size: number): void {
    for (const { given, reason } of this.#notes.refused) {
      const filed = given.size === undefined ? "" : ` of size ${given.size}`;
      this.#evidence.add("BAD_CHECKPOINT", { text: `a checkpoint${filed} (${given.name ?? given.source}) is refused: ${reason}` });
    }
    if (this.#notes.accepted.length === 0) this.#evidence.add("NO_CHECKPOINT", { text: "there is no valid checkpoint from any source" });
    for (const { size: seen, name, origin } of this.#due) {
      if (seen > size) this.#evidence.error("TRUNCATED", size, { text: `${name} saw ${seen} entries of ${origin}, the file has ${size}` });
    }
  }

  #startAt({ size, frontier }: StartingPoint): void {
    this.#frontier = Frontier.fromBytes(frontier, size);
    this.#matched = size;
    const root = this.#frontier.root().toString("hex");
    if (!this.#due.some((checkpoint) => checkpoint.size === size && checkpoint.root === root)) {
      throw new LedgerError("UNTRUSTED_NOTE", `The checkpoint of size ${size} cannot be relied on; verify from the beginning.`);
    }
  }

  #lostGeneration({ origin, size, name }: TrustedCheckpoint, end: GenerationEnd): void {
    if (size <= end.size) {
      const text = `${origin} had ${size} entries; entry ${end.seq} declares what is lost`;
      this.#evidence.add("DECLARED_LOSS", { seq: end.seq, text });
    } else {
      const text = `${name} saw ${size} entries of ${origin}, more than entry ${end.seq} declares lost`;
      this.#evidence.add("TRUNCATED", { text });
    }
  }

  #findForks(accepted: readonly TrustedCheckpoint[]): void {
    const seen = new Set<string>();
    for (const { origin, size } of accepted) {
      const key = `${origin} ${size}`;
      if (seen.has(key)) this.#evidence.add("FORK", { text: `two checkpoints of ${origin} of size ${size} have different roots` });
      seen.add(key);
    }
  }

  /** Compares all checkpoints of the current size. */
  #compare(): void {
    const { size } = this.#frontier;
    if (this.#due[this.#next]?.size !== size) return;
    const root = this.#frontier.root().toString("hex");
    const before = this.#matched;
    for (let due = this.#due[this.#next]; due?.size === size; due = this.#due[++this.#next]) {
      if (due.root === root) {
        this.#matched = size;
        this.#matching.push(due);
      } else {
        const text = `between entry ${before} and entry ${Math.max(0, size - 1)}, by the checkpoint of size ${size} (${due.name})`;
        this.#evidence.brokenSince("ROOT_MISMATCH", before, text);
      }
    }
  }
}

/** The largest checkpoint each independent party vouches for, the largest first. */
export function witnessedSizes(independent: readonly TrustedCheckpoint[]): VerifyReport["witnessed"] {
  const newest = new Map<string, { name: string; size: number; time: string | null }>();
  for (const { size, cosigned, witnessed } of independent) {
    for (const name of witnessed) newest.set(name, { name, size, time: null });
    for (const { name, time } of cosigned) {
      const ms = time * 1000;
      newest.set(name, { name, size, time: ms <= LAST_ISO_MS ? new Date(ms).toISOString() : null });
    }
  }
  return [...newest.values()].sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
}
