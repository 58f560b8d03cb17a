import { describe, expect, it } from "vitest";
import {
  canonicalText,
  continuesEntry,
  createVerifier,
  erasureEntry,
  formatCheckpoint,
  incidentEntry,
  keyEntry,
  type LedgerKeys,
  newKeys,
  parseVkey,
  policyEntry,
  prepareEntry,
  pseudonymOf,
  rotateRoot,
  SlotSet,
  type SplitEntry,
  signNote,
  type VerifyReport,
  vkeyOf,
} from "../src/index.ts";
import { codes, DAY_MS, frontierOf, MemoryLog, publicOnly, witnesses } from "./support/memory-log.ts";

const slots = (...list: readonly (readonly [part: number, from: number, to?: number])[]) => {
  const set = new SlotSet();
  for (const [part, from, to] of list) set.add(part, from, to);
  return set;
};

/** Entry 0 is the log's own; 1 to `size` - 1 are reads of a book by a person each. */
function logOf(size: number): MemoryLog {
  const log = new MemoryLog();
  while (log.rows.length < size) log.append({ actor: { kind: "user", id: `user-${log.rows.length}` } });
  return log;
}

const errorsOf = (report: VerifyReport) => codes(report).errors;
const texts = ({ findings, warnings }: VerifyReport, code: string) =>
  [...findings, ...warnings].filter((group) => group.code === code).flatMap(({ first }) => first.map(({ text }) => text));

describe("an entry of class 8 that breaks a rule", () => {
  const raw = (ledger: object, context?: object, head: object = {}): SplitEntry => ({
    class: 8,
    parts: [
      { text: canonicalText({ action: "ledger.erasure", ledger, ts: "2026-01-01T00:01:00.000Z", type: "compliance", ...head }) },
      ...(context === undefined ? [] : [{ role: "context" as const, text: canonicalText({ ...context, role: "context" }) }]),
    ],
  });
  const one = { basis: ["request"], n: 1 };
  it.each<[string, SplitEntry]>([
    ["names itself", raw(one, { gone: { 1: [6] } })],
    ["names the future", raw(one, { gone: { 1: [9] } })],
    ["names the head of an entry of the ledger", raw(one, { gone: { 0: [0] } })],
    ["names a slot twice", raw({ basis: ["request"], n: 2 }, { gone: { 1: [2, 2] } })],
    ["names slots in the wrong order", raw({ basis: ["request"], n: 2 }, { gone: { 1: [3, 1] } })],
    ["writes neighbours one by one", raw({ basis: ["request"], n: 2 }, { gone: { 1: [2, 3] } })],
    ["writes a range of one", raw(one, { gone: { 1: [[2, 2]] } })],
    ["names no part", raw(one, { gone: { x: [2] } })],
    ["names part 255", raw(one, { gone: { 255: [2] } })],
    ["counts wrong", raw({ basis: ["request"], n: 2 }, { gone: { 1: [2] } })],
    ["has no basis", raw({ basis: [], n: 1 }, { gone: { 1: [2] } })],
    ["has an unknown basis", raw({ basis: ["because"], n: 1 }, { gone: { 1: [2] } })],
    ["merges what is no erasure", raw({ ...one, merges: [1] }, { gone: { 1: [2] } })],
    ["moves a watermark of class 4", raw({ class: 4, persons: 1, heads: 1 }, undefined, { action: "ledger.retention" })],
    ["moves a watermark of class 8", raw({ class: 8, persons: 1, heads: 1 }, undefined, { action: "ledger.retention" })],
    ["moves heads before persons", raw({ class: 2, persons: 1, heads: 2 }, undefined, { action: "ledger.retention" })],
    ["moves a watermark beyond itself", raw({ class: 2, persons: 7, heads: 1 }, undefined, { action: "ledger.retention" })],
    ["has an unknown action", raw(one, { gone: { 1: [2] } }, { action: "ledger.other" })],
    ["is of another type", raw(one, { gone: { 1: [2] } }, { type: "custom" })],
    ["is no object", { class: 8, parts: [{ text: "[]" }] }],
    [
      "records an unusable policy",
      raw({ policy: { 2: { persons_days: 30, heads_days: 10, actor: "keep", others: "erase" } } }, undefined, { action: "ledger.policy" }),
    ],
  ])("is a BAD_MANIFEST that excuses nothing: it %s", (_, split) => {
    const log = logOf(6);
    const seq = log.add(split);
    log.blank(slots([1, 2]));
    log.checkpoint();
    const report = log.verifySealed();
    expect(errorsOf(report)).toEqual(["BAD_MANIFEST", "UNEXPLAINED_LOSS"]);
    expect(report.findings.find(({ code }) => code === "BAD_MANIFEST")).toMatchObject({ count: 1, first: [{ seq }] });
  });

  it("is a BAD_MANIFEST if it repeats a named slot", () => {
    const log = logOf(6);
    log.erase(slots([1, 2, 3]));
    const seq = log.add(erasureEntry({ gone: slots([1, 3, 4]), basis: ["request"], ...log.entryOptions() }));
    log.checkpoint();
    expect(log.verify()).toMatchObject({ firstBad: seq, erased: 2, findings: [{ code: "BAD_MANIFEST" }] });
  });
});

