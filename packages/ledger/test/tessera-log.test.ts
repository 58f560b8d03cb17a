import { describe, expect, it } from "vitest";
import {
  consistencyProof,
  createTileWriter,
  Frontier,
  inclusionProof,
  leafHash,
  openCheckpoint,
  parseVkey,
  readBundle,
  tileHashReader,
  verifyConsistency,
  verifyInclusion,
} from "../src/index.ts";
import { missingVectors, readVector } from "./support/shared-data.ts";

const missing = missingVectors("tessera-log");
const VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const ENTRIES = "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".split(" ");
const SIZES = Array.from({ length: 16 }, (_, size) => size);

const checkpointAt = (size: number) => openCheckpoint(readVector(`tessera-log/checkpoint.${size}`), [parseVkey(VKEY)]);
const readTile = (path: string) => readVector(`tessera-log/${path}`);

describe.skipIf(missing)("a log written by transparency-dev/tessera", () => {
  it.each(SIZES)("has signed our root for size %d", (size) => {
    const frontier = Frontier.empty();
    for (const entry of ENTRIES.slice(0, size)) frontier.push(leafHash(Buffer.from(entry)));
    const { origin, size: signed, root } = checkpointAt(size);
    expect({ origin, signed, root: Buffer.from(root) }).toEqual({
      origin: "example.com/log/testdata",
      signed: size,
      root: frontier.root(),
    });
  });

  it.each(SIZES.slice(1))("has our tile and bundle at size %d", (size) => {
    const writer = createTileWriter();
    for (const entry of ENTRIES.slice(0, size)) expect(writer.push(Buffer.from(entry))).toEqual([]);
    const files = writer.partial();
    expect(files.map(({ path }) => path)).toEqual([`tile/entries/000.p/${size}`, `tile/0/000.p/${size}`]);
    for (const { path, bytes } of files) expect(Buffer.from(bytes).equals(readTile(path))).toBe(true);
  });

  it("gives back its entries", () => {
    expect(Array.from(readBundle(readTile("tile/entries/000.p/15")), (entry) => Buffer.from(entry).toString())).toEqual(ENTRIES);
  });

  it("is proven from its tiles alone", async () => {
    const newest = checkpointAt(15);
    const read = tileHashReader(15, readTile);
    for (const [index, entry] of ENTRIES.entries()) {
      const proof = await inclusionProof(15, index, read);
      expect(verifyInclusion({ index, size: 15, leaf: leafHash(Buffer.from(entry)), root: newest.root }, proof)).toBe(true);
    }
    for (let to = 1; to <= 15; to++) {
      for (let from = 1; from <= to; from++) {
        const proof = await consistencyProof(from, to, tileHashReader(to, readTile));
        expect(verifyConsistency({ from, to, fromRoot: checkpointAt(from).root, toRoot: checkpointAt(to).root }, proof)).toBe(true);
      }
    }
  });
});
