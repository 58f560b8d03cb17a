import { describe, expect, it } from "vitest";
import { formatCheckpoint, makeVkey, openCheckpoint, parseCheckpoint, signNote } from "../src/index.ts";
import { LOG, testKey } from "./support/golden-log.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const ROOT = golden.checkpoints[1]!.root;
const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join("");
const bad = expect.objectContaining({ code: "BAD_NOTE" });
const untrusted = expect.objectContaining({ code: "UNTRUSTED_NOTE" });

describe("the golden checkpoints", () => {
  it.each(golden.checkpoints)("are signed as published at size $size", ({ size, root, note }) => {
    expect(signNote(formatCheckpoint(golden.origin, size, Buffer.from(root, "base64")), [LOG.signer])).toBe(note);
  });

  it.each(golden.checkpoints)("open with the log's key at size $size", ({ size, root, note }) => {
    const opened = openCheckpoint(note, [LOG.vkey]);
    expect({ ...opened, root: Buffer.from(opened.root).toString("base64") }).toEqual({
      origin: golden.origin,
      size,
      root,
      signatures: [{ vkey: LOG.vkey }],
    });
  });
});

describe("the text of a checkpoint", () => {
  it("is parsed with the largest size", () => {
    expect(parseCheckpoint(text("o", "9007199254740991", ROOT)).size).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("can have extension lines of other logs", () => {
    const longer = text("go.sum database tree", "6", ROOT, "more", "and more");
    expect(parseCheckpoint(longer, { extensions: true })).toMatchObject({ origin: "go.sum database tree", size: 6 });
    expect(() => parseCheckpoint(longer)).toThrow(bad);
    expect(() => parseCheckpoint(text("o", "6", ROOT, ""), { extensions: true })).toThrow(bad);
  });

  it.each([
    ["an empty origin", text("", "6", ROOT)],
    ["no root", text("o", "6")],
    ["no line feed at the end", text("o", "6", ROOT).slice(0, -1)],
    ["an empty line", text("o", "6", ROOT, "")],
    ["a size with a leading zero", text("o", "06", ROOT)],
    ["a negative size", text("o", "-6", ROOT)],
    ["a size with a sign", text("o", "+6", ROOT)],
    ["a size with a fraction", text("o", "6.0", ROOT)],
    ["a size with an exponent", text("o", "6e0", ROOT)],
    ["a hexadecimal size", text("o", "0x6", ROOT)],
    ["a size in other digits", text("o", "٦", ROOT)],
    ["a size beyond 2^53−1", text("o", "9007199254740992", ROOT)],
    ["a size beyond 2^64", text("o", "18446744073709551616", ROOT)],
    ["a space after the size", text("o", "6 ", ROOT)],
    ["a root of 31 bytes", text("o", "6", Buffer.alloc(31).toString("base64"))],
    ["a root of 33 bytes", text("o", "6", Buffer.alloc(33).toString("base64"))],
    ["a root with spare bits", text("o", "6", ROOT.replace("4=", "5="))],
    ["a root in hexadecimal", text("o", "6", Buffer.from(ROOT, "base64").toString("hex"))],
  ])("is refused with %s", (_, content) => expect(() => parseCheckpoint(content)).toThrow(bad));

  it.each([
    ["an origin with a space", "a b", 1, 32],
    ["an origin with a plus", "a+b", 1, 32],
    ["no origin", "", 1, 32],
    ["a negative size", "o", -1, 32],
    ["a size that is not exact", "o", 2 ** 53, 32],
    ["a root that is too short", "o", 1, 31],
  ])("is not written with %s", (_, origin, size, length) => {
    expect(() => formatCheckpoint(origin, size, Buffer.alloc(length))).toThrow(bad);
  });
});

describe("opening a checkpoint", () => {
  const body = formatCheckpoint(LOG.origin, 6, Buffer.from(ROOT, "base64"));
  const stranger = { name: "other.example", key: testKey(1) };

  it("needs a key named like the origin", () => {
    const note = signNote(body, [stranger]);
    expect(() => openCheckpoint(note, [makeVkey(stranger.name, stranger.key)])).toThrow(untrusted);
    expect(() => openCheckpoint(LOG.noteAt(6), [])).toThrow(untrusted);
  });

  it("refuses another key of the same name", () => {
    const note = signNote(body, [{ name: LOG.origin, key: testKey(1) }]);
    expect(() => openCheckpoint(note, [LOG.vkey])).toThrow(untrusted);
  });

  it("refuses the right key for another origin", () => {
    const note = signNote(formatCheckpoint("example.com/other/1", 6, Buffer.from(ROOT, "base64")), [LOG.signer]);
    expect(() => openCheckpoint(note, [LOG.vkey])).toThrow(untrusted);
  });

  it("accepts either key during a key change", () => {
    const next = { name: LOG.origin, key: testKey(9) };
    const note = signNote(body, [LOG.signer, next]);
    expect(openCheckpoint(note, [LOG.vkey]).signatures).toHaveLength(1);
    expect(openCheckpoint(note, [makeVkey(next.name, next.key)]).signatures).toHaveLength(1);
    expect(openCheckpoint(note, [LOG.vkey, makeVkey(next.name, next.key)]).signatures).toHaveLength(2);
  });

  it.each([
    ["size", (note: string) => note.replace("\n6\n", "\n7\n")],
    ["root", (note: string) => note.replace("o/Hdr0", "o/Hdr1")],
    ["origin", (note: string) => note.replaceAll("audit/1", "audit/2")],
    ["signature", (note: string) => note.replace("8fba", "8fbb").replace("j7oRqnG", "j7oRqnH")],
  ])("refuses a changed %s", (_, change) => {
    expect(() => openCheckpoint(change(LOG.noteAt(6)), [LOG.vkey])).toThrow(untrusted);
  });
});
