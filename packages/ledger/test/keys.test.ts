import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  addPseudonymKey,
  deriveKeys,
  dropPseudonymKey,
  formatKeys,
  isLedgerError,
  type KeysRole,
  newKeys,
  parseKeys,
  pseudonymOf,
  pseudonymsOf,
  referenceKey,
  rotateRoot,
  sealKeyAt,
  sessionDigest,
  signersAt,
  splitKeys,
  suppressionTag,
  tenantReference,
  tenantReferences,
  vkeyOf,
} from "../src/index.ts";
import { seededRandom } from "./support/memory-log.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const random = seededRandom("keys");
const keys = newKeys("example.com/daybook/audit", random);
const fileOf = (changes: object) => JSON.stringify({ ...JSON.parse(formatKeys(keys)), ...changes });
const B64 = Buffer.alloc(32, 0x42).toString("base64");

describe("new keys", () => {
  it("are read back from their file", () => {
    const again = parseKeys(formatKeys(keys));
    expect(formatKeys(again)).toBe(formatKeys(keys));
    expect(vkeyOf(again, 1)).toBe(vkeyOf(keys, 1));
    expect(pseudonymOf(again, "ada")).toBe(pseudonymOf(keys, "ada"));
    expect(suppressionTag(again, "1.ab")).toBe(suppressionTag(keys, "1.ab"));
    expect(again.seal!.equals(keys.seal!)).toBe(true);
  });

  it("show no secret when they are printed", () => {
    const shown = inspect(keys, { depth: 9, showHidden: true });
    for (const secret of [keys.root!, keys.seal!, keys.suppress!, keys.sub[0]!.key]) {
      for (const encoding of ["hex", "base64"] as const) expect(shown).not.toContain(secret.export().toString(encoding));
    }
  });

  it("are derived from their root as published", () => {
    const read = parseKeys(fileOf({ name: "example.com/daybook/audit", root: Buffer.from(golden.rootSecret, "hex").toString("base64") }));
    expect(vkeyOf(read, 1)).toBe(golden.vkey);
    const { seal, sign } = deriveKeys(Buffer.from(golden.rootSecret, "hex"));
    expect(seal.export().toString("hex")).toBe(golden.sealKey);
    expect(sign.export({ format: "der", type: "pkcs8" }).subarray(-32).toString("hex")).toBe(golden.signSeed);
  });
});

describe("a keys file that cannot be used", () => {
  it.each<[string, string]>([
    ["it is not JSON", "{"],
    ["it is a list", "[]"],
    ["of another format", fileOf({ format: "daybook-keys/2" })],
    ["without a name", fileOf({ name: undefined })],
    ["with a name that cannot stand in a note", fileOf({ name: "a b" })],
    ["with an unknown field", fileOf({ supress: B64 })],
    ["with a short root", fileOf({ root: "AAAA" })],
    ["with a root in another encoding", fileOf({ root: B64.slice(0, -1) })],
    ["with root and seal", fileOf({ seal: B64 })],
    ["with root and sign", fileOf({ sign: B64 })],
    ["with a public key of another root", fileOf({ public: B64 })],
    ["with a bad kid", fileOf({ sub: [{ kid: "A", key: B64 }] })],
    [
      "with one kid twice",
      fileOf({
        sub: [
          { kid: "1", key: B64 },
          { kid: "1", key: B64 },
        ],
      }),
    ],
    ["with a pseudonym key that is none", fileOf({ sub: [{ kid: "1" }] })],
    [
      "with retired seals out of order",
      fileOf({
        retired: [
          { seal: B64, untilSeq: 5 },
          { seal: B64, untilSeq: 4 },
        ],
      }),
    ],
    ["with lists that are none", fileOf({ sub: {} })],
  ])("is refused: %s", (_, text) => {
    expect(() => parseKeys(text)).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
  });

  it("is refused without showing its content", () => {
    for (const text of [formatKeys(keys).replace(`"name"`, "name"), fileOf({ root: `${B64}=` }), fileOf({ seal: B64 })]) {
      let thrown: unknown;
      try {
        parseKeys(text);
      } catch (cause) {
        thrown = cause;
      }
      expect(isLedgerError(thrown)).toBe(true);
      expect(inspect(thrown)).not.toContain(B64.slice(0, 12));
      expect(inspect(thrown)).not.toContain(keys.root!.export().toString("base64").slice(0, 12));
    }
  });
});

describe("keys split by role", () => {
  it.each<[KeysRole, readonly string[]]>([
    ["app", ["name", "public", "retired", "seal", "sub", "suppress"]],
    ["checkpointer", ["name", "public", "retired", "seal", "sign", "sub"]],
    ["auditor", ["name", "public", "retired", "seal", "sub"]],
  ])("%s: are exactly the keys the role needs", (role, fields) => {
    const split = parseKeys(formatKeys(splitKeys(keys, role)));
    expect(Object.keys(split).sort()).toEqual(fields);
    expect(split.sub).toHaveLength(role === "app" ? 1 : 0);
    expect(split.seal!.equals(keys.seal!)).toBe(true);
    expect(vkeyOf(split, 1)).toBe(vkeyOf(keys, 1));
  });

  it("are not split for an incomplete role", () => {
    expect(() => splitKeys(splitKeys(keys, "app"), "checkpointer")).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
    expect(() => pseudonymOf(splitKeys(keys, "auditor"), "ada")).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
    expect(() => suppressionTag(splitKeys(keys, "auditor"), "1.ab")).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
  });
});

