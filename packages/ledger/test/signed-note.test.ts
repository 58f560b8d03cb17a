import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { LedgerError, makeVkey, openNote, parseNote, signNote } from "../src/index.ts";
import { LOG, testKey } from "./support/golden-log.ts";

const [, GOOD_LINE = ""] = LOG.noteAt(6).split("\n\n");
const bad = expect.objectContaining({ code: "BAD_NOTE" });
const alice = { name: "alice.example", key: testKey(1) };
const bob = { name: "bob.example", key: testKey(2) };
const vkeyOf = ({ name, key }: typeof alice) => makeVkey(name, key);

describe("a signed note", () => {
  it("opens with the keys of its signers", () => {
    const note = signNote("first\n\nlast\n", [alice, bob]);
    expect(note).toMatch(/^first\n\nlast\n\n— alice\.example [A-Za-z0-9+/]{91}=\n— bob\.example [A-Za-z0-9+/]{91}=\n$/u);
    const parsed = parseNote(note);
    expect(parsed.text).toBe("first\n\nlast\n");
    expect(openNote(parsed, [vkeyOf(bob), vkeyOf(alice)]).map(({ vkey }) => vkey.name)).toEqual(["alice.example", "bob.example"]);
  });

  it("is the same from text and from bytes", () => {
    expect(parseNote(Buffer.from(LOG.noteAt(6)))).toEqual(parseNote(LOG.noteAt(6)));
  });

  it("ignores lines of unknown keys", () => {
    const parsed = parseNote(signNote("text\n", [alice, bob]));
    const namesake = makeVkey("alice.example", testKey(3));
    expect(openNote(parsed, [namesake])).toEqual([]);
    expect(openNote(parsed, [{ ...vkeyOf(alice), name: "carol.example" }])).toEqual([]);
    expect(openNote(parsed, [])).toEqual([]);
  });

  it("is refused with a known key's bad line", () => {
    const note = signNote("text\n", [alice, bob]).replace("text", "test");
    const mixed = `test\n\n${signNote("test\n", [alice]).split("\n\n")[1]}${note.split("\n").at(-2)}\n`;
    expect(() => openNote(parseNote(mixed), [vkeyOf(alice), vkeyOf(bob)])).toThrow(expect.objectContaining({ code: "UNTRUSTED_NOTE" }));
    expect(openNote(parseNote(mixed), [vkeyOf(alice)])).toHaveLength(1);
  });

  it("takes up to 16 signatures", () => {
    const signers = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `s${i}`, key: testKey(i + 1) }));
    expect(parseNote(signNote("text\n", signers(16))).signatures).toHaveLength(16);
    expect(() => signNote("text\n", signers(17))).toThrow(bad);
    expect(() => parseNote(`text\n\n${GOOD_LINE.repeat(17)}`)).toThrow(bad);
    expect(() => signNote("text\n", [])).toThrow(bad);
  });

  it("takes up to 64 KiB", () => {
    const room = 64 * 1024 - Buffer.byteLength(`\n\n${GOOD_LINE}`);
    expect(parseNote(`${"x".repeat(room)}\n\n${GOOD_LINE}`).text).toHaveLength(room + 1);
    expect(() => parseNote(`${"x".repeat(room + 1)}\n\n${GOOD_LINE}`)).toThrow(bad);
    expect(() => parseNote(`${"é".repeat(room / 2 + 1)}\n\n${GOOD_LINE}`)).toThrow(bad);
  });

  const encoded = /([A-Za-z0-9+/]+=)\n$/.exec(GOOD_LINE)![1]!;
  const line = (name: string, base64: string) => `text\n\n— ${name} ${base64}\n`;
  it.each([
    ["nothing in it", ""],
    ["no signature", "text\n"],
    ["no signature after the empty line", "text\n\n"],
    ["no empty line", `text\n${GOOD_LINE}`],
    ["no text", `\n\n${GOOD_LINE}`],
    ["no line feed at the end", line("a", encoded).slice(0, -1)],
    ["an empty line at the end", `${line("a", encoded)}\n`],
    ["a carriage return", line("a", encoded).replaceAll("\n", "\r\n")],
    ["a tab", `te\txt\n\n${GOOD_LINE}`],
    ["a NUL", `te\0xt\n\n${GOOD_LINE}`],
    ["a DEL", `te\u007fxt\n\n${GOOD_LINE}`],
    ["a C1 control character", `te\u009bxt\n\n${GOOD_LINE}`],
    ["a lone surrogate", `te\ud800xt\n\n${GOOD_LINE}`],
    ["a hyphen for the dash", line("a", encoded).replace("—", "-")],
    ["no space after the dash", line("a", encoded).replace("— ", "—")],
    ["two spaces before the signature", line("a ", encoded)],
    ["a name with a plus", line("a+b", encoded)],
    ["a name with a no-break space", line("a\u00a0b", encoded)],
    ["no name", line("", encoded)],
    ["something after the signature", line("a", `${encoded} x`)],
    ["base64 without padding", line("a", encoded.slice(0, -1))],
    [
      "base64 with spare bits",
      line(
        "a",
        encoded.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`),
      ),
    ],
    ["base64 for URLs", line("a", encoded.replaceAll("/", "_").replaceAll("+", "-"))],
    ["a signature of no bytes", line("a", "AAAAAA==")],
    ["a text line among the signatures", `text\n\n${GOOD_LINE}text\n`],
  ])("is refused with %s", (_, note) => {
    expect(() => parseNote(note)).toThrow(bad);
  });

  it.each([
    ["bytes that are not UTF-8", Buffer.from("7465ff78740a0a", "hex")],
    ["an overlong encoding", Buffer.from("74c18174", "hex")],
    ["an encoded surrogate", Buffer.from("74eda08074", "hex")],
  ])("is refused with %s", (_, start) => {
    expect(() => parseNote(Buffer.concat([start, Buffer.from(`\n\n${GOOD_LINE}`)]))).toThrow(bad);
  });

  it("keeps a byte order mark of the text", () => {
    const note = signNote("\ufefftext\n", [alice]);
    expect(openNote(parseNote(Buffer.from(note)), [vkeyOf(alice)])).toHaveLength(1);
  });

  it.each(["text", "te\rxt\n", "\ud800\n"])("is not made of the text %j", (text) => {
    expect(() => signNote(text, [alice])).toThrow(bad);
  });

  test.prop([fc.nat(), fc.integer({ min: 1, max: 255 })])("never opens with any byte of it changed", (place, mask) => {
    const note = Buffer.from(LOG.noteAt(6));
    note[place % note.length]! ^= mask;
    const open = () => {
      if (openNote(parseNote(note), [LOG.vkey]).length === 0) throw new LedgerError("UNTRUSTED_NOTE", "no known key has signed");
    };
    expect(open).toThrow(expect.objectContaining({ name: "LedgerError" }));
  });
});
