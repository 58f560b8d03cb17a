import { leafHash, nodeHash } from "../../src/merkle/merkle.ts";

/** Leaf hashes of the entries "0", "1", … */
export const leavesOf = (size: number): Buffer[] => Array.from({ length: size }, (_, i) => leafHash(Buffer.from(String(i))));

/** Root by the recursive definition of RFC 6962, section 2.1: slow, and plainly right. */
export function rootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeHash(rootByDefinition(leaves.slice(0, half)), rootByDefinition(leaves.slice(half)));
}

/** Reads the hashes of a tree's perfect subtrees from its leaves. */
export const readerOver = (leaves: readonly Uint8Array[]) => (level: number, index: number) =>
  rootByDefinition(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
