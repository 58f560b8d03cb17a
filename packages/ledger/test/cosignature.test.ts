import { describe, expect, it } from "vitest";
import { addCosignatures, cosign, KEY_TYPE, makeVkey, openCheckpoint, parseNote, parseVkey, verifyCosignature } from "../src/index.ts";
import { LOG, testKey } from "./support/golden-log.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const { note: cosigned, time } = golden.cosigned;
const goldenWitness = parseVkey(golden.cosigned.cosignerVkey);
const witness = { name: "witness.example/w2", key: testKey(5) };
const witnessVkey = makeVkey(witness.name, witness.key, KEY_TYPE.cosignature);
const lineAt = (seconds: number) => cosign(LOG.noteAt(6), { ...witness, time: seconds });
const timesIn = (note: string) => openCheckpoint(note, [LOG.vkey, witnessVkey]).signatures.flatMap((good) => good.time ?? []);

describe("the golden cosignature", () => {
  it("opens with both keys and states its time", () => {
    expect(openCheckpoint(cosigned, [LOG.vkey, goldenWitness]).signatures).toEqual([{ vkey: LOG.vkey }, { vkey: goldenWitness, time }]);
  });

  it("is ignored if the witness is not known", () => {
    expect(openCheckpoint(cosigned, [LOG.vkey]).signatures).toEqual([{ vkey: LOG.vkey }]);
  });

  it("becomes part of the checkpoint", () => {
    const line = `${cosigned.split("\n").at(-2)}\n`;
    expect(addCosignatures(LOG.noteAt(6), [line])).toBe(cosigned);
  });
});

describe("a cosignature", () => {
  it("is made and checked with the time in seconds", () => {
    const { text, signatures } = parseNote(addCosignatures(LOG.noteAt(6), [lineAt(1_795_338_010)]));
    const { signature } = signatures[1]!;
    expect([signature.length, verifyCosignature(text, witnessVkey, signature)]).toEqual([72, 1_795_338_010]);
  });

  it("does not hold for another text, time or key", () => {
    const { text, signatures } = parseNote(addCosignatures(LOG.noteAt(6), [lineAt(100)]));
    const { signature } = signatures[1]!;
    const later = Buffer.from(signature);
    later[7]! ^= 1;
    expect(verifyCosignature(text.replace("\n6\n", "\n7\n"), witnessVkey, signature)).toBeUndefined();
    expect(verifyCosignature(text, witnessVkey, later)).toBeUndefined();
    expect(verifyCosignature(text, goldenWitness, signature)).toBeUndefined();
    expect(verifyCosignature(text, witnessVkey, signature.subarray(1))).toBeUndefined();
  });

  it("is no log signature, even with the same key", () => {
    const line = cosign(LOG.noteAt(6), { name: LOG.origin, key: LOG.signer.key, time: 1 });
    const onlyCosigned = `${parseNote(LOG.noteAt(6)).text}\n${line}`;
    const cosigner = makeVkey(LOG.origin, LOG.signer.key, KEY_TYPE.cosignature);
    expect(() => openCheckpoint(onlyCosigned, [LOG.vkey, cosigner])).toThrow(expect.objectContaining({ code: "UNTRUSTED_NOTE" }));
  });

  it("that does not hold refuses the whole note", () => {
    const forged = cosigned.replace("5wkTkwAAAABrAq8a", "5wkTkwAAAABrAq8b");
    expect(() => openCheckpoint(forged, [LOG.vkey, goldenWitness])).toThrow(expect.objectContaining({ code: "UNTRUSTED_NOTE" }));
  });

  it.each([-1, 1.5, 2 ** 53])("is not made for the time %d", (seconds) => {
    expect(() => lineAt(seconds)).toThrow(expect.objectContaining({ code: "BAD_NOTE" }));
  });
});

describe("adding cosignatures to a note", () => {
  it("keeps the first and the last of each witness", () => {
    const note = [30, 10, 40, 20, 50].reduce((before, seconds) => addCosignatures(before, [lineAt(seconds)]), LOG.noteAt(6));
    expect(timesIn(note).sort()).toEqual([10, 50]);
    expect(timesIn(addCosignatures(LOG.noteAt(6), [30, 10, 40].map(lineAt))).sort()).toEqual([10, 40]);
  });

  it("adds no line twice", () => {
    const once = addCosignatures(LOG.noteAt(6), [lineAt(10)]);
    expect(addCosignatures(once, [lineAt(10)])).toBe(once);
  });

  it("leaves the log's own signatures alone", () => {
    expect(addCosignatures(LOG.noteAt(6), [])).toBe(LOG.noteAt(6));
  });

  it("refuses malformed lines and a 17th signature", () => {
    const bad = expect.objectContaining({ code: "BAD_NOTE" });
    expect(() => addCosignatures(LOG.noteAt(6), ["text\n"])).toThrow(bad);
    const many = Array.from({ length: 16 }, (_, i) => cosign(LOG.noteAt(6), { name: `w${i}`, key: testKey(i + 1), time: 1 }));
    expect(() => addCosignatures(LOG.noteAt(6), many)).toThrow(bad);
  });
});
