import type { KeyObject } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import {
  addCheckpointRequest,
  answerAddCheckpoint,
  commitPart,
  consistencyProofFromLeaves,
  decodeEntry,
  deriveKeys,
  encodeEntry,
  erasureEntry,
  type FindingCode,
  formatCheckpoint,
  type GivenNote,
  leafHash,
  parseVkey,
  prepareEntry,
  SlotSet,
  signNote,
  splitEvent,
  type VerifierOptions,
  type VerifyReport,
  vkeyOf,
} from "../src/index.ts";
import { codes, frontierOf, MemoryLog, type Row, verifyRows } from "./support/memory-log.ts";

/** 40 entries; entry 10 was erased by entry 30; checkpoints of sizes 1, 20 and 35: five entries are unsigned. */
let log: MemoryLog;
let outside: GivenNote;

beforeEach(() => {
  log = new MemoryLog();
  log.checkpoint();
  while (log.rows.length < 30) {
    log.append({
      actor: { kind: "user", id: `user-${log.rows.length % 5}` },
      subjects: [{ id: `other-${log.rows.length}`, role: "target" }],
      data: { book: log.rows.length },
    });
    if (log.rows.length === 20) log.checkpoint();
  }
  const gone = new SlotSet();
  gone.add(1, 10);
  gone.add(3, 10);
  expect(log.erase(gone)).toBe(30);
  while (log.rows.length < 40) log.append({ actor: { kind: "user", id: "ada" } });
  outside = { ...log.checkpoint(35), source: "witnessed", name: "auditor.note" };
});

/** Findings with the public key, with the seal key, and with the outside checkpoint. */
function verdicts(tampered: MemoryLog, options: Partial<VerifierOptions> = {}) {
  const notes = [...tampered.notes, outside];
  return {
    db: codes(tampered.verify(options)).errors,
    seal: codes(tampered.verifySealed(options)).errors,
    out: codes(tampered.verify({ ...options, notes })).errors,
  };
}

/** If roots no longer match, entry 30 counts only with the seal key; otherwise nothing explains the slots it names. */
const unanchored = ({ db, seal }: { db: string[]; seal: string[] }) => ({
  db: [...db, "UNEXPLAINED_LOSS"],
  seal,
  out: [...db, "UNEXPLAINED_LOSS"],
});

const found = ({ findings }: VerifyReport, code: FindingCode) => findings.find((group) => group.code === code)!;

const same = (...errors: string[]) => ({ db: errors, seal: errors, out: errors });

/** Replaces a part like an attacker that knows the format but has no key. */
function recommit(row: Row, part: number, text: string): void {
  const decoded = decodeEntry(row.entry)!;
  const salt = Buffer.alloc(32, 0xaa);
  const data = Buffer.from(text);
  const commitments = decoded.commitments.map((old, k) => (k === part ? commitPart(part, salt, data) : old));
  row.entry = encodeEntry({ class: decoded.class, commitments });
  if (part === 0) [row.salt0, row.head] = [salt, data];
  else if (part === 1 && row.person !== null) [row.salt1, row.person] = [salt, data];
  else row.others = row.others.map((other) => (other.part === part ? { part, salt, data } : other));
}

const edited = (bytes: Uint8Array | null, from: string, to: string) => {
  const text = Buffer.from(bytes!).toString();
  expect(text).toContain(from);
  return Buffer.from(text.replace(from, to));
};

describe("an honest log", () => {
  it("is intact and counts gone and unsigned entries", () => {
    const report = log.verifySealed({ notes: [...log.notes, outside] });
    expect(report).toMatchObject({
      verdict: "intact",
      grade: "tamper-evident",
      origin: "example.com/daybook/test/1",
      entries: 40,
      signedTo: 35,
    });
    expect(report).toMatchObject({ erased: 2, expired: 0, firstBad: null, findings: [], partial: false });
    expect(report.erasures).toEqual([{ manifest: 30, parts: 2, gone: { 1: [10], 3: [10] } }]);
    expect(report.witnessed).toEqual([{ name: "auditor.note", size: 35, time: null }]);
    expect(report.warnings).toEqual([{ code: "UNANCHORED_TAIL", count: 5, first: [{ seq: 35, text: "5 entries after size 35" }] }]);
  });

  it("is only tamper-detecting without an independent checkpoint", () => {
    expect(log.verifySealed()).toMatchObject({ verdict: "intact", grade: "tamper-detecting" });
    expect(codes(log.verify())).toEqual({ errors: [], warnings: ["NO_SEAL_KEY", "UNANCHORED_TAIL", "UNWITNESSED"] });
  });
});