describe("merged erasures", () => {
  function merged() {
    const log = logOf(6);
    const first = log.erase(slots([1, 2]));
    const second = log.erase(slots([1, 4]));
    const gone = slots([1, 2], [1, 4], [1, first, second]);
    const seq = log.add(erasureEntry({ gone, basis: ["request"], merges: [first, second], ...log.entryOptions() }));
    return { log, seq, lists: slots([1, first, second]) };
  }

  it("leave one entry that explains every loss", () => {
    const { log, seq, lists } = merged();
    log.blank(lists);
    log.checkpoint();
    expect(log.verifySealed()).toMatchObject({ verdict: "intact", erased: 4, erasures: [{ manifest: seq, parts: 4 }] });
  });

  it("are RESURRECTED if the old lists remain", () => {
    const { log } = merged();
    log.checkpoint();
    expect(log.verifySealed()).toMatchObject({ erased: 2, findings: [{ code: "RESURRECTED", count: 2 }] });
  });
});

describe("retention", () => {
  /** Five entries on day 0, five on day 100. */
  function aged(days: number): MemoryLog {
    const log = new MemoryLog({ policy: { 2: { persons_days: 90, heads_days: 180, actor: "keep", others: "erase" } } });
    while (log.rows.length < 6) log.append({ actor: { kind: "user", id: "ada" } });
    log.nowMs += days * DAY_MS;
    while (log.rows.length < 11) log.append({ actor: { kind: "user", id: "ada" } });
    return log;
  }

  it("explains losses below its watermarks except exempted slots", () => {
    const log = aged(100);
    log.expire(2, 6, 0, slots([1, 3]));
    log.checkpoint();
    expect(log.verifySealed()).toMatchObject({ verdict: "intact", expired: 4, erased: 0 });
    log.blank(slots([1, 3]));
    expect(log.verifySealed()).toMatchObject({ firstBad: 3, findings: [{ code: "UNEXPLAINED_LOSS", count: 1 }] });
  });

  it("ends an exemption the newest entry no longer lists", () => {
    const log = aged(100);
    log.expire(2, 6, 0, slots([1, 3]));
    log.expire(2, 6, 0);
    log.checkpoint();
    expect(log.verify()).toMatchObject({ verdict: "intact", expired: 5 });
  });

  it("reports parts that should be gone as RESURRECTED", () => {
    const log = aged(100);
    const kept = { ...log.rows[4]! };
    log.expire(2, 6, 0);
    Object.assign(log.rows[4]!, { salt1: kept.salt1, person: kept.person });
    log.checkpoint();
    expect(log.verify()).toMatchObject({ firstBad: 4, expired: 4, findings: [{ code: "RESURRECTED", count: 1 }] });
  });

  it("does not explain losses of other classes", () => {
    const log = aged(100);
    log.append({ type: "query", actor: { kind: "user", id: "ada" } });
    log.expire(2, 6, 0);
    log.checkpoint();
    log.blank(slots([1, 7], [1, 11]));
    expect(log.verify()).toMatchObject({ findings: [{ code: "UNEXPLAINED_LOSS", count: 2, first: [{ seq: 7 }, { seq: 11 }] }] });
  });

  it("is EARLY_EXPIRY by the log's own times", () => {
    const young = aged(80);
    const seq = young.expire(2, 6, 0);
    young.checkpoint();
    expect(young.verify()).toMatchObject({ firstBad: seq, findings: [{ code: "EARLY_EXPIRY", count: 1 }] });
    const old = aged(100);
    old.expire(2, 6, 0);
    old.checkpoint();
    expect(codes(old.verifySealed())).toEqual({ errors: [], warnings: ["EXPIRY_UNPROVEN", "UNWITNESSED"] });
  });

  it("is proven if witnesses saw both ends", () => {
    const log = aged(0);
    log.cosignedCheckpoint();
    log.nowMs += 100 * DAY_MS;
    log.append();
    log.cosignedCheckpoint();
    log.nowMs += 1_000;
    log.expire(2, 6, 0);
    log.cosignedCheckpoint();
    expect(codes(log.verifySealed({ witnesses }))).toEqual({ errors: [], warnings: [] });
  });

  it("is EARLY_EXPIRY by witnesses despite the log's clock", () => {
    const log = aged(0);
    log.cosignedCheckpoint();
    log.append();
    log.nowMs += 10 * DAY_MS;
    const truth = log.nowMs;
    log.nowMs += 90 * DAY_MS;
    const seq = log.expire(2, 12, 0);
    log.nowMs = truth;
    log.cosignedCheckpoint();
    const report = log.verifySealed({ witnesses });
    expect(errorsOf(report)).toEqual(["EARLY_EXPIRY", "TIME_SKEW"]);
    expect(report.findings.every(({ first }) => first[0]!.seq === seq)).toBe(true);
  });

  it("uses the longest period of seven days", () => {
    const log = aged(80);
    const shorter = { 2: { persons_days: 10, heads_days: 20, actor: "keep", others: "erase" } } as const;
    log.add(policyEntry({ policy: shorter, ...log.entryOptions() }));
    log.expire(2, 6, 0);
    log.checkpoint();
    expect(errorsOf(log.verify())).toEqual(["EARLY_EXPIRY"]);

    const patient = aged(80);
    patient.add(policyEntry({ policy: shorter, ...patient.entryOptions() }));
    patient.nowMs += 8 * DAY_MS;
    patient.expire(2, 6, 0);
    patient.checkpoint();
    expect(errorsOf(patient.verify())).toEqual([]);
  });

  it("never removes classes kept for ever", () => {
    const log = new MemoryLog({ policy: { 2: { persons_days: 1, actor: "keep", others: "erase" } } });
    log.append({ actor: { kind: "user", id: "ada" } });
    log.nowMs += 1000 * DAY_MS;
    log.expire(2, 2, 2);
    log.checkpoint();
    expect(texts(log.verify(), "EARLY_EXPIRY")).toEqual([
      expect.stringContaining("heads of class 2 below entry 2, which were to be kept for ever"),
    ]);
  });
});

