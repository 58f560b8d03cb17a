import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClassPolicy, partCount, SlotSet } from "../src/index.ts";
import { blank, codes, DAY_MS, MemoryLog, type Row, verifyRows } from "./support/memory-log.ts";

const DAYS = 30;
const policy: Readonly<Record<string, ClassPolicy>> = Object.fromEntries(
  [1, 2, 3, 6, 7].map((n) => [n, { persons_days: DAYS, heads_days: 2 * DAYS, actor: "erase", others: "erase" }]),
);

type Step =
  | { readonly do: "append"; readonly type: string; readonly persons: number; readonly details: boolean }
  | { readonly do: "wait"; readonly days: number }
  | { readonly do: "erase"; readonly picks: readonly number[] }
  | { readonly do: "expire"; readonly class: number; readonly keep: readonly number[] }
  | { readonly do: "checkpoint" }
  | { readonly do: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      type: fc.constantFrom("error", "access_control", "admin_action", "query", "authentication", "endpoint"),
      persons: fc.nat(3),
      details: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), days: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("erase" as const), picks: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("expire" as const),
      class: fc.constantFrom(1, 2, 3, 6, 7),
      keep: fc.array(fc.nat(), { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

/** A log after an honest history: retention keeps its periods, exemptions last, and a checkpoint is the end. */
function logAfter(steps: readonly Step[]): { readonly log: MemoryLog; readonly erased: number; readonly expired: number } {
  const log = new MemoryLog({ policy });
  const marks = new Map<number, { persons: number; heads: number; keep: SlotSet }>();
  let erased = 0;
  let expired = 0;
  log.checkpoint();
  for (const one of steps) {
    switch (one.do) {
      case "append": {
        const [actor, ...subjects] = Array.from({ length: one.persons }, (_, i) => ({
          id: `person-${(log.rows.length * 7 + i) % 11}-${i}`,
        }));
        log.append({
          type: one.type,
          actor: { kind: actor === undefined ? "system" : "user", ...actor },
          subjects,
          ...(one.details ? { data: { n: log.rows.length, note: "Bücher" } } : {}),
        });
        break;
      }
      case "wait":
        log.nowMs += one.days * DAY_MS;
        break;
      case "erase": {
        const slots = presentSlots(log.rows).filter(({ part }) => part > 0);
        const gone = new SlotSet();
        for (const pick of slots.length === 0 ? [] : one.picks) {
          const { part, seq } = slots[pick % slots.length]!;
          const keep = marks.get(log.rows[seq]!.entry[4]!)?.keep;
          if (keep?.has(part, seq)) continue;
          gone.add(part, seq);
        }
        if (gone.size > 0) log.erase(gone);
        erased += gone.size;
        break;
      }
      case "expire": {
        const before = marks.get(one.class) ?? { persons: 0, heads: 0, keep: new SlotSet() };
        const persons = Math.max(before.persons, firstYounger(log, DAYS));
        const heads = Math.max(before.heads, firstYounger(log, 2 * DAYS));
        const candidates = presentSlots(log.rows).filter(
          ({ seq, part }) => log.rows[seq]!.entry[4] === one.class && seq < (part === 0 ? heads : persons),
        );
        const keep = new SlotSet();
        // A slot exempted before stays exempted or is removed now.
        for (const pick of candidates.length === 0 ? [] : one.keep) {
          const { part, seq } = candidates[pick % candidates.length]!;
          keep.add(part, seq);
        }
        log.expire(one.class, persons, heads, keep);
        marks.set(one.class, { persons, heads, keep });
        expired += candidates.filter(({ part, seq }) => !keep.has(part, seq)).length;
        break;
      }
      case "checkpoint":
        if (log.notes.at(-1)?.size !== log.rows.length) log.checkpoint();
        break;
      case "restart":
        log.restart();
    }
  }
  if (log.notes.at(-1)?.size !== log.rows.length) log.checkpoint();
  return { log, erased, expired };
}

function presentSlots(rows: readonly Row[]): { seq: number; part: number }[] {
  return rows
    .filter(({ entry }) => entry[4] !== 8)
    .flatMap(({ seq, head, person, others }) => [
      ...(head === null ? [] : [{ seq, part: 0 }]),
      ...(person === null ? [] : [{ seq, part: 1 }]),
      ...others.map(({ part }) => ({ seq, part })),
    ]);
}

function firstYounger(log: MemoryLog, days: number): number {
  const limit = new Date(log.nowMs - days * DAY_MS).toISOString();
  const younger = log.rows.find(({ head }) => head !== null && JSON.parse(Buffer.from(head).toString()).ts > limit);
  return younger?.seq ?? log.rows.length;
}

interface StoredBytes {
  readonly place: string;
  readonly bytes: Uint8Array;
  readonly replace: (copy: MemoryLog, changed: Uint8Array) => void;
}

/** Every stored byte string but the seals. */
function storedBytes(log: MemoryLog): StoredBytes[] {
  const places: StoredBytes[] = [];
  const add = (place: string, bytes: Uint8Array | null, replace: StoredBytes["replace"]) => {
    if (bytes !== null) places.push({ place, bytes, replace });
  };
  for (const [i, row] of log.rows.entries()) {
    for (const column of ["entry", "salt0", "head", "salt1", "person"] as const) {
      add(`${column} of ${i}`, row[column], (copy, changed) => {
        copy.rows[i]![column] = changed;
      });
    }
    for (const [k, other] of row.others.entries()) {
      for (const column of ["salt", "data"] as const) {
        add(`${column} of part ${other.part} of ${i}`, other[column], (copy, changed) => {
          copy.rows[i]!.others[k]![column] = changed;
        });
      }
    }
  }
  for (const [i, given] of log.notes.entries()) {
    add(`note ${i}`, Buffer.from(given.note), (copy, note) => {
      copy.notes[i] = { ...given, note };
    });
  }
  return places;
}

function withChangedByte(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = changed[at]! ^ mask;
  return changed;
}

const histories = fc.array(step, { minLength: 1, maxLength: 40 });

describe("any honest history", () => {
  it("verifies clean and counts the gone parts", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const { log, erased, expired } = logAfter(steps);
        for (const report of [log.verify(), log.verifySealed()]) {
          expect({ errors: report.findings, verdict: report.verdict }).toEqual({ errors: [], verdict: "intact" });
          expect(report).toMatchObject({ entries: log.rows.length, signedTo: log.rows.length, firstBad: null });
          expect(report.erased + report.expired).toBe(erased + expired);
        }
        expect(codes(log.verifySealed()).warnings.filter((code) => code !== "EXPIRY_UNPROVEN")).toEqual(["UNWITNESSED"]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a change of one byte below a checkpoint", () => {
  it("is found in any history", () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (steps, pick, offset, mask) => {
        const { log } = logAfter(steps);
        const places = storedBytes(log);
        const { bytes, replace } = places[pick % places.length]!;
        const copy = log.copy();
        replace(copy, withChangedByte(bytes, offset % bytes.length, mask));
        expect(copy.verify().verdict).toBe("tampered");
      }),
      { numRuns: 150 },
    );
  });

  it("is found at every byte of a small log", () => {
    const { log } = logAfter([
      { do: "append", type: "admin_action", persons: 2, details: true },
      { do: "erase", picks: [1] },
    ]);
    const missed: string[] = [];
    for (const { bytes, place, replace } of storedBytes(log)) {
      for (let at = 0; at < bytes.length; at++) {
        const copy = log.copy();
        replace(copy, withChangedByte(bytes, at, 1));
        if (copy.verify().verdict !== "tampered") missed.push(`${place}, byte ${at}`);
      }
    }
    for (const { seq, seal } of log.rows) {
      for (let at = 0; at < seal.length; at++) {
        const copy = log.copy();
        copy.rows[seq]!.seal = withChangedByte(seal, at, 1);
        if (copy.verifySealed().firstBad !== seq) missed.push(`seal of ${seq}, byte ${at}`);
      }
    }
    expect(missed).toEqual([]);
  });
});

describe("a part removed from any history", () => {
  it("is an unexplained loss", () => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, pick) => {
        const { log } = logAfter(steps);
        const slots = presentSlots(log.rows);
        fc.pre(slots.length > 0);
        const { seq, part } = slots[pick % slots.length]!;
        blank(log.rows[seq]!, part);
        const report = log.verify();
        expect(report).toMatchObject({ firstBad: seq, findings: [{ code: "UNEXPLAINED_LOSS", count: 1, first: [{ seq, part }] }] });
      }),
      { numRuns: 60 },
    );
  });
});

describe("a part put back into any history", () => {
  it("is resurrected", () => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, pick) => {
        const { log } = logAfter(steps);
        const missing = log.rows.flatMap((row) =>
          Array.from({ length: partCount(row.entry) }, (_, part) => ({ seq: row.seq, part })).filter(
            ({ part }) => !presentSlots([row]).some((slot) => slot.part === part) && row.entry[4] !== 8,
          ),
        );
        fc.pre(missing.length > 0);
        const { seq, part } = missing[pick % missing.length]!;
        const row = log.rows[seq]!;
        // These are other bytes than the erased ones; bytes that open would be a violation too.
        const stray = { salt: Buffer.alloc(32), data: Buffer.from("{}") };
        if (part === 0) [row.salt0, row.head] = [stray.salt, stray.data];
        else row.others.push({ part, ...stray });
        expect(codes(verifyRows(log.rows, { notes: log.notes, keys: log.keys, now: log.nowMs })).errors).toEqual([
          "ALTERED",
          "RESURRECTED",
        ]);
      }),
      { numRuns: 100 },
    );
  });
});