describe("1: one value in a person part is edited", () => {
  it("is ALTERED at that entry and part", () => {
    const row = log.rows[7]!;
    row.person = edited(row.person, "user-2", "user-3");
    expect(verdicts(log)).toEqual(same("ALTERED"));
    expect(log.verify()).toMatchObject({ firstBad: 7, findings: [{ code: "ALTERED", count: 1, first: [{ seq: 7, part: 1 }] }] });
  });

  it("is ALTERED in a part outside the row too", () => {
    const other = log.rows[7]!.others.find(({ part }) => part === 2)!;
    other.data = edited(other.data, "other-7", "other-8");
    expect(verdicts(log)).toEqual(same("ALTERED"));
    expect(log.verify()).toMatchObject({ firstBad: 7, findings: [{ first: [{ seq: 7, part: 2 }] }] });
  });
});

describe("2: severity is edited in a head", () => {
  it("is ALTERED at that entry", () => {
    log.rows[8]!.head = edited(log.rows[8]!.head, `"severity":"info"`, `"severity":"error"`);
    expect(verdicts(log)).toEqual(same("ALTERED"));
    expect(log.verify()).toMatchObject({ firstBad: 8, findings: [{ first: [{ seq: 8, part: 0 }] }] });
  });
});

describe("3: a signed entry is recomputed for another head", () => {
  it("is a ROOT_MISMATCH, and a BAD_SEAL with the key", () => {
    const row = log.rows[25]!;
    recommit(row, 0, Buffer.from(row.head!).toString().replace("info", "error"));
    expect(verdicts(log)).toEqual(unanchored({ db: ["ROOT_MISMATCH"], seal: ["BAD_SEAL", "ROOT_MISMATCH"] }));
    const report = log.verify();
    expect(report).toMatchObject({ firstBad: 20, signedTo: 20 });
    expect(found(report, "ROOT_MISMATCH").first).toEqual([
      { seq: 20, text: "between entry 20 and entry 34, by the checkpoint of size 35 (stored)" },
    ]);
    expect(log.verifySealed()).toMatchObject({ firstBad: 25 });
  });
});

describe("4: an unsigned entry is recomputed for another head", () => {
  it("shows only with the seal key", () => {
    const row = log.rows[37]!;
    recommit(row, 0, Buffer.from(row.head!).toString().replace("info", "error"));
    expect(codes(log.verify())).toEqual({ errors: [], warnings: ["NO_SEAL_KEY", "UNANCHORED_TAIL", "UNWITNESSED"] });
    expect(log.verifySealed()).toMatchObject({ firstBad: 37, findings: [{ code: "BAD_SEAL", count: 1 }] });
  });
});

describe("5: a person part is removed silently", () => {
  it.each([1, 2])("is an UNEXPLAINED_LOSS of part %i", (part) => {
    const gone = new SlotSet();
    gone.add(part, 12);
    log.blank(gone);
    expect(verdicts(log)).toEqual(same("UNEXPLAINED_LOSS"));
    expect(log.verify()).toMatchObject({ firstBad: 12, erased: 2, findings: [{ count: 1, first: [{ seq: 12, part }] }] });
  });
});

describe("6: an entry is deleted", () => {
  it("is a MISSING_ENTRY, and its parts elsewhere are ORPHANs", () => {
    const [deleted] = log.rows.splice(15, 1);
    expect(verdicts(log)).toEqual(unanchored({ db: ["MISSING_ENTRY"], seal: ["BAD_SEAL", "MISSING_ENTRY"] }));
    expect(log.verify()).toMatchObject({ firstBad: 15, signedTo: 1 });
    const orphans = deleted!.others.map(({ part }) => ({ seq: 15, part }));
    const report = verifyRows(log.rows, { notes: log.notes, keys: log.keys, now: log.nowMs }, orphans);
    expect(found(report, "ORPHAN")).toMatchObject({
      count: 2,
      first: [
        { seq: 15, part: 2 },
        { seq: 15, part: 3 },
      ],
    });
  });

  it("is a ROOT_MISMATCH if later entries were renumbered", () => {
    log.rows.splice(15, 1);
    log.rows.forEach((row, i) => {
      row.seq = i;
    });
    const { db, seal, out } = verdicts(log);
    expect(db).toContain("ROOT_MISMATCH");
    expect(seal).toEqual(expect.arrayContaining(["ROOT_MISMATCH", "BAD_SEAL"]));
    expect(out).toContain("ROOT_MISMATCH");
    expect(log.verifySealed().findings.find(({ code }) => code === "BAD_SEAL")).toMatchObject({
      first: expect.arrayContaining([expect.objectContaining({ seq: 15 })]),
    });
  });
});