describe("times", () => {
  it("are TIME_SKEW if witnesses contradict two minutes", () => {
    const log = logOf(3);
    log.cosignedCheckpoint();
    log.nowMs -= 100_000;
    log.append();
    log.nowMs -= 100_000;
    const early = log.append();
    log.nowMs += 600_000;
    const ahead = log.append();
    log.nowMs -= 300_000;
    log.cosignedCheckpoint();
    const skew = log.verify({ witnesses }).findings.find(({ code }) => code === "TIME_SKEW");
    expect(skew).toMatchObject({ count: 2, first: [{ seq: early }, { seq: ahead }] });
    expect(errorsOf(log.verify())).toEqual([]);
  });

  it("count from storing for late events", () => {
    const log = logOf(3);
    log.cosignedCheckpoint();
    log.append({ time: "2025-12-31T00:00:00.000Z" }, { late: log.time });
    log.cosignedCheckpoint();
    expect(codes(log.verifySealed({ witnesses }))).toEqual({ errors: [], warnings: [] });
  });

  it("warn if they run back over a minute", () => {
    const log = logOf(3);
    log.nowMs -= 30_000;
    log.append();
    log.nowMs -= 60_000;
    const seq = log.append();
    log.checkpoint();
    expect(log.verifySealed().warnings.find(({ code }) => code === "TIME_BACKWARD")).toMatchObject({ count: 1, first: [{ seq }] });
  });
});

describe("a witness with an absurd clock", () => {
  it("rules out every time after it", () => {
    const log = logOf(3);
    const late = log.cosignedCheckpoint(3, undefined, 2 ** 52);
    log.append();
    log.checkpoint();
    const report = log.verify({ witnesses });
    expect(late.size).toBe(3);
    expect(report).toMatchObject({ witnessed: [{ time: null }], findings: [{ code: "TIME_SKEW", count: 1, first: [{ seq: 3 }] }] });
  });
});