describe("rotation", () => {
  it("of the root retires the seal key, keeps pseudonyms", () => {
    const rotated = parseKeys(formatKeys(rotateRoot(keys, random, { untilSeq: 41, signsUntil: 1_000 })));
    expect(rotated.retired.map(({ untilSeq }) => untilSeq)).toEqual([41]);
    expect(rotated.retired[0]!.seal.equals(keys.seal!)).toBe(true);
    expect(vkeyOf(rotated, 1)).not.toBe(vkeyOf(keys, 1));
    expect(pseudonymOf(rotated, "ada")).toBe(pseudonymOf(keys, "ada"));
    expect(() => rotateRoot(splitKeys(keys, "app"), random, { untilSeq: 1, signsUntil: 0 })).toThrow(
      expect.objectContaining({ code: "BAD_KEYS" }),
    );
  });

  it("of the root lets the old key sign on", () => {
    const twice = rotateRoot(rotateRoot(keys, random, { untilSeq: 41, signsUntil: 1_000 }), random, { untilSeq: 50, signsUntil: 2_000 });
    const rotated = parseKeys(formatKeys(twice));
    expect([0, 999, 1_000, 2_000].map((ms) => signersAt(rotated, ms).length)).toEqual([3, 3, 2, 1]);
    expect(signersAt(rotated, 2_000)[0]!.equals(rotated.sign!)).toBe(true);
    expect([41, 42, 50, 51].map((seq) => rotated.retired.findIndex(({ seal }) => seal === sealKeyAt(rotated, seq)))).toEqual([0, 1, 1, -1]);
    for (const role of ["app", "auditor"] as const) {
      const split = parseKeys(formatKeys(splitKeys(twice, role)));
      expect(split.retired.map((old) => Object.keys(old).sort())).toEqual(Array(2).fill(["public", "seal", "untilSeq"]));
      expect(split.retired[0]!.public!.equals(keys.public!)).toBe(true);
    }
    expect(signersAt(parseKeys(formatKeys(splitKeys(twice, "checkpointer"))), 0)).toHaveLength(3);
    expect(() => parseKeys(fileOf({ retired: [{ seal: B64, untilSeq: 1, sign: B64 }] }))).toThrow(
      expect.objectContaining({ code: "BAD_KEYS" }),
    );
  });

  it("of pseudonyms keeps old ones resolvable", () => {
    const two = addPseudonymKey(keys, random);
    expect(pseudonymOf(two, "ada")).toMatch(/^2\.[0-9a-f]{32}$/);
    expect(pseudonymsOf(two, "ada")).toEqual([pseudonymOf(keys, "ada"), pseudonymOf(two, "ada")]);
    expect(sessionDigest(two, "s")).toMatch(/^2\./);
  });

  it("drops a key epoch and its link to ids", () => {
    const later = dropPseudonymKey(addPseudonymKey(keys, random), "1");
    expect(pseudonymsOf(later, "ada")).toEqual([pseudonymOf(later, "ada")]);
    expect(addPseudonymKey(later, random).sub.map(({ kid }) => kid)).toEqual(["2", "3"]);
    expect(() => dropPseudonymKey(later, "2")).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
    expect(() => dropPseudonymKey(later, "9")).toThrow(expect.objectContaining({ code: "BAD_KEYS" }));
  });
});

describe("pseudonyms", () => {
  it("take the id without folding or trimming", () => {
    const subs = ["ada", "Ada", " ada", "ada ", "äda", "a\u0308da"].map((id) => pseudonymOf(keys, id));
    expect(new Set(subs).size).toBe(subs.length);
  });

  it("differ between a person, a session and a log", () => {
    const other = newKeys("example.com/daybook/other", random);
    expect(new Set([pseudonymOf(keys, "x"), sessionDigest(keys, "x"), pseudonymOf(other, "x")]).size).toBe(3);
  });

  it("stay the same after many other ids", () => {
    const before = pseudonymOf(keys, "ada");
    for (let i = 0; i < 10_000; i++) pseudonymOf(keys, `passer-by ${i}`);
    expect(pseudonymOf(keys, "ada")).toBe(before);
  });

  it("have references that are signed 64-bit integers", () => {
    expect(referenceKey("1.7fffffffffffffff0000000000000000")).toBe(2n ** 63n - 1n);
    expect(referenceKey("abc.80000000000000000000000000000000")).toBe(-(2n ** 63n));
    expect(referenceKey("1.ffffffffffffffff0000000000000000")).toBe(-1n);
    const two = addPseudonymKey(keys, random);
    expect(tenantReferences(two, "acme")).toEqual([tenantReference(keys, "acme"), tenantReference(two, "acme")]);
  });
});
