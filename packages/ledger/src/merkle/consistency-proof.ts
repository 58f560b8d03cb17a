import { LedgerError } from "../ledger-error.ts";
import { nodeHash } from "./merkle.ts";
import { type HashReader, type MerkleRange, rangeHash, rangeHashesFromLeaves, splitPoint } from "./merkle-range.ts";
import { exactSize, isHash } from "./proof-input.ts";

/** Claim that the first `from` leaves of the tree of `to` leaves are the leaves of the older tree. */
export interface ConsistencyClaim {
  /** Size of the older tree, at least 1. A bigint if it can exceed 2^53−1. */
  readonly from: number | bigint;
  /** Size of the newer tree, at least `from`. */
  readonly to: number | bigint;
  /** Root of the older tree, 32 bytes. */
  readonly fromRoot: Uint8Array;
  /** Root of the newer tree, 32 bytes. */
  readonly toRoot: Uint8Array;
}

/**
 * Consistency proof between two sizes of one tree (RFC 6962, section 2.1.2). Empty for two equal sizes.
 * @param from the older size, 1 to `to`: the empty tree is consistent with every tree, so a proof of it would show nothing
 * @param to the newer size, at most 2^53−1
 * @param read hashes of the newer tree, see `tileHashReader`
 * @returns at most 54 hashes, 32 bytes each
 * @throws {LedgerError} `BAD_SIZE`: sizes out of range
 */
export async function consistencyProof(from: number, to: number, read: HashReader): Promise<Uint8Array[]> {
  const proof: Uint8Array[] = [];
  for (const range of consistencyRanges(from, to)) proof.push(await rangeHash(range, read));
  return proof;
}

/**
 * Makes the proof of `consistencyProof` from leaf hashes alone: one pass over the first `to` of them, in constant memory.
 * @param leaves leaf hashes in order from index 0; those after the first `to` are ignored
 * @throws {LedgerError} `BAD_SIZE`: sizes out of range, or too few leaves
 */
export async function consistencyProofFromLeaves(
  from: number,
  to: number,
  leaves: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array[]> {
  return rangeHashesFromLeaves(consistencyRanges(from, to), to, leaves);
}

/**
 * True if the proof shows the claim (RFC 9162, section 2.1.4.2), exact for any size. False for an older size of 0, for proofs that are too
 * long or too short, hashes that are not 32 bytes, and numbers that are not whole, negative or beyond 2^53−1.
 */
export function verifyConsistency(claim: ConsistencyClaim, proof: readonly Uint8Array[]): boolean {
  const from = exactSize(claim.from);
  const to = exactSize(claim.to);
  if (from === undefined || to === undefined || from === 0n || from > to) return false;
  if (!isHash(claim.fromRoot) || !isHash(claim.toRoot) || !proof.every(isHash)) return false;
  if (from === to) return proof.length === 0 && Buffer.compare(claim.fromRoot, claim.toRoot) === 0;
  // An older tree that is one perfect subtree is a node of the newer tree, so the proof leaves its hash out.
  const isPerfect = (from & (from - 1n)) === 0n;
  const [start, ...rest] = isPerfect ? [claim.fromRoot, ...proof] : proof;
  if (start === undefined || rest.length === 0) return false;
  let node = from - 1n;
  let last = to - 1n;
  while ((node & 1n) === 1n) {
    node >>= 1n;
    last >>= 1n;
  }
  let older = start;
  let newer = start;
  for (const beside of rest) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      older = nodeHash(beside, older);
      newer = nodeHash(beside, newer);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else newer = nodeHash(newer, beside);
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && Buffer.compare(older, claim.fromRoot) === 0 && Buffer.compare(newer, claim.toRoot) === 0;
}

/** Subtrees of a consistency proof: first the one where the two trees differ, unless it is the older tree, then upwards. */
function consistencyRanges(from: number, to: number): MerkleRange[] {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || from > to) {
    throw new LedgerError("BAD_SIZE", `There is no consistency proof from size ${from} to size ${to}.`);
  }
  const ranges: MerkleRange[] = [];
  let start = 0;
  let end = to;
  while (from < end) {
    const middle = start + splitPoint(end - start);
    if (from <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}
