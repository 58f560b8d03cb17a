import { LedgerError } from "../ledger-error.ts";
import { nodeHash } from "./merkle.ts";
import { type HashReader, type MerkleRange, rangeHash, rangeHashesFromLeaves, splitPoint } from "./merkle-range.ts";
import { exactSize, isHash } from "./proof-input.ts";

/** Claim that a leaf is at `index` in the tree of `size` leaves with this root. */
export interface InclusionClaim {
  /** Zero-based, below `size`. A bigint if it can exceed 2^53−1. */
  readonly index: number | bigint;
  /** Number of leaves, at least 1. */
  readonly size: number | bigint;
  /** Leaf hash, 32 bytes, see `leafHash`. */
  readonly leaf: Uint8Array;
  /** Root of the tree, 32 bytes. */
  readonly root: Uint8Array;
}

/**
 * Inclusion proof of one leaf (RFC 6962, section 2.1.1): the hashes beside its path, from its sibling up to the root's child.
 * @param size size of the tree, 1 to 2^53−1
 * @param index index of the leaf, zero-based, below `size`
 * @param read hashes of the tree, see `tileHashReader`
 * @returns at most 53 hashes, 32 bytes each
 * @throws {LedgerError} `BAD_SIZE`: size or index out of range
 */
export async function inclusionProof(size: number, index: number, read: HashReader): Promise<Uint8Array[]> {
  const proof: Uint8Array[] = [];
  for (const range of inclusionRanges(size, index)) proof.push(await rangeHash(range, read));
  return proof;
}

/**
 * Makes the proof of `inclusionProof` from leaf hashes alone: one pass over the first `size` of them, in constant memory.
 * @param leaves leaf hashes in order from index 0; those after the first `size` are ignored
 * @throws {LedgerError} `BAD_SIZE`: size or index out of range, or too few leaves
 * @example
 * ```ts
 * import { Frontier, inclusionProofFromLeaves, leafHash, verifyInclusion } from "@daybook/ledger";
 *
 * const leaves = ["a", "b", "c"].map((entry) => leafHash(Buffer.from(entry)));
 * const tree = Frontier.empty();
 * for (const leaf of leaves) tree.push(leaf);
 * const proof = await inclusionProofFromLeaves(3, 1, leaves);
 * console.log(verifyInclusion({ index: 1, size: 3, leaf: leafHash(Buffer.from("b")), root: tree.root() }, proof)); // true
 * ```
 */
export async function inclusionProofFromLeaves(
  size: number,
  index: number,
  leaves: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array[]> {
  return rangeHashesFromLeaves(inclusionRanges(size, index), size, leaves);
}

/**
 * True if the proof shows the claim (RFC 9162, section 2.1.3.2), exact for any size. False for proofs that are too long or too short,
 * hashes that are not 32 bytes, and numbers that are not whole, negative or beyond 2^53−1.
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

/** Subtrees of an inclusion proof, from the leaf's sibling up. */
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