describe("7: two entries are swapped with their parts", () => {
  it("is a ROOT_MISMATCH, and a BAD_SEAL with the key", () => {
    const [a, b] = [log.rows[22]!, log.rows[24]!];
    [log.rows[22], log.rows[24]] = [
      { ...b, seq: 22, seal: a.seal },
      { ...a, seq: 24, seal: b.seal },
    ];
    expect(verdicts(log)).toEqual(unanchored({ db: ["ROOT_MISMATCH"], seal: ["BAD_SEAL", "ROOT_MISMATCH"] }));
    expect(log.verifySealed()).toMatchObject({ firstBad: 22 });
  });
});

const forgedEvent = (tampered: MemoryLog) =>
  splitEvent(
    {
      id: "01a2027b-e238-7333-8333-999999999999",
      time: tampered.time,
      type: "access_control",
      action: "book.read",
      severity: "info",
      outcome: "success",
    },
    { keys: tampered.keys },
  );

/** Appends without the seal key. */
function forge(tampered: MemoryLog, split: Parameters<typeof prepareEntry>[0]): number {
  const seq = tampered.push(prepareEntry(split, tampered.random));
  tampered.rows[seq]!.seal = Buffer.alloc(16, 0xee);
  return seq;
}

describe("8: a forged event is appended without keys", () => {
  it("shows only with the seal key", () => {
    const seq = forge(log, forgedEvent(log));
    expect(codes(log.verify()).errors).toEqual([]);
    expect(log.verifySealed()).toMatchObject({ firstBad: seq, findings: [{ code: "BAD_SEAL", count: 1 }] });
  });
});

describe("9: a forged erasure in the tail", () => {
  it("excuses nothing", () => {
    const gone = new SlotSet();
    gone.add(1, 5, 6);
    const seq = forge(log, erasureEntry({ gone, basis: ["request"], ...log.entryOptions() }));
    log.blank(gone);
    expect(verdicts(log)).toEqual({ db: ["UNEXPLAINED_LOSS"], seal: ["BAD_SEAL", "UNEXPLAINED_LOSS"], out: ["UNEXPLAINED_LOSS"] });
    expect(log.verify()).toMatchObject({ firstBad: 5, findings: [{ count: 2 }] });
    expect(log.verify().findings[0]!.first[0]!.text).toContain(`named by entry ${seq}, which is not proven`);
  });

  it("counts without a checkpoint if its seal holds", () => {
    const gone = new SlotSet();
    gone.add(1, 5);
    log.erase(gone);
    expect(codes(log.verifySealed()).errors).toEqual([]);
    expect(codes(log.verify()).errors).toEqual(["UNEXPLAINED_LOSS"]);
  });
});

describe("10: tail and newer notes are cut off", () => {
  it("shows only against an outside checkpoint", () => {
    log.rows.length = 32;
    log.notes.pop();
    expect(codes(log.verifySealed()).errors).toEqual([]);
    const report = log.verify({ notes: [...log.notes, outside] });
    expect(report).toMatchObject({ firstBad: 32 });
    expect(found(report, "TRUNCATED").first).toEqual([
      { seq: 32, text: "auditor.note saw 35 entries of example.com/daybook/test/1, the file has 32" },
    ]);
  });

  it("shows the loss if the erasure was cut off", () => {
    log.rows.length = 30;
    log.notes.pop();
    expect(log.verify()).toMatchObject({ firstBad: 10, findings: [{ code: "UNEXPLAINED_LOSS", count: 2 }] });
  });
});

