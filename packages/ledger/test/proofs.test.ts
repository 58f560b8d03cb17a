import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  consistencyProof,
  consistencyProofFromLeaves,
  inclusionProof,
  inclusionProofFromLeaves,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from "../src/index.ts";
import { leavesOf, readerOver, rootByDefinition } from "./support/small-tree.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const base64 = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString("base64"));
const flipped = (bytes: Uint8Array, bit: number) => {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
};
const goldenLeaves = golden.entries.map(({ leaf }) => Buffer.from(leaf, "hex"));

describe("the golden proofs", () => {
  const { inclusion, consistency } = golden.proofs;

  it("are made as published", async () => {
    const read = readerOver(goldenLeaves);
    expect(base64(await inclusionProof(inclusion.size, inclusion.index, read))).toEqual(inclusion.hashes);
    expect(base64(await consistencyProof(consistency.from, consistency.to, read))).toEqual(consistency.hashes);
  });

  it("verify", () => {
    const rootAt = (size: number) => Buffer.from(golden.checkpoints.find((checkpoint) => checkpoint.size === size)!.root, "base64");
    const bytes = (hashes: readonly string[]) => hashes.map((hash) => Buffer.from(hash, "base64"));
    const leaf = goldenLeaves[inclusion.index]!;
    expect(verifyInclusion({ ...inclusion, leaf, root: rootAt(inclusion.size) }, bytes(inclusion.hashes))).toBe(true);
    const { from, to } = consistency;
    expect(verifyConsistency({ from, to, fromRoot: rootAt(from), toRoot: rootAt(to) }, bytes(consistency.hashes))).toBe(true);
  });
});

describe("an inclusion proof", () => {
  const place = fc.integer({ min: 1, max: 400 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));

  it("verifies for exactly its leaf up to 40 leaves", async () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = leavesOf(size);
      const root = rootByDefinition(leaves);
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(size, index, readerOver(leaves));
        for (let claimed = 0; claimed < size; claimed++) {
          expect(verifyInclusion({ index: claimed, size, leaf: leaves[index]!, root }, proof)).toBe(claimed === index);
        }
      }
    }
  });

  test.prop([place])("is the same from leaves and hash reader", async ([size, index]) => {
    const leaves = leavesOf(size + 3);
    const asked: [number, number][] = [];
    const read = readerOver(leaves);
    const proof = await inclusionProof(size, index, async (level, at) => {
      asked.push([level, at]);
      return read(level, at);
    });
    expect(await inclusionProofFromLeaves(size, index, leaves)).toEqual(proof);
    expect(asked.every(([level, at]) => (at + 1) * 2 ** level <= size)).toBe(true);
    expect(verifyInclusion({ index, size, leaf: leaves[index]!, root: rootByDefinition(leaves.slice(0, size)) }, proof)).toBe(true);
  });

  test.prop([place, fc.nat(255), fc.nat()])("is refused with any bit changed", async ([size, index], bit, choice) => {
    const leaves = leavesOf(size);
    const root = rootByDefinition(leaves);
    const leaf = leaves[index]!;
    const proof = await inclusionProofFromLeaves(size, index, leaves);
    expect(verifyInclusion({ index, size, leaf: flipped(leaf, bit), root }, proof)).toBe(false);
    expect(verifyInclusion({ index, size, leaf, root: flipped(root, bit) }, proof)).toBe(false);
    if (proof.length === 0) return;
    const at = choice % proof.length;
    expect(verifyInclusion({ index, size, leaf, root }, proof.with(at, flipped(proof[at]!, bit)))).toBe(false);
    expect(verifyInclusion({ index, size, leaf, root }, proof.toSpliced(at, 1))).toBe(false);
    expect(verifyInclusion({ index, size, leaf, root }, proof.toSpliced(at, 0, proof[at]!))).toBe(false);
  });

  it("is exact for sizes beyond 2^53", () => {
    // The last leaf of a tree of 2^60+1 leaves stands beside one perfect subtree; no neighbouring size or index may pass for it.
    const size = 2n ** 60n + 1n;
    const [subtree, leaf] = leavesOf(2) as [Buffer, Buffer];
    const claim = { index: size - 1n, size, leaf, root: nodeHash(subtree, leaf) };
    expect(verifyInclusion(claim, [subtree])).toBe(true);
    expect(verifyInclusion({ ...claim, index: size - 2n }, [subtree])).toBe(false);
    expect(verifyInclusion({ ...claim, size: size + 1n }, [subtree])).toBe(false);
    expect(verifyInclusion({ ...claim, size: size - 1n }, [subtree])).toBe(false);
    expect(verifyInclusion({ ...claim, index: Number(size - 1n), size: Number(size) }, [subtree])).toBe(false);
  });

  it.each([
    [0, 0],
    [5, 5],
    [5, -1],
    [5, 1.5],
    [2 ** 53, 1],
  ])("of %d leaves is refused for index %d", async (size, index) => {
    await expect(inclusionProof(size, index, () => Buffer.alloc(32))).rejects.toMatchObject({ code: "BAD_SIZE" });
    expect(verifyInclusion({ index, size, leaf: Buffer.alloc(32), root: Buffer.alloc(32) }, [])).toBe(false);
  });

  it("cannot be made from too few leaves", async () => {
    await expect(inclusionProofFromLeaves(5, 2, leavesOf(4))).rejects.toMatchObject({ code: "BAD_SIZE" });
  });

  it("is made from leaves that arrive one by one", async () => {
    const leaves = leavesOf(9);
    async function* arriving() {
      yield* leaves;
    }
    expect(await inclusionProofFromLeaves(9, 3, arriving())).toEqual(await inclusionProofFromLeaves(9, 3, leaves));
  });
});

