import { LedgerError } from "../ledger-error.ts";
import { nodeHash } from "./merkle.ts";
import { type HashReader, type MerkleRange, rangeHash, rangeHashesFromLeaves, splitPoint } from "./merkle-range.ts";
import { exactSize, isHash } from "./proof-input.ts";

/** What is to be shown: that the leaf stands at `index` in the tree of `size` leaves with this root. */
export interface InclusionClaim {
  /** Zero-based. A bigint where it may exceed 2^53−1. */
  readonly index: number | bigint;
  readonly size: number | bigint;
  /** Leaf hash, 32 bytes, see `leafHash`. */
  readonly leaf: Uint8Array;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/**
 * Inclusion proof of one leaf (RFC 6962, section 2.1.1): the hashes beside its path, from its sibling up to the root's child.
 * @param size of the tree, 1 to 2^53−1
 * @param index zero-based, below `size`
 * @returns at most 53 hashes, 32 bytes each
 * @throws {LedgerError} `BAD_SIZE`
 */
export async function inclusionProof(size: number, index: number, read: HashReader): Promise<Uint8Array[]> {
  const proof: Uint8Array[] = [];
  for (const range of inclusionRanges(size, index)) proof.push(await rangeHash(range, read));
  return proof;
}

/**
 * The same proof where only the leaves are stored: one pass over the leaf hashes 0 to size−1, in constant memory.
 * @param leaves leaf hashes in order from index 0; more than `size` are not looked at
 * @throws {LedgerError} `BAD_SIZE`: also when there are too few leaves
 */
export async function inclusionProofFromLeaves(
  size: number,
  index: number,
  leaves: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array[]> {
  return rangeHashesFromLeaves(inclusionRanges(size, index), size, leaves);
}

/**
 * True when the proof shows the claim (RFC 9162, section 2.1.3.2). Exact for any size. Numbers that are not whole, negative or beyond
 * 2^53−1, hashes of another length than 32 bytes and proofs too long or too short are all just false.
 */
export function verifyInclusion(claim: InclusionClaim, proof: readonly Uint8Array[]): boolean {
  const index = exactSize(claim.index);
  const size = exactSize(claim.size);
  if (index === undefined || size === undefined || index >= size) return false;
  if (!isHash(claim.leaf) || !isHash(claim.root) || !proof.every(isHash)) return false;
  let node = index;
  let last = size - 1n;
  let hash = claim.leaf;
  for (const beside of proof) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      hash = nodeHash(beside, hash);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else hash = nodeHash(hash, beside);
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && Buffer.compare(hash, claim.root) === 0;
}

/** What an inclusion proof consists of, from the leaf's sibling up. */
function inclusionRanges(size: number, index: number): MerkleRange[] {
  if (!Number.isSafeInteger(size) || size < 1 || !Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new LedgerError("BAD_SIZE", `There is no entry ${index} in a tree of size ${size}.`);
  }
  const ranges: MerkleRange[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}
