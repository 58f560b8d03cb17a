import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Frontier, LedgerError } from "../src/index.ts";
import { leavesOf, rootByDefinition } from "./support/small-tree.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const grown = (leaves: readonly Uint8Array[]) => {
  const frontier = Frontier.empty();
  for (const leaf of leaves) frontier.push(leaf);
  return frontier;
};

describe("a frontier", () => {
  it("starts as the empty tree, without bytes", () => {
    const frontier = Frontier.empty();
    expect([frontier.size, frontier.root().toString("hex"), frontier.toBytes().length]).toEqual([0, SHA256_OF_NOTHING, 0]);
  });

  it.each(golden.checkpoints)("has the golden bytes and root at size $size", ({ size, frontier, root }) => {
    const ours = grown(golden.entries.slice(0, size).map(({ leaf }) => Buffer.from(leaf, "hex")));
    expect({ size: ours.size, frontier: ours.toBytes().toString("hex"), root: ours.root().toString("base64") }).toEqual({
      size,
      frontier,
      root,
    });
  });

  it("has RFC 6962's root up to size 300", () => {
    const leaves = leavesOf(300);
    const frontier = Frontier.empty();
    for (const [i, leaf] of leaves.entries()) {
      frontier.push(leaf);
      expect(frontier.root().equals(rootByDefinition(leaves.slice(0, i + 1)))).toBe(true);
    }
  });

  it("has copies that grow independently", () => {
    const leaves = leavesOf(9);
    const frontier = grown(leaves.slice(0, 7));
    const copy = frontier.copy();
    for (const leaf of leaves.slice(7)) copy.push(leaf);
    expect([frontier.size, copy.size]).toEqual([7, 9]);
    expect(frontier.root()).toEqual(grown(leaves.slice(0, 7)).root());
    expect(copy.root()).toEqual(grown(leaves).root());
  });

  it("becomes an independent copy of another tree", () => {
    const leaves = leavesOf(40);
    const other = grown(leaves.slice(0, 21));
    for (const size of [0, 1, 7, 40]) {
      const frontier = grown(leaves.slice(0, size)).copyFrom(other);
      expect([frontier.size, frontier.toBytes()]).toEqual([21, other.toBytes()]);
      frontier.push(leaves[21]!);
      expect(frontier.root()).toEqual(grown(leaves.slice(0, 22)).root());
    }
    expect(other.root()).toEqual(grown(leaves.slice(0, 21)).root());
  });

  it("does not change by computing its root", () => {
    const frontier = grown(leavesOf(7));
    const before = frontier.toBytes();
    expect(frontier.root().equals(frontier.root())).toBe(true);
    expect(frontier.toBytes().equals(before)).toBe(true);
  });

  test.prop([fc.nat(600), fc.nat(600)])("grows from its restored bytes as before", (first, more) => {
    const leaves = leavesOf(first + more);
    const restored = Frontier.fromBytes(grown(leaves.slice(0, first)).toBytes(), first);
    for (const leaf of leaves.slice(first)) restored.push(leaf);
    expect(restored.size).toBe(leaves.length);
    expect(restored.root().equals(grown(leaves).root())).toBe(true);
  });

  it("copies the bytes it is made from", () => {
    const bytes = grown(leavesOf(5)).toBytes();
    const frontier = Frontier.fromBytes(bytes, 5);
    bytes.fill(0);
    expect(frontier.root().equals(rootByDefinition(leavesOf(5)))).toBe(true);
  });

  it("reaches the largest tree and refuses one leaf more", () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const frontier = Frontier.fromBytes(Buffer.alloc(53 * 32, 7), largest);
    expect(frontier.toBytes().length).toBe(53 * 32);
    expect(() => frontier.push(Buffer.alloc(32))).toThrow(LedgerError);
    const oneLess = Frontier.fromBytes(Buffer.alloc(52 * 32, 7), largest - 1);
    oneLess.push(Buffer.alloc(32, 7));
    expect([oneLess.size, oneLess.root().equals(frontier.root())]).toEqual([largest, true]);
  });

  it.each([
    ["too few bytes", 31, 1],
    ["bytes for another size", 64, 4],
    ["a negative size", 32, -1],
    ["a size that is not whole", 32, 1.5],
    ["a size beyond 2^53−1", 32, 2 ** 53],
  ])("refuses %s", (_, length, size) => {
    expect(() => Frontier.fromBytes(Buffer.alloc(length), size)).toThrow(expect.objectContaining({ code: "BAD_FRONTIER" }));
  });

  it("refuses a leaf that is not 32 bytes", () => {
    expect(() => Frontier.empty().push(Buffer.alloc(31))).toThrow(expect.objectContaining({ code: "BAD_SIZE" }));
  });
});
