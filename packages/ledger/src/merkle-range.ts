import { Frontier } from "./frontier.ts";
import { LedgerError } from "./ledger-error.ts";
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
  const hashes: Uint8Array[] = ranges.map(() => NONE);
  const byStart = ranges.map((range, place) => ({ ...range, place })).sort((a, b) => a.start - b.start);
  let next = 0;
  let frontier = Frontier.empty();
  let at = 0;
  if (size > 0) {
    for await (const leaf of leaves) {
      const range = byStart[next];
      if (range !== undefined && at >= range.start) {
        frontier.push(leaf);
        if (at + 1 === range.end) {
          hashes[range.place] = frontier.root();
          frontier = Frontier.empty();
          next++;
        }
      }
      if (++at === size) break;
    }
  }
  if (at < size) throw new LedgerError("BAD_SIZE", `There are ${at} leaves, not ${size}.`);
  return hashes;
}

const NONE = new Uint8Array(0);