describe("11: a backup older than an erasure is restored", () => {
  let restored: MemoryLog;
  beforeEach(() => {
    restored = new MemoryLog();
    restored.checkpoint();
    while (restored.rows.length < 25) restored.append({ actor: { kind: "user", id: "someone" } });
    restored.checkpoint();
  });

  it("is TRUNCATED against an outside checkpoint, and clean without", () => {
    expect(codes(restored.verifySealed()).errors).toEqual([]);
    expect(codes(restored.verify({ notes: [...restored.notes, outside] })).errors).toEqual(["TRUNCATED"]);
  });

  it("is a FORK or a ROOT_MISMATCH after growing", () => {
    while (restored.rows.length < 50) restored.append();
    restored.checkpoint(35);
    restored.checkpoint();
    expect(codes(restored.verifySealed()).errors).toEqual([]);
    expect(codes(restored.verify({ notes: [...restored.notes, outside] })).errors).toEqual(["FORK", "ROOT_MISMATCH"]);
  });

  it("is refused by a witness of the newer checkpoint", async () => {
    const vkeys = [parseVkey(vkeyOf(log.keys, 1))];
    const state = new Map([
      [log.origin, { vkeys, last: { origin: log.origin, size: 35, root: frontierOf(log.rows.slice(0, 35)).root() } }],
    ]);
    const signer = { name: "witness.example/w1", key: deriveKeys(Buffer.alloc(32, 9)).sign };
    const ask = (oldSize: number, proof: readonly Uint8Array[]) =>
      answerAddCheckpoint(state, addCheckpointRequest({ oldSize, proof, note: restored.sign() }), signer, log.nowMs).status;
    while (restored.rows.length < 50) restored.append();
    expect(ask(25, [])).toBe(409);
    const leaves = restored.rows.map(({ entry }) => leafHash(entry));
    expect(ask(35, await consistencyProofFromLeaves(35, 50, leaves))).toBe(422);
  });
});

describe("12: an erased part returns from a backup", () => {
  it("is RESURRECTED", () => {
    const before = new MemoryLog();
    while (before.rows.length < 11) {
      before.append({
        actor: { kind: "user", id: `user-${before.rows.length % 5}` },
        subjects: [{ id: `other-${before.rows.length}`, role: "target" }],
        data: { book: before.rows.length },
      });
    }
    const old = before.rows[10]!;
    Object.assign(log.rows[10]!, { salt1: old.salt1, person: old.person });
    expect(verdicts(log)).toEqual(same("RESURRECTED"));
    expect(log.verify()).toMatchObject({ firstBad: 10, findings: [{ count: 1, first: [{ seq: 10, part: 1 }] }] });
  });
});

describe("13: a key holder rewrites and signs everything again", () => {
  it("shows only against an outside checkpoint", () => {
    const row = log.rows[9]!;
    recommit(row, 0, Buffer.from(row.head!).toString().replace("info", "error"));
    for (const { seq, entry } of log.rows) log.rows[seq]!.seal = log.sealOf(seq, leafHash(entry));
    log.notes = [];
    for (const size of [1, 20, 35]) log.checkpoint(size);
    expect(codes(log.verifySealed()).errors).toEqual([]);
    const report = log.verifySealed({ notes: [...log.notes, outside] });
    expect(codes(report).errors).toEqual(["FORK", "ROOT_MISMATCH"]);
    expect(report.findings.find(({ code }) => code === "ROOT_MISMATCH")!.first[0]!.text).toContain("auditor.note");
    expect(report).toMatchObject({ firstBad: 20 });
  });
});

