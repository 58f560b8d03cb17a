import { describe, expect, it } from "vitest";
import { verifyConsistency, verifyInclusion } from "../src/index.ts";
import { missingVectors, readVector, vectorsIn } from "./support/shared-data.ts";

interface Vector {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
  readonly leafIdx: bigint;
  readonly treeSize: bigint;
  readonly size1: bigint;
  readonly size2: bigint;
  readonly root: string;
  readonly leafHash: string;
  readonly root1: string;
  readonly root2: string;
}

const missing = missingVectors("merkle");
const files = [...vectorsIn("merkle/inclusion"), ...vectorsIn("merkle/consistency")];
const bytes = (base64: string) => Buffer.from(base64, "base64");

/** Some vectors contain 2^64−1, so whole numbers are parsed from their text. */
const readExactly = (path: string): Vector =>
  JSON.parse(readVector(path).toString(), ((_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === "number" && source !== undefined ? BigInt(source) : value) as Parameters<typeof JSON.parse>[1]);

const accepts = (path: string, vector: Vector) => {
  const proof = (vector.proof ?? []).map(bytes);
  return path.includes("/inclusion/")
    ? verifyInclusion({ index: vector.leafIdx, size: vector.treeSize, leaf: bytes(vector.leafHash), root: bytes(vector.root) }, proof)
    : verifyConsistency({ from: vector.size1, to: vector.size2, fromRoot: bytes(vector.root1), toRoot: bytes(vector.root2) }, proof);
};

describe.skipIf(missing)("the proof vectors of transparency-dev/merkle", () => {
  it("are all there", () => expect(files).toHaveLength(96));

  it.each(files)("give the expected verdict: %s", (path) => {
    const vector = readExactly(path);
    expect(accepts(path, vector)).toBe(!vector.wantErr);
  });
});
