import { describe, expect, it } from "vitest";
import { decodeText } from "../src/library/text/decode-text.ts";
import { refusalOf } from "./support/refusal-of.ts";

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "utf8") : Buffer.from(part))));

describe("decoding a file", () => {
  it.each([
    { name: "plain ASCII", input: bytes("tea"), text: "tea", encoding: "utf-8" },
    { name: "UTF-8", input: bytes("thé 茶"), text: "thé 茶", encoding: "utf-8" },
    { name: "UTF-8 with a mark", input: bytes([0xef, 0xbb, 0xbf], "thé"), text: "thé", encoding: "utf-8" },
    { name: "UTF-16, little end first", input: bytes([0xff, 0xfe, 0x74, 0, 0xe9, 0]), text: "té", encoding: "utf-16le" },
    { name: "UTF-16, big end first", input: bytes([0xfe, 0xff, 0, 0x74, 0, 0xe9]), text: "té", encoding: "utf-16be" },
    { name: "Latin-1", input: bytes("na", [0xef], "ve caf", [0xe9]), text: "naïve café", encoding: "latin-1" },
    { name: "Windows-1252", input: bytes([0x93], "tea", [0x94], " 5 ", [0x80]), text: "“tea” 5 €", encoding: "windows-1252" },
  ])("reads $name", ({ input, text, encoding }) => {
    expect(decodeText(input)).toEqual({ text, encoding });
  });

  it("ends every line in a line feed", () => {
    expect(decodeText(bytes("a\r\nb\rc\n\fd")).text).toBe("a\nb\nc\n\nd");
  });

  it("drops byte order marks inside the text", () => {
    expect(decodeText(bytes("a", [0xef, 0xbb, 0xbf], "b")).text).toBe("ab");
  });

  it.each([
    { name: "a picture", input: bytes([0x89], "PNG\r\n", [0x1a, 0x0a, 0, 0, 0, 0x0d]), reason: /NUL bytes/ },
    { name: "UTF-16 with NUL characters, as UTF-32 looks", input: bytes([0xff, 0xfe, 0, 0, 0x74, 0, 0, 0]), reason: /NUL characters/ },
    { name: "control characters", input: bytes("bell", [0x07]), reason: /control characters/ },
    { name: "a mark for UTF-8 before other bytes", input: bytes([0xef, 0xbb, 0xbf], "caf", [0xe9]), reason: /marked as utf-8/ },
    { name: "half a UTF-16 character", input: bytes([0xff, 0xfe, 0x74]), reason: /marked as utf-16le/ },
    { name: "UTF-8 cut in a character", input: bytes("é è ê ç", [0xc3]), reason: /damaged byte at offset 11/ },
    { name: "a byte Windows-1252 does not have", input: bytes("a long enough text ", [0x81]), reason: /byte 0x81 at offset 19/ },
    { name: "a text damaged earlier", input: bytes("caf\ufffd"), reason: /U\+FFFD/ },
    { name: "Russian in KOI8-R", input: bytes([0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4]), reason: /Western European/ },
  ])("refuses $name", ({ input, reason }) => {
    const { code, message } = refusalOf(() => decodeText(input));
    expect(code).toBe("UNREADABLE_FILE");
    expect(message).toMatch(reason);
  });
});