describe("a consistency proof", () => {
  const pair = fc.integer({ min: 1, max: 400 }).chain((to) => fc.tuple(fc.integer({ min: 1, max: to }), fc.constant(to)));

  it("verifies between exactly its sizes up to 40", async () => {
    const leaves = leavesOf(40);
    const roots = leaves.map((_, i) => rootByDefinition(leaves.slice(0, i + 1)));
    for (let to = 1; to <= 40; to++) {
      for (let from = 1; from <= to; from++) {
        const proof = await consistencyProof(from, to, readerOver(leaves));
        for (let claimed = 1; claimed <= to; claimed++) {
          const claim = { from: claimed, to, fromRoot: roots[from - 1]!, toRoot: roots[to - 1]! };
          expect(verifyConsistency(claim, proof)).toBe(claimed === from);
        }
      }
    }
  });

  test.prop([pair])("is the same from leaves and hash reader", async ([from, to]) => {
    const leaves = leavesOf(to);
    const proof = await consistencyProof(from, to, readerOver(leaves));
    expect(await consistencyProofFromLeaves(from, to, leaves)).toEqual(proof);
    const fromRoot = rootByDefinition(leaves.slice(0, from));
    expect(verifyConsistency({ from, to, fromRoot, toRoot: rootByDefinition(leaves) }, proof)).toBe(true);
  });

  test.prop([pair, fc.nat(255), fc.nat()])("is refused with any bit changed", async ([from, to], bit, choice) => {
    const leaves = leavesOf(to);
    const claim = { from, to, fromRoot: rootByDefinition(leaves.slice(0, from)), toRoot: rootByDefinition(leaves) };
    const proof = await consistencyProofFromLeaves(from, to, leaves);
    expect(verifyConsistency({ ...claim, fromRoot: flipped(claim.fromRoot, bit) }, proof)).toBe(false);
    expect(verifyConsistency({ ...claim, toRoot: flipped(claim.toRoot, bit) }, proof)).toBe(false);
    if (proof.length === 0) return;
    const at = choice % proof.length;
    expect(verifyConsistency(claim, proof.with(at, flipped(proof[at]!, bit)))).toBe(false);
    expect(verifyConsistency(claim, proof.toSpliced(at, 1))).toBe(false);
    expect(verifyConsistency(claim, proof.toSpliced(at, 0, proof[at]!))).toBe(false);
  });

  it("is exact for sizes beyond 2^53", () => {
    const from = 2n ** 60n;
    const [fromRoot, leaf] = leavesOf(2) as [Buffer, Buffer];
    const claim = { from, to: from + 1n, fromRoot, toRoot: nodeHash(fromRoot, leaf) };
    expect(verifyConsistency(claim, [leaf])).toBe(true);
    expect(verifyConsistency({ ...claim, from: from - 1n }, [leaf])).toBe(false);
    expect(verifyConsistency({ ...claim, from: Number(from), to: Number(from) }, [leaf])).toBe(false);
  });

  it("is refused from the empty tree", async () => {
    await expect(consistencyProof(0, 3, () => Buffer.alloc(32))).rejects.toMatchObject({ code: "BAD_SIZE" });
    const root = rootByDefinition(leavesOf(3));
    expect(verifyConsistency({ from: 0, to: 3, fromRoot: Buffer.alloc(32), toRoot: root }, [])).toBe(false);
    expect(verifyConsistency({ from: 0, to: 0, fromRoot: root, toRoot: root }, [])).toBe(false);
  });

  it("is refused from a larger to a smaller size", async () => {
    await expect(consistencyProofFromLeaves(4, 3, leavesOf(4))).rejects.toMatchObject({ code: "BAD_SIZE" });
  });
});
