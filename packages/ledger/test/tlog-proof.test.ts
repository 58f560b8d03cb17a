import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  commitPart,
  encodeEntry,
  Frontier,
  formatCheckpoint,
  formatProof,
  inclusionProofFromLeaves,
  leafHash,
  makeVkey,
  parseProof,
  parseTrustPolicy,
  signNote,
  verifyProof,
} from "../src/index.ts";
import { LOG, testKey } from "./support/golden-log.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const { file, inclusion } = golden.proofs;
const entry4 = golden.entries[4]!;
const opening = (part: number) => ({
  part,
  salt: Buffer.alloc(32, Number.parseInt(entry4.parts[part]!.saltByte, 16)),
  data: entry4.parts[part]!.text,
});
const hashes = inclusion.hashes.map((hash) => Buffer.from(hash, "base64"));
const base = { index: 4, hashes, note: LOG.noteAt(6), entry: LOG.entries[4]! };
const trust = { vkeys: [LOG.vkey] };
const bad = expect.objectContaining({ code: "BAD_PROOF" });

describe("the golden proof file", () => {
  it("is written as published", () => expect(formatProof({ ...base, open: [opening(0)] })).toBe(file));

  it("shows entry, index and head, lists hidden parts", () => {
    const proven = verifyProof(file, trust);
    expect(proven).toMatchObject({ index: 4, checkpoint: { origin: golden.origin, size: 6 }, open: [opening(0)], notShown: [1, 2, 3] });
    expect([proven.entry.class, proven.entry.commitments.length]).toEqual([3, 4]);
  });

  it("holds under a policy with witnesses", () => {
    const policy = (quorum: string) =>
      parseTrustPolicy(`log ${golden.vkey}\nwitness w ${golden.cosigned.cosignerVkey}\nquorum ${quorum}\n`);
    expect(verifyProof(file, { policy: policy("none") }).index).toBe(4);
    expect(() => verifyProof(file, { policy: policy("w") })).toThrow(expect.objectContaining({ code: "UNTRUSTED_NOTE" }));
    const cosigned = formatProof({ ...base, note: golden.cosigned.note, open: [] });
    expect(verifyProof(cosigned, { policy: policy("w") }).checkpoint.signatures.at(-1)?.time).toBe(golden.cosigned.time);
  });

  it("is refused if the log is not known", () => {
    expect(() => verifyProof(file, { vkeys: [makeVkey(LOG.origin, testKey(1))] })).toThrow(
      expect.objectContaining({ code: "UNTRUSTED_NOTE" }),
    );
  });

  test.prop([fc.nat(), fc.integer({ min: 0, max: 6 })])("is refused with any bit changed", (place, bit) => {
    const changed = Buffer.from(file);
    changed[place % changed.length]! ^= 1 << bit;
    expect(() => verifyProof(changed.toString(), trust)).toThrow(expect.objectContaining({ name: "LedgerError" }));
  });
});

