import { LedgerError } from "../ledger-error.ts";
import { Frontier } from "./frontier.ts";
import { nodeHash } from "./merkle.ts";

/**
 * Gives the hash of a perfect subtree: of the 2^level leaves from `index * 2^level` on. Level 0 are the leaf hashes themselves.
 * Asked only for subtrees that lie completely in the tree a proof is made of; a place it cannot answer for is its own error to throw.
 */
export type HashReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>;

/** The leaves from `start` to before `end`, such that their hash is a node of a tree or a node that closes its right edge. */
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

/** Hash of a range from the perfect subtrees it consists of, the smallest of which is rightmost. */
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
 * Hashes of disjoint ranges, in the order given, from one pass over the leaves. Needs room for one frontier, whatever the size.
 * @param size number of leaves to take; those that follow are left alone
 * @param leaves the leaf hashes from index 0 on
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

/** Hashes of disjoint ranges, leaf by leaf; only the range the leaves have come to needs a frontier. */
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

  /** @returns false once nothing more is needed */
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

  /** In the order the ranges were given. */
  hashes(): Uint8Array[] {
    if (this.#taken < this.#size) throw new LedgerError("BAD_SIZE", `There are ${this.#taken} leaves, not ${this.#size}.`);
    return this.#hashes;
  }
}
