import { LedgerError } from "../ledger-error.ts";
import { Frontier } from "./frontier.ts";
import { nodeHash } from "./merkle.ts";

/**
 * Returns the hash of a perfect subtree, 32 bytes: of the 2^level leaves from `index * 2^level` on. Level 0 are the leaf hashes. It is called
 * only for subtrees that lie completely in the tree of the proof. It throws its own error for a hash that it cannot read.
 */
export type HashReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>;

/** The leaves from `start` to before `end`. Their hash is a node of a tree, or the node that closes its right edge. */
export interface MerkleRange {
  readonly start: number;
  readonly end: number;
}

/** Largest power of two below n, where a tree of n leaves splits (RFC 6962, section 2.1). */
export function splitPoint(n: number): number {
  let half = 1;
  while (half * 2 < n) half *= 2;
  return half;
}

/** Hash of a range from its perfect subtrees, the smallest of which is rightmost. */
export async function rangeHash({ start, end }: MerkleRange, read: HashReader): Promise<Uint8Array> {
  const subtrees: Uint8Array[] = [];
  for (let at = start; at < end; ) {
    let level = 0;
    let width = 1;
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      level++;
      width *= 2;
    }
    subtrees.push(await read(level, at / width));
    at += width;
  }
  return subtrees.reduceRight((right, left) => nodeHash(left, right));
}

/**
 * Hashes of disjoint ranges, in the order given, from one pass over the leaves in constant memory.
 * @param size number of leaves to take; later leaves are not read
 * @param leaves leaf hashes from index 0 on
 * @throws {LedgerError} `BAD_SIZE`: fewer leaves than `size`
 */
export async function rangeHashesFromLeaves(
  ranges: readonly MerkleRange[],
  size: number,
  leaves: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array[]> {
  const collector = new RangeCollector(ranges, size);
  // Awaiting each leaf of a plain iterable would double the cost.
  if (Symbol.iterator in leaves) {
    for (const leaf of leaves) if (!collector.take(leaf)) break;
  } else {
    for await (const leaf of leaves) if (!collector.take(leaf)) break;
  }
  return collector.hashes();
}

/** Hashes disjoint ranges leaf by leaf. Only the range of the current leaf needs a frontier. */
class RangeCollector {
  readonly #ranges: readonly (MerkleRange & { readonly place: number })[];
  readonly #size: number;
  readonly #hashes: Uint8Array[] = [];
  #frontier = Frontier.empty();
  #next = 0;
  #taken = 0;

  constructor(ranges: readonly MerkleRange[], size: number) {
    this.#ranges = ranges.map((range, place) => ({ ...range, place })).sort((a, b) => a.start - b.start);
    this.#size = size;
  }

  /** Takes the next leaf; false once no further leaf is needed. */
  take(leaf: Uint8Array): boolean {
    const range = this.#ranges[this.#next];
    if (range !== undefined && this.#taken >= range.start) {
      this.#frontier.push(leaf);
      if (this.#taken + 1 === range.end) {
        this.#hashes[range.place] = this.#frontier.root();
        this.#frontier = Frontier.empty();
        this.#next++;
      }
    }
    return ++this.#taken < this.#size;
  }

  /** The hashes in the order of the ranges. @throws {LedgerError} `BAD_SIZE`: too few leaves */
  hashes(): Uint8Array[] {
    if (this.#taken < this.#size) throw new LedgerError("BAD_SIZE", `There are ${this.#taken} leaves, not ${this.#size}.`);
    return this.#hashes;
  }
}
