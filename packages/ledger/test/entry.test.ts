import { describe, expect, it } from "vitest";
import { commitPart, decodeEntry, encodeEntry, leafHash, newKeys, partCount, prepareEntry, sealNext } from "../src/index.ts";
import { seededRandom } from "./support/memory-log.ts";

const random = seededRandom("entry");
const commitment = (byte: number) => Buffer.alloc(32, byte);

describe("an entry", () => {
  it("commits to part number, salt and text", () => {
    const { entry, leaf, parts } = prepareEntry(
      { class: 64, parts: [{ text: "{}" }, { role: "actor", text: "{}" }, { role: "context", text: "{}" }] },
      random,
    );
    const { class: entryClass, commitments } = decodeEntry(entry)!;
    expect(entryClass).toBe(64);
    expect(commitments.map((bytes) => Buffer.from(bytes))).toEqual(
      parts.map(({ salt, text }, k) => commitPart(k, salt, Buffer.from(text))),
    );
    expect(new Set(commitments.map((bytes) => Buffer.from(bytes).toString("hex"))).size).toBe(3);
    expect(leaf).toEqual(leafHash(entry));
  });

  it("refuses part counts and classes beyond 255", () => {
    const bad = expect.objectContaining({ code: "BAD_ENTRY" });
    const many = Array.from({ length: 255 }, (_, i) => commitment(i));
    expect(partCount(encodeEntry({ class: 255, commitments: many }))).toBe(255);
    expect(() => encodeEntry({ class: 1, commitments: [...many, commitment(0)] })).toThrow(bad);
    expect(() => encodeEntry({ class: 1, commitments: [] })).toThrow(bad);
    expect(() => encodeEntry({ class: 0, commitments: [commitment(0)] })).toThrow(bad);
    expect(() => encodeEntry({ class: 256, commitments: [commitment(0)] })).toThrow(bad);
    expect(() => encodeEntry({ class: 1, commitments: [Buffer.alloc(31)] })).toThrow(bad);
    expect(() => prepareEntry({ class: 1, parts: [{ text: "{}" }] }, () => Buffer.alloc(16))).toThrow(bad);
  });

  it("decodes to null if malformed", () => {
    const good = encodeEntry({ class: 1, commitments: [commitment(1), commitment(2)] });
    const changed = (at: number, value: number) => Buffer.from(good).fill(value, at, at + 1);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from("dbk1"),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.alloc(1)]),
      changed(0, 0x44),
      changed(3, 0x32),
      changed(4, 0),
      changed(5, 0),
      changed(5, 1),
      changed(5, 3),
    ]) {
      expect([decodeEntry(bytes), partCount(bytes)]).toEqual([null, 0]);
    }
    expect(decodeEntry(new Uint8Array(good))?.commitments).toHaveLength(2);
  });
});

describe("a seal", () => {
  const { seal } = newKeys("example.com/a", random);
  const leaf = commitment(9);

  it("depends on the whole sequence number, predecessor and leaf", () => {
    const seals = [
      sealNext(seal!, 1, Buffer.alloc(16), leaf),
      sealNext(seal!, 2, Buffer.alloc(16), leaf),
      sealNext(seal!, 2 ** 32 + 1, Buffer.alloc(16), leaf),
      sealNext(seal!, 1, Buffer.alloc(16, 1), leaf),
      sealNext(seal!, 1, Buffer.alloc(16), commitment(8)),
    ].map((bytes) => bytes.toString("hex"));
    expect(new Set(seals).size).toBe(5);
    expect(seals.every((hex) => hex.length === 32)).toBe(true);
  });

  it("is refused over inputs of another length", () => {
    const bad = expect.objectContaining({ code: "BAD_SIZE" });
    expect(() => sealNext(seal!, -1, Buffer.alloc(16), leaf)).toThrow(bad);
    expect(() => sealNext(seal!, 0.5, Buffer.alloc(16), leaf)).toThrow(bad);
    expect(() => sealNext(seal!, 2 ** 53, Buffer.alloc(16), leaf)).toThrow(bad);
    expect(() => sealNext(seal!, 1, Buffer.alloc(15), leaf)).toThrow(bad);
    expect(() => sealNext(seal!, 1, Buffer.alloc(16), leaf.subarray(1))).toThrow(bad);
  });
});