describe("parts", () => {
  it("warn if they open but are not canonical", () => {
    const log = logOf(2);
    for (const text of [`{"a": 1}`, `{"b":1,"a":2}`, `{"a":1,"a":1}`, `{"a":1.0}`, "nothing", `{"a":"\\u0041"}`]) {
      log.push(prepareEntry({ class: 2, parts: [{ text: `{"ts":"${log.time}"}` }, { role: "actor", text }] }, log.random));
    }
    log.checkpoint();
    expect(log.verifySealed().warnings[0]).toMatchObject({
      code: "NONCANONICAL",
      count: 6,
      first: [{ seq: 2, part: 1 }, {}, {}, {}, {}, {}],
    });
  });

  it("are passed to onPart with pseudonym and tenant", () => {
    const log = logOf(3);
    log.append({ actor: { kind: "user", id: "ada" }, subjects: [{ id: "bob" }], tenant: "acme" });
    log.blank(slots([1, 1]));
    const seen: unknown[] = [];
    log.verify({ onPart: (seq, part, { sub, tenant }) => seen.push([seq, part, sub, tenant]) });
    expect(seen).toEqual([
      [2, 1, pseudonymOf(log.keys, "user-2"), undefined],
      [3, 1, pseudonymOf(log.keys, "ada"), "acme"],
      [3, 2, pseudonymOf(log.keys, "bob"), undefined],
    ]);
  });
});

describe("a rotated key", () => {
  /** Entry 3 names the new key; the old one and the new one sign the checkpoint of size 4. */
  function rotated(): { log: MemoryLog; before: LedgerKeys } {
    const log = logOf(3);
    log.checkpoint();
    const before = log.keys;
    const after = rotateRoot(before, log.random, { untilSeq: 3, signsUntil: 0 });
    log.add(keyEntry({ vkey: vkeyOf(after, 1), ...log.entryOptions() }));
    log.keys = after;
    const text = formatCheckpoint(log.origin, 4, frontierOf(log.rows).root());
    log.notes.push({
      note: signNote(
        text,
        [before, after].map(({ sign }) => ({ name: log.origin, key: sign! })),
      ),
      source: "stored",
      size: 4,
    });
    log.append();
    log.checkpoint();
    return { log, before };
  }

  it("is trusted through the entry that names it", () => {
    const { log, before } = rotated();
    expect(log.verify({ keys: publicOnly(before) })).toMatchObject({ verdict: "intact", signedTo: 5 });
  });

  it("keeps the old key trusted for older sizes only", () => {
    const { log, before } = rotated();
    expect(log.verifySealed()).toMatchObject({ verdict: "intact", signedTo: 5, warnings: [{ code: "UNWITNESSED" }] });
    const note = signNote(formatCheckpoint(log.origin, 5, frontierOf(log.rows).root()), [{ name: log.origin, key: before.sign! }]);
    expect(errorsOf(log.verifySealed({ notes: [...log.notes, { note, source: "anchor" }] }))).toEqual(["BAD_CHECKPOINT"]);
  });

  it("leaves old seals unchecked without the old key", () => {
    const { log } = rotated();
    const report = log.verifySealed({ keys: { ...log.keys, retired: [] } });
    expect(report).toMatchObject({ verdict: "intact", warnings: [{ code: "NO_SEAL_KEY", count: 4 }, { code: "UNWITNESSED" }] });
  });
});

