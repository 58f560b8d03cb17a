import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY, type FoundPart, type HoldScope, type PartRole, planErasure } from "../src/index.ts";

const ADA = "1.aaaa";
const BOB = "1.bbbb";
const part = (seq: number, entryClass: number, role: PartRole, at = 1): FoundPart => ({
  seq,
  part: at,
  class: entryClass,
  role,
  subs: role === "context" ? [ADA, BOB] : [ADA],
  time: "2026-11-20T16:02:11.480Z",
});
const plan = (found: readonly FoundPart[], holds: readonly HoldScope[] = []) => {
  const { erase, keep, gone } = planErasure(found, DEFAULT_POLICY, holds);
  return {
    erase: erase.map(({ seq, part: at }) => `${at}/${seq}`),
    keep: keep.map(({ seq, part: at, ground, until }) => [`${at}/${seq}`, ground, until]),
    gone: gone.toJson(),
  };
};

describe("a request to erase a person", () => {
  it.each<[number, PartRole, "erase" | string]>([
    [1, "actor", "erase"],
    [1, "subject", "erase"],
    [2, "actor", "17(1)(a)"],
    [2, "target", "erase"],
    [3, "actor", "17(1)(a)"],
    [3, "subject", "erase"],
    [4, "actor", "17(3)(e)"],
    [4, "subject", "17(3)(e)"],
    [5, "actor", "17(3)(b)"],
    [5, "target", "erase"],
    [6, "actor", "erase"],
    [7, "actor", "17(1)(a)"],
    [7, "target", "erase"],
    [8, "actor", "17(3)(b)"],
    [64, "actor", "erase"],
  ])("in class %i as %s: %s", (entryClass, role, outcome) => {
    const { erase, keep } = plan([part(9, entryClass, role)]);
    if (outcome === "erase") expect({ erase, keep }).toEqual({ erase: ["1/9"], keep: [] });
    else expect({ erase, keep: keep.map(([slot, ground]) => [slot, ground]) }).toEqual({ erase: [], keep: [["1/9", outcome]] });
  });

  it("dates the end of kept parts except consents", () => {
    expect(plan([part(9, 2, "actor"), part(10, 4, "actor")]).keep).toEqual([
      ["1/9", "17(1)(a)", "2027-11-20"],
      ["1/10", "17(3)(e)", undefined],
    ]);
  });

  it("erases the context part with the first erased person", () => {
    const gone = [part(4, 3, "context", 3), part(4, 3, "target", 2)];
    const stays = [part(5, 3, "actor"), part(5, 3, "context", 3)];
    expect(plan([...gone, ...stays])).toEqual({
      erase: ["2/4", "3/4"],
      keep: [
        ["1/5", "17(1)(a)", "2027-11-20"],
        ["3/5", "17(1)(a)", "2027-11-20"],
      ],
      gone: { 2: [4], 3: [4] },
    });
  });

  it("never erases a list of slots", () => {
    expect(plan([part(7, 8, "context", 1)]).erase).toEqual([]);
  });
});

describe("a hold", () => {
  const ground = "17(3)(e)";
  it.each<[string, HoldScope, readonly string[]]>([
    ["of a person", { sub: ADA, ground }, []],
    ["of another person", { sub: BOB, ground }, ["1/1", "1/2", "1/3"]],
    ["of a class", { class: 6, ground }, ["1/3"]],
    ["of a range", { fromSeq: 2, toSeq: 2, ground }, ["1/1", "1/3"]],
    ["of everything", { ground }, []],
  ])("%s keeps exactly the parts in its scope", (_, hold, erased) => {
    const result = plan([part(1, 6, "actor"), part(2, 6, "actor"), part(3, 1, "actor")], [hold]);
    expect(result.erase).toEqual(erased);
    expect(result.keep.every(([, reason, until]) => reason === ground && until === undefined)).toBe(true);
  });

  it("of one person keeps a shared context part", () => {
    expect(plan([part(4, 6, "subject", 2), part(4, 6, "context", 3)], [{ sub: BOB, ground }])).toMatchObject({
      erase: ["2/4"],
      keep: [["3/4", ground, undefined]],
    });
  });
});