describe("14: notes are tampered with", () => {
  const otherKey = (): KeyObject => deriveKeys(Buffer.alloc(32, 7)).sign;
  const text = (origin = log.origin) => formatCheckpoint(origin, 35, frontierOf(log.rows.slice(0, 35)).root());

  it("refuses a note whose size line was changed", () => {
    log.notes[2] = { note: String(log.notes[2]!.note).replace("\n35\n", "\n36\n"), source: "stored", size: 36 };
    expect(verdicts(log)).toEqual({ db: ["BAD_CHECKPOINT", "UNEXPLAINED_LOSS"], seal: ["BAD_CHECKPOINT"], out: ["BAD_CHECKPOINT"] });
  });

  it("refuses a good note filed under another size", () => {
    log.notes[2] = { ...log.notes[2]!, size: 36 };
    expect(verdicts(log)).toEqual({ db: ["BAD_CHECKPOINT", "UNEXPLAINED_LOSS"], seal: ["BAD_CHECKPOINT"], out: ["BAD_CHECKPOINT"] });
  });

  it("refuses another key of the same name", () => {
    log.notes[2] = { note: signNote(text(), [{ name: log.origin, key: otherKey() }]), source: "stored", size: 35 };
    expect(verdicts(log)).toEqual({ db: ["BAD_CHECKPOINT", "UNEXPLAINED_LOSS"], seal: ["BAD_CHECKPOINT"], out: ["BAD_CHECKPOINT"] });
  });

  it("refuses the same key for another origin", () => {
    const origin = "example.com/other/1";
    log.notes[2] = { note: signNote(text(origin), [{ name: origin, key: log.keys.sign! }]), source: "stored", size: 35 };
    expect(verdicts(log)).toEqual({ db: ["BAD_CHECKPOINT", "UNEXPLAINED_LOSS"], seal: ["BAD_CHECKPOINT"], out: ["BAD_CHECKPOINT"] });
  });

  it("is NO_CHECKPOINT if all notes were deleted", () => {
    log.notes = [];
    expect(codes(log.verify()).errors).toContain("NO_CHECKPOINT");
    expect(codes(log.verify({ notes: [outside] })).errors).toEqual([]);
  });
});

describe("15: an erasure is widened", () => {
  it("does not excuse neighbours of the slots it names", () => {
    const gone = new SlotSet();
    gone.add(1, 9);
    gone.add(1, 11);
    log.blank(gone);
    expect(verdicts(log)).toEqual(same("UNEXPLAINED_LOSS"));
    expect(log.verify()).toMatchObject({ firstBad: 9, findings: [{ count: 2 }] });
  });

  it("does not read a list that was edited", () => {
    const row = log.rows[30]!;
    row.person = edited(row.person, `"1":[10]`, `"1":[11]`);
    expect(verdicts(log)).toEqual(same("ALTERED", "UNEXPLAINED_LOSS"));
  });

  it("does not accept a list whose entry was recomputed", () => {
    const row = log.rows[30]!;
    recommit(row, 1, Buffer.from(row.person!).toString().replace(`"1":[10]`, `"1":[[10,11]]`));
    recommit(row, 0, Buffer.from(row.head!).toString().replace(`"n":2`, `"n":3`));
    const gone = new SlotSet();
    gone.add(1, 11);
    log.blank(gone);
    const { db, seal, out } = verdicts(log);
    for (const errors of [db, seal, out]) expect(errors).toContain("ROOT_MISMATCH");
    expect(seal).toContain("BAD_SEAL");
    // Without a matching root the entry does not count, so the slots it names are not excused either.
    expect(db).toContain("UNEXPLAINED_LOSS");
  });
});

describe("16: parts are moved", () => {
  it("is ALTERED if the head fills the person's slot", () => {
    const row = log.rows[14]!;
    [row.salt1, row.person] = [row.salt0, row.head];
    expect(verdicts(log)).toEqual(same("ALTERED"));
    expect(log.verify()).toMatchObject({ firstBad: 14 });
  });

  it("is ALTERED if a part was moved one entry", () => {
    const moved = log.rows[14]!.others.pop()!;
    log.rows[15]!.others = [...log.rows[15]!.others.filter(({ part }) => part !== moved.part), moved];
    expect(verdicts(log)).toEqual(same("ALTERED", "UNEXPLAINED_LOSS"));
    expect(log.verify()).toMatchObject({ firstBad: 14 });
  });

  it("is an ORPHAN in a missing or doubled slot", () => {
    log.rows[14]!.others.push({ part: 9, salt: Buffer.alloc(32), data: Buffer.from("{}") });
    expect(codes(log.verify()).errors).toEqual(["ORPHAN"]);
    log.rows[14]!.others = [{ part: 1, salt: log.rows[14]!.salt1, data: log.rows[14]!.person }, ...log.rows[14]!.others.slice(0, 2)];
    expect(codes(log.verify()).errors).toEqual(["ORPHAN"]);
  });
});
