import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { SlotSet, spreadSlots } from "../src/index.ts";

const ranges = fc.array(fc.tuple(fc.nat(3), fc.nat(200), fc.nat(12)), { maxLength: 60 });

function both(list: readonly (readonly [number, number, number])[]) {
  const set = new SlotSet();
  const model = new Set<string>();
  for (const [part, from, length] of list) {
    set.add(part, from, from + length);
    for (let seq = from; seq <= from + length; seq++) model.add(`${part}/${seq}`);
  }
  return { set, model };
}

describe("a set of slots", () => {
  test.prop([ranges])("contains the added slots, each once", (list) => {
    const { set, model } = both(list);
    const held: string[] = [];
    for (let part = 0; part < 4; part++) for (let seq = 0; seq < 220; seq++) if (set.has(part, seq)) held.push(`${part}/${seq}`);
    expect(new Set(held)).toEqual(model);
    expect(set.size).toBe(model.size);
  });

  test.prop([ranges, fc.array(fc.tuple(fc.nat(3), fc.nat(220)))])("finds slots in any order of look-ups", (list, questions) => {
    const { set, model } = both(list);
    for (const [part, seq] of questions) expect(set.has(part, seq)).toBe(model.has(`${part}/${seq}`));
  });

  test.prop([ranges])("is written in the fewest items and parsed back", (list) => {
    const { set } = both(list);
    for (const part of set.parts()) {
      let last = -2;
      for (const [from, to] of set.ranges(part)) {
        expect(from).toBeGreaterThan(last + 1);
        expect(to).toBeGreaterThanOrEqual(from);
        last = to;
      }
    }
    const again = SlotSet.fromJson(JSON.parse(JSON.stringify(set.toJson())), 1_000);
    expect(again.toJson()).toEqual(set.toJson());
    expect(again.size).toBe(set.size);
  });

  test.prop([ranges, ranges])("overlaps a set that shares a slot", (a, b) => {
    const [x, y] = [both(a), both(b)];
    expect(x.set.overlaps(y.set)).toBe([...y.model].some((slot) => x.model.has(slot)));
  });

  test.prop([ranges])("loses nothing when it is spread", (list) => {
    const { set } = both(list);
    const spread = spreadSlots(set, 60);
    const joined = new SlotSet();
    for (const one of spread) {
      expect(JSON.stringify(one.toJson()).length).toBeLessThan(60);
      joined.addAll(one);
    }
    expect(joined.toJson()).toEqual(set.toJson());
  });

  it("refuses a slot that cannot exist", () => {
    const set = new SlotSet();
    for (const [part, from, to] of [
      [255, 1, 1],
      [-1, 1, 1],
      [0, -1, 0],
      [0, 2, 1],
      [0, 0.5, 1],
    ] as const) {
      expect(() => set.add(part, from, to)).toThrow(expect.objectContaining({ code: "BAD_SIZE" }));
    }
  });
});
