import { describe, expect, it } from "vitest";
import {
  createTileWriter,
  entriesPath,
  Frontier,
  inclusionProof,
  leafHash,
  readBundle,
  tileHashReader,
  tilePath,
  verifyInclusion,
} from "../src/index.ts";

const entryAt = (index: number) => Buffer.from(`entry ${index}`);

/** All files of a log in tlog-tiles form, by path. */
function tilesOf(size: number): Map<string, Uint8Array> {
  const writer = createTileWriter();
  const files = new Map<string, Uint8Array>();
  for (let i = 0; i < size; i++) for (const { path, bytes } of writer.push(entryAt(i))) files.set(path, bytes);
  for (const { path, bytes } of writer.partial()) files.set(path, bytes);
  return files;
}

describe("a tile's path", () => {
  it.each([
    [0, 0, 256, "tile/0/000"],
    [0, 5, 112, "tile/0/005.p/112"],
    [1, 999, 256, "tile/1/999"],
    [2, 1000, 1, "tile/2/x001/000.p/1"],
    [0, 1234067, 256, "tile/0/x001/x234/067"],
    [0, 2 ** 53 - 1, 256, "tile/0/x009/x007/x199/x254/x740/991"],
  ])("of level %d, index %d, width %d follows tlog-tiles", (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  });

  it("of a bundle has `entries` as its level", () => expect(entriesPath(1234067, 7)).toBe("tile/entries/x001/x234/067.p/7"));
});

describe("a log of 70,000 entries written as tiles", () => {
  const files = tilesOf(70_000);

  it("has the files of C2SP tlog-tiles", () => {
    const count = (pattern: RegExp) => [...files.keys()].filter((path) => pattern.test(path)).length;
    expect({
      fullLeaves: count(/^tile\/0\/\d{3}$/),
      partialLeaves: files.get("tile/0/273.p/112")?.length,
      fullLevel1: count(/^tile\/1\/\d{3}$/),
      partialLevel1: files.get("tile/1/001.p/17")?.length,
      partialLevel2: files.get("tile/2/000.p/1")?.length,
      bundles: count(/^tile\/entries\/\d{3}$/),
      all: files.size,
    }).toEqual({
      fullLeaves: 273,
      partialLeaves: 112 * 32,
      fullLevel1: 1,
      partialLevel1: 17 * 32,
      partialLevel2: 32,
      bundles: 273,
      all: 273 + 1 + 1 + 1 + 1 + 273 + 1,
    });
  });

  it("contains every entry", () => {
    const bundle = Array.from(readBundle(files.get("tile/entries/273.p/112")!), (entry) => Buffer.from(entry).toString());
    expect([bundle.length, bundle[0], bundle.at(-1)]).toEqual([112, "entry 69888", "entry 69999"]);
  });

  it("proves entries from its tiles alone", async () => {
    const frontier = Frontier.empty();
    for (let i = 0; i < 70_000; i++) frontier.push(leafHash(entryAt(i)));
    const read = tileHashReader(70_000, (path) => files.get(path) ?? Buffer.alloc(0));
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      const proof = await inclusionProof(70_000, index, read);
      expect(verifyInclusion({ index, size: 70_000, leaf: leafHash(entryAt(index)), root: frontier.root() }, proof)).toBe(true);
    }
  });

  it("names the missing tile", async () => {
    await expect(
      inclusionProof(
        70_000,
        0,
        tileHashReader(70_000, () => Buffer.alloc(0)),
      ),
    ).rejects.toMatchObject({
      code: "BAD_PROOF",
      hint: expect.stringContaining("tile/0/000"),
    });
  });
});

describe("a log of exactly 256 entries", () => {
  it("has a full tile and a partial tile above", () => {
    expect([...tilesOf(256).keys()].sort()).toEqual(["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
  });
});

describe("an entry bundle", () => {
  it.each([
    ["in the middle of a length", "00"],
    ["in the middle of an entry", "000161000261"],
  ])("is refused when it ends %s", (_, hex) => {
    expect(() => [...readBundle(Buffer.from(hex, "hex"))]).toThrow(expect.objectContaining({ code: "BAD_ENTRY" }));
  });

  it("refuses an entry of more than 65,535 bytes", () => {
    expect(() => createTileWriter().push(Buffer.alloc(65_536))).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
    expect(createTileWriter().push(Buffer.alloc(65_535))).toEqual([]);
  });
});