describe("a new generation", () => {
  /** A log of 10 entries of which a backup of 6 was put back and went on as generation 2. */
  function restored(reason: "restore" | "key_lost" = "restore") {
    const lost = logOf(10);
    const outside = (size: number) => ({ note: lost.sign(size), source: "anchor" as const });
    const log = logOf(6);
    log.notes.push(outside(6));
    const old = log.keys;
    if (reason === "key_lost") log.keys = newKeys(log.keys.name, log.random);
    const root = frontierOf(lost.rows.slice(0, 9)).root().toString("base64");
    log.add(continuesEntry({ from: { origin: log.origin, vkey: vkeyOf(old, 1), size: 9, root }, reason, ...log.entryOptions() }));
    log.generation = 2;
    log.append();
    log.checkpoint();
    return { log, outside };
  }

  it("declares losses up to the size it knew", () => {
    const { log, outside } = restored();
    expect(log.verifySealed()).toMatchObject({ verdict: "intact", origin: "example.com/daybook/test/2", signedTo: 8 });
    const known = log.verifySealed({ notes: [...log.notes, outside(5), outside(8), outside(9)] });
    expect(codes(known)).toEqual({ errors: [], warnings: ["DECLARED_LOSS", "UNWITNESSED"] });
    const more = log.verifySealed({ notes: [...log.notes, outside(10)] });
    expect(more).toMatchObject({ findings: [{ code: "TRUNCATED", first: [{ text: expect.stringContaining("10 entries") }] }] });
  });

  it("cannot be declared without a key", () => {
    const lost = logOf(10);
    const log = logOf(6);
    log.notes.push({ note: lost.sign(6), source: "anchor" });
    const root = frontierOf(lost.rows).root().toString("base64");
    const from = { origin: log.origin, vkey: vkeyOf(log.keys, 1), size: 10, root };
    const seq = log.add(continuesEntry({ from, reason: "restore", ...log.entryOptions() }));
    log.rows[seq]!.seal = Buffer.alloc(16);
    expect(errorsOf(log.verify({ notes: [...log.notes, { note: lost.sign(10), source: "anchor" }] }))).toEqual(["TRUNCATED"]);
  });

  it("changes the seal key if keys were lost", () => {
    const { log } = restored("key_lost");
    expect(log.verifySealed()).toMatchObject({ verdict: "intact", signedTo: 8 });
    expect(log.verifySealed().warnings).toMatchObject([{ code: "NO_SEAL_KEY", count: 6 }, { code: "UNWITNESSED" }]);
    log.rows[7]!.seal = Buffer.alloc(16);
    expect(log.verifySealed()).toMatchObject({ firstBad: 7, findings: [{ code: "BAD_SEAL" }] });
  });
});

describe("a declared incident", () => {
  it("turns forged rows into a warning once signed", () => {
    const log = logOf(5);
    log.checkpoint();
    const forged = log.append();
    log.rows[forged]!.seal = Buffer.alloc(16, 1);
    log.add(incidentEntry({ rows: [forged], note: "intrusion", ...log.entryOptions() }));
    expect(errorsOf(log.verifySealed())).toEqual(["BAD_SEAL"]);
    log.checkpoint();
    expect(codes(log.verifySealed())).toEqual({ errors: [], warnings: ["INCIDENT", "UNWITNESSED"] });
  });
});

describe("a verification with options", () => {
  it("is not proven without a required witness", () => {
    const log = logOf(3);
    log.checkpoint();
    expect(log.verifySealed({ requireWitness: true }).verdict).toBe("not proven");
    log.cosignedCheckpoint();
    expect(log.verifySealed({ requireWitness: true, witnesses })).toMatchObject({
      verdict: "intact",
      grade: "tamper-evident",
      witnessed: [{ name: "witness.example/w1", size: 3, time: log.time }],
    });
  });

  it("is not proven if unwitnessed for 15 minutes", () => {
    const log = logOf(3);
    log.cosignedCheckpoint();
    log.append();
    log.checkpoint();
    const options = { requireWitness: true, witnesses };
    expect(log.verifySealed({ ...options, now: log.nowMs + 14 * 60_000 }).verdict).toBe("intact");
    const late = log.verifySealed({ ...options, now: log.nowMs + 16 * 60_000 });
    expect(late).toMatchObject({ verdict: "not proven", warnings: [{ code: "UNWITNESSED", first: [{ seq: 3 }] }] });
  });

  it("is not proven with a warning if strict", () => {
    const log = logOf(3);
    log.cosignedCheckpoint();
    const verify = (seal: boolean) => {
      const verifier = createVerifier({
        notes: log.notes,
        keys: seal ? log.keys : publicOnly(log.keys),
        witnesses,
        now: log.nowMs,
        strict: true,
      });
      verifier.add("FOREIGN_OBJECT", { text: "table books" });
      for (const row of log.rows) if (row.seq === 0) verifier.manifest(row, new Uint8Array(16));
      for (const row of log.rows) verifier.row(row);
      return verifier.finish();
    };
    expect(verify(true)).toMatchObject({ verdict: "intact", warnings: [{ code: "FOREIGN_OBJECT" }] });
    expect(verify(false).verdict).toBe("not proven");
  });

  it("trusts only the given keys", () => {
    const log = logOf(3);
    log.checkpoint();
    const other = parseVkey(vkeyOf(newKeys("x", log.random), 1));
    expect(errorsOf(log.verifySealed({ vkeys: [other] }))).toEqual(["BAD_CHECKPOINT", "NO_CHECKPOINT"]);
    expect(errorsOf(log.verifySealed({ vkeys: [parseVkey(vkeyOf(log.keys, 1))] }))).toEqual([]);
  });

  it("warns about a key from the checked file", () => {
    const log = logOf(3);
    log.checkpoint();
    const options = { keys: { name: "", sub: [], retired: [] }, vkeys: [parseVkey(vkeyOf(log.keys, 1))], selfAttested: true };
    expect(codes(log.verify(options)).warnings).toContain("SELF_ATTESTED");
  });
});