describe("a proof file", () => {
  it("can open every part or none", () => {
    expect(verifyProof(formatProof({ ...base, open: [3, 1, 0, 2].map(opening) }), trust)).toMatchObject({
      open: [0, 1, 2, 3].map(opening),
      notShown: [],
    });
    expect(verifyProof(formatProof({ ...base, open: [] }), trust)).toMatchObject({ open: [], notShown: [0, 1, 2, 3] });
  });

  it("is refused with another part, text or salt", () => {
    for (const open of [
      { ...opening(1), data: opening(2).data },
      { ...opening(1), salt: opening(2).salt },
      { ...opening(1), part: 2 },
    ]) {
      expect(() => verifyProof(formatProof({ ...base, open: [open] }), trust)).toThrow(bad);
    }
    expect(() => formatProof({ ...base, open: [{ ...opening(1), part: 4 }] })).toThrow(bad);
    expect(() => formatProof({ ...base, open: [opening(1), opening(1)] })).toThrow(bad);
  });

  it("is refused for another entry or index", () => {
    expect(() => verifyProof(formatProof({ ...base, entry: LOG.entries[3]!, open: [] }), trust)).toThrow(bad);
    expect(() => verifyProof(formatProof({ ...base, index: 5, open: [] }), trust)).toThrow(bad);
    expect(() => verifyProof(formatProof({ ...base, note: LOG.noteAt(3), open: [] }), trust)).toThrow(bad);
  });

  it("needs no hashes in a log of one entry", () => {
    const entry = encodeEntry({ class: 1, commitments: [commitPart(0, Buffer.alloc(32, 1), Buffer.from("{}"))] });
    const frontier = Frontier.empty();
    frontier.push(leafHash(entry));
    const note = signNote(formatCheckpoint(LOG.origin, 1, frontier.root()), [LOG.signer]);
    const open = [{ part: 0, salt: Buffer.alloc(32, 1), data: "{}" }];
    expect(verifyProof(formatProof({ index: 0, hashes: [], note, entry, open }), trust).open).toEqual(open);
  });

  it("is parsed unchecked, with or without extra line", () => {
    const plain = file.replace(/\nextra [^\n]*/, "");
    expect(parseProof(plain)).toEqual({ index: 4, hashes, note: LOG.noteAt(6) });
    expect(() => verifyProof(plain, trust)).toThrow(bad);
  });

  const withExtra = (text: string) => file.replace(/extra [^\n]*/, `extra ${Buffer.from(text).toString("base64")}`);
  const extra = Buffer.from(/extra ([^\n]*)/.exec(file)![1]!, "base64").toString();
  const entry64 = LOG.entries[4]!.toString("base64");
  it.each([
    ["nothing in it", ""],
    ["another header", file.replace("@v1", "@v2")],
    ["no checkpoint", file.slice(0, file.indexOf("\n\n") + 1)],
    ["no index", file.replace("index 4\n", "")],
    ["an index with a leading zero", file.replace("index 4", "index 04")],
    ["an index that is too large", file.replace("index 4", "index 9007199254740992")],
    ["the index before the extra line", file.replace(/(extra [^\n]*)\n(index 4)/, "$2\n$1")],
    ["two extra lines", file.replace(/(extra [^\n]*)/, "$1\n$1")],
    ["carriage returns", file.replaceAll("\n", "\r\n")],
    ["a hash without padding", file.replace("NpNZ8=", "NpNZ8")],
    ["a hash too many", file.replace("index 4\n", `index 4\n${inclusion.hashes[0]}\n`)],
    ["a hash too few", file.replace(`${inclusion.hashes[0]}\n`, "")],
    ["hashes in another order", file.replace(inclusion.hashes.join("\n"), inclusion.hashes.toReversed().join("\n"))],
    ["an extra line that is not JSON", withExtra("nothing")],
    ["an extra line that is null", withExtra("null")],
    ["spaces in its JSON", withExtra(extra.replace('","open"', '", "open"'))],
    ["a key twice in its JSON", withExtra(extra.replace('{"entry"', `{"entry":"","entry"`))],
    ["a further key in its JSON", withExtra(extra.replace('{"entry"', '{"also":1,"entry"'))],
    ["keys in another order", withExtra(JSON.stringify({ open: [], entry: entry64 }))],
    ["an entry that is none", withExtra(JSON.stringify({ entry: "AAAA", open: [] }))],
    ["openings that are no list", withExtra(JSON.stringify({ entry: entry64, open: {} }))],
    ["an opening that is null", withExtra(JSON.stringify({ entry: entry64, open: [null] }))],
    ["half a character in an opening", withExtra(JSON.stringify({ entry: entry64, open: [{ data: "\ud800", part: 0, salt: "" }] }))],
  ])("is refused with %s", (_, text) => {
    expect(() => verifyProof(text, trust)).toThrow(expect.objectContaining({ name: "LedgerError" }));
  });

  it("is made from the leaves of any log", async () => {
    const proof = await inclusionProofFromLeaves(6, 2, LOG.leaves);
    expect(
      verifyProof(formatProof({ index: 2, hashes: proof, note: LOG.noteAt(6), entry: LOG.entries[2]!, open: [] }), trust).notShown,
    ).toEqual([0, 1, 2]);
  });
});
