import { LedgerError } from "../ledger-error.ts";
import { nodeHash } from "./merkle.ts";
import { type HashReader, type MerkleRange, rangeHash, rangeHashesFromLeaves, splitPoint } from "./merkle-range.ts";
import { exactSize, isHash } from "./proof-input.ts";

/** What is to be shown: that the first `from` leaves of the tree of `to` leaves are those of the older tree. */
export interface ConsistencyClaim {
  /** Size of the older tree, at least 1. A bigint where it may exceed 2^53−1. */
  readonly from: number | bigint;
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
 * @returns at most 54 hashes, 32 bytes each
 * @throws {LedgerError} `BAD_SIZE`
 */
export async function consistencyProof(from: number, to: number, read: HashReader): Promise<Uint8Array[]> {
  const proof: Uint8Array[] = [];
  for (const range of consistencyRanges(from, to)) proof.push(await rangeHash(range, read));
  return proof;
}

/**
 * The same proof where only the leaves are stored: one pass over the leaf hashes 0 to to−1, in constant memory.
 * @param leaves leaf hashes in order from index 0; more than `to` are not looked at
 * @throws {LedgerError} `BAD_SIZE`: also when there are too few leaves
 */
export async function consistencyProofFromLeaves(
  from: number,
  to: number,
  leaves: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array[]> {
  return rangeHashesFromLeaves(consistencyRanges(from, to), to, leaves);
}

/**
 * True when the proof shows the claim (RFC 9162, section 2.1.4.2). Exact for any size. An older size of 0 is refused, as are proofs
 * too long or too short, hashes of another length than 32 bytes, and numbers that are not whole, negative or beyond 2^53−1.
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

/** What a consistency proof consists of: first the subtree where the two trees part, unless it is the older tree, then upwards. */
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
