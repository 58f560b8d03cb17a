import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { formatVkey, KEY_TYPE, keyId, makeVkey, parseVkey, vkeyOf } from "../src/index.ts";
import { LOG, testKey } from "./support/golden-log.ts";
import golden from "./vectors/golden.json" with { type: "json" };

describe("a verifier key", () => {
  it.each([
    golden.vkey,
    golden.cosigned.cosignerVkey,
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
  ])("survives parsing and writing: %s", (text) => expect(formatVkey(parseVkey(text))).toBe(text));

  it("belongs to the log's key in each generation", () => {
    const keys = { name: "example.com/daybook/audit", sign: LOG.signer.key };
    expect(vkeyOf(keys, 1)).toBe(golden.vkey);
    expect(vkeyOf({ name: keys.name, public: LOG.vkey.key }, 1)).toBe(golden.vkey);
    expect(parseVkey(vkeyOf(keys, 2))).toMatchObject({ name: "example.com/daybook/audit/2", type: KEY_TYPE.signature });
  });

  it("has another id for another type", () => {
    expect(makeVkey("w", testKey(1)).id).not.toBe(makeVkey("w", testKey(1), KEY_TYPE.cosignature).id);
    const raw = LOG.vkey.key.export({ type: "spki", format: "der" }).subarray(-32);
    expect(keyId(golden.origin, KEY_TYPE.signature, raw).toString("hex")).toBe("8fba11aa");
  });

  it("keeps a name that is not ASCII", () => {
    const text = formatVkey(makeVkey("bücherei.example/log", testKey(2)));
    expect(parseVkey(text).name).toBe("bücherei.example/log");
  });

  const [name, id, key] = golden.vkey.split("+") as [string, string, string];
  it.each([
    ["nothing", ""],
    ["no id", `${name}+${key}`],
    ["another id", `${name}+8fba11ab+${key}`],
    ["an id in capitals", `${name}+8FBA11AA+${key}`],
    ["another name", `${name}x+${id}+${key}`],
    ["a name with a space", `a b+${id}+${key}`],
    ["a changed key", `${name}+${id}+${key.replace("AZz", "AZy")}`],
    ["a key without its last character", `${name}+${id}+${key.slice(0, -1)}`],
    ["spare bits in the base64", `${name}+${id}+${key.replace(/.$/, "A")}=`],
    ["a line feed at the end", `${golden.vkey}\n`],
    ["an ML-DSA-44 type", `${name}+${id}+${Buffer.concat([Uint8Array.of(6), Buffer.alloc(1312)]).toString("base64")}`],
    ["an ECDSA type", `${name}+${id}+${Buffer.concat([Uint8Array.of(2), Buffer.alloc(91)]).toString("base64")}`],
  ])("is refused with %s", (_, text) => {
    expect(() => parseVkey(text)).toThrow(expect.objectContaining({ code: "BAD_VKEY" }));
  });

  it.each(["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "\ud800"])("cannot have the name %j", (bad) => {
    expect(() => makeVkey(bad, testKey(1))).toThrow(expect.objectContaining({ code: "BAD_VKEY" }));
  });

  it("is refused for another kind of key", () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(() => makeVkey("w", publicKey)).toThrow(expect.objectContaining({ code: "BAD_VKEY" }));
  });

  it("is refused without a signing key or generation", () => {
    expect(() => vkeyOf({ name: "a" }, 1)).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
    expect(() => vkeyOf({ name: "a", sign: testKey(1) }, 0)).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
  });
});
