import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  commitPart,
  decodeEntry,
  deriveKeys,
  encodeEntry,
  erasureEntry,
  type LedgerKeys,
  leafHash,
  prepareEntry,
  pseudonymOf,
  readManifest,
  SlotSet,
  type SplitEntry,
  sealNext,
  sessionDigest,
  splitEvent,
  suppressionTag,
} from "../src/index.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => Buffer.from(text, "hex");
const saltOf = (byte: string) => Buffer.alloc(32, Number.parseInt(byte, 16));

const keys: LedgerKeys = {
  name: "example.com/daybook/audit",
  sub: [{ kid: golden.pseudonyms.kid, key: createSecretKey(bytes(golden.pseudonyms.subKey)) }],
  suppress: createSecretKey(bytes(golden.pseudonyms.suppressKey)),
  retired: [],
};

/** Hands out the salts of an entry in order. */
const saltsOf = (parts: readonly { saltByte: string }[]) => {
  const salts = parts.map(({ saltByte }) => saltOf(saltByte));
  return () => salts.shift()!;
};

describe("the golden entries", () => {
  it.each(golden.entries)("commit to their parts as published: #$seq", ({ seq, class: entryClass, parts, entry, leaf }) => {
    const split: SplitEntry = { class: entryClass, parts: parts.map(({ text }) => ({ text })) };
    const prepared = prepareEntry(split, saltsOf(parts));
    expect(parts.map(({ saltByte, text }, k) => hex(commitPart(k, saltOf(saltByte), Buffer.from(text))))).toEqual(
      parts.map(({ commitment }) => commitment),
    );
    expect({ seq, entry: hex(prepared.entry), leaf: hex(prepared.leaf) }).toEqual({ seq, entry, leaf });
    expect(hex(leafHash(bytes(entry)))).toBe(leaf);
  });

  it.each(golden.entries)("survive decoding and encoding: #$seq", ({ class: entryClass, parts, entry }) => {
    const decoded = decodeEntry(bytes(entry));
    expect(decoded?.class).toBe(entryClass);
    expect(decoded?.commitments.map(hex)).toEqual(parts.map(({ commitment }) => commitment));
    expect(hex(encodeEntry(decoded!))).toBe(entry);
  });

  it("are sealed in a chain under the root's key", () => {
    const { seal: key } = deriveKeys(bytes(golden.rootSecret));
    expect(hex(key.export())).toBe(golden.sealKey);
    let seal: Uint8Array = new Uint8Array(16);
    const seals = golden.entries.map(({ seq, leaf }) => {
      seal = sealNext(key, seq, seal, bytes(leaf));
      return hex(seal);
    });
    expect(seals).toEqual(golden.entries.map((entry) => entry.seal));
  });

  it.each(golden.events)("come out of their events: #$seq", ({ seq, event, headKeys, userIds }) => {
    const split = splitEvent(event as Parameters<typeof splitEvent>[0], {
      headKeys,
      keys,
      userIds: userIds === "pseudonymous" ? "pseudonymous" : "readable",
    });
    const expected = golden.entries[seq]!;
    expect(split.class).toBe(expected.class);
    expect(split.parts.map(({ text }) => text)).toEqual(expected.parts.map(({ text }) => text));
  });
});

describe("the golden erasure", () => {
  const [head, list] = golden.entries[5]!.parts.map(({ text }) => text) as [string, string];
  const gone = new SlotSet();
  gone.add(3, 4);
  gone.add(2, 4);

  it("is made from the slots it names", () => {
    const split = erasureEntry({
      gone,
      basis: ["request"],
      time: "2026-11-22T09:00:05.000Z",
      id: "01a2027b-ea08-7555-8555-555555555555",
      service: "api",
      random: () => new Uint8Array(10),
    });
    expect(split).toEqual({ class: 8, parts: [{ text: head }, { role: "context", text: list }] });
  });

  it("is parsed back", () => {
    const manifest = readManifest({ seq: 5, head, parts: [list] });
    expect(manifest).toMatchObject({ action: "ledger.erasure", n: 2, basis: ["request"], merges: [] });
    expect(manifest.action === "ledger.erasure" && manifest.gone?.toJson()).toEqual(gone.toJson());
  });
});

describe("the golden pseudonyms", () => {
  it.each(Object.entries(golden.pseudonyms.sub))("%s", (id, sub) => expect(pseudonymOf(keys, id)).toBe(sub));
  it.each(Object.entries(golden.pseudonyms.sid))("session %s", (id, sid) => expect(sessionDigest(keys, id)).toBe(sid));
  it.each(Object.entries(golden.pseudonyms.suppressionTag))("suppression of %s", (sub, tag) => expect(suppressionTag(keys, sub)).toBe(tag));
});