describe("a partial verification", () => {
  function startingAt(log: MemoryLog, size: number) {
    return {
      size,
      note: log.notes.find((note) => note.size === size)!.note,
      frontier: frontierOf(log.rows.slice(0, size)).toBytes(),
      seal: log.rows[size - 1]!.seal,
    };
  }

  it("checks entries after a checkpoint and says so", () => {
    const log = logOf(5);
    log.checkpoint();
    log.append({ actor: { kind: "user", id: "ada" } });
    log.erase(slots([1, 2], [1, 5]));
    log.checkpoint();
    const since = startingAt(log, 5);
    expect(log.verifySealed({ since })).toMatchObject({ verdict: "intact", partial: true, entries: 7, signedTo: 7, erased: 1 });
    log.rows[1]!.head = Buffer.from("{}");
    expect(log.verifySealed({ since }).verdict).toBe("intact");
    log.rows[6]!.seal = Buffer.alloc(16);
    expect(log.verifySealed({ since })).toMatchObject({ firstBad: 6 });
  });

  it("refuses to start at an unsigned tree", () => {
    const log = logOf(5);
    log.checkpoint();
    log.append();
    const since = startingAt(log, 5);
    const wrong = { ...since, frontier: frontierOf(log.rows.slice(1, 6)).toBytes() };
    expect(() => log.verifySealed({ since: wrong })).toThrow(expect.objectContaining({ code: "UNTRUSTED_NOTE" }));
    const unsigned = {
      ...since,
      note: signNote(`${String(since.note).split("\n\n")[0]}\n`, [{ name: log.origin, key: newKeys("x", log.random).sign! }]),
    };
    expect(() => log.verifySealed({ since: unsigned, notes: [] })).toThrow(expect.objectContaining({ code: "UNTRUSTED_NOTE" }));
  });
});

describe("two signed checkpoints of one size", () => {
  it("are a FORK and are compared separately", () => {
    const log = logOf(5);
    const other = new MemoryLog();
    while (other.rows.length < 5) other.append();
    log.checkpoint();
    const report = log.verify({ notes: [...log.notes, { note: other.sign(5), source: "anchor", name: "anchors/checkpoint" }] });
    expect(errorsOf(report)).toEqual(["FORK", "ROOT_MISMATCH"]);
    expect(report.signedTo).toBe(5);
    expect(texts(report, "ROOT_MISMATCH")[0]).toContain("anchors/checkpoint");
  });
});

describe("a row with malformed entry bytes", () => {
  it("is a BAD_ENTRY", () => {
    const log = logOf(5);
    log.checkpoint();
    log.rows[3]!.entry = log.rows[3]!.entry.subarray(0, -1);
    expect(log.verify()).toMatchObject({ firstBad: 3, findings: [{ code: "ROOT_MISMATCH" }, { code: "BAD_ENTRY", count: 1 }] });
  });
});

describe("rows out of order", () => {
  it("are refused as a caller's mistake", () => {
    const log = logOf(3);
    const verifier = createVerifier({ notes: [], now: 0 });
    verifier.row(log.rows[1]!);
    expect(() => verifier.row(log.rows[0]!)).toThrow(expect.objectContaining({ code: "BAD_SIZE" }));
    expect(() => verifier.manifest(log.rows[0]!, undefined)).toThrow(expect.objectContaining({ code: "BAD_SIZE" }));
  });
});
