import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../src/json.ts";
import { snapshot } from "../src/minimise/payload-snapshot.ts";

const copyOf = (source: object, budget = 48_000) => snapshot(source, budget);

describe("the copy of a payload", () => {
  it("ignores later changes by the caller", () => {
    const source = { tags: ["a"], at: new Date("2026-11-24T12:00:00.000Z") };
    const { value, changed } = copyOf(source);
    source.tags.push("b");
    expect({ value, changed }).toEqual({ value: { tags: ["a"], at: "2026-11-24T12:00:00.000Z" }, changed: false });
  });

  it("leaves out the values JSON leaves out", () => {
    expect(copyOf({ a: undefined, b: () => 1, c: Symbol("c"), d: [undefined, 1] }).value).toEqual({ d: [null, 1] });
  });

  it("keeps `__proto__` as an ordinary key", () => {
    const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":"x"}') as object;
    const { value } = copyOf(hostile);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"constructor":1,"toString":"x"}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it("replaces values it cannot hold by markers", () => {
    const cycle: Record<string, unknown> = { name: "ring" };
    cycle.self = cycle;
    const { value, changed } = copyOf({
      cycle,
      big: 12345678901234567890n,
      nan: Number.NaN,
      infinite: -Infinity,
      get broken(): unknown {
        throw new Error("no");
      },
      surrogate: "half \ud83d pair",
      map: new Map([["a", 1]]),
    });
    expect({ value, changed }).toEqual({
      value: {
        cycle: { name: "ring", self: "[circular]" },
        big: "12345678901234567890",
        nan: "NaN",
        infinite: "-Infinity",
        broken: "[unreadable]",
        surrogate: "half \ufffd pair",
        map: {},
      },
      changed: true,
    });
  });

  it("keeps fields after an unreadable one", () => {
    const inner = { fine: 1 };
    const bad = {
      inner,
      toJSON() {
        throw new Error("no");
      },
    };
    expect(copyOf({ list: [[bad]], bad, inner }).value).toEqual({ list: "[unreadable]", bad: "[unreadable]", inner: { fine: 1 } });
  });

  it("is cut at 16 levels", () => {
    let deep: object = { bottom: true };
    for (let i = 0; i < 100; i++) deep = { deep };
    const { value, changed } = copyOf(deep);
    expect(changed).toBe(true);
    expect(JSON.stringify(value)).toBe(`${'{"deep":'.repeat(16)}"[too deep]"${"}".repeat(16)}`);
  });

  it("survives deep nesting and a recursive toJSON", () => {
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const own = {
      toJSON() {
        return own;
      },
    };
    const endless = { toJSON: () => ({ toJSON: endless.toJSON }) };
    expect(copyOf({ deep, own, endless }).changed).toBe(true);
  });

  it("keeps a 10 MB text within the budget", () => {
    const { value, bytes } = copyOf({ text: "x".repeat(10_000_000), after: "y" });
    expect((value.text as string).length).toBe(8_192);
    expect(value.after).toBe("y");
    expect(bytes).toBeLessThan(48_000);
  });

  it("keeps a million keys within the budget", () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i]));
    const { value, changed } = copyOf(wide);
    expect(changed).toBe(true);
    expect(Object.keys(value).length).toBeLessThanOrEqual(1_000);
  });

  it("masks secrets in sentences, not identifiers", () => {
    const { value, masked } = copyOf({ note: "mail ada@example.com about it", id: "ada@example.com" });
    expect({ value, masked }).toEqual({ value: { note: "mail [mail] about it", id: "ada@example.com" }, masked: 1 });
  });

  it("is JSON within the budget for any input", () => {
    fc.assert(
      fc.property(
        fc.object({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withSparseArray: true,
          withTypedArray: true,
        }),
        fc.constantFrom(100, 1_000, 5_500),
        (source, budget) => {
          const { value } = snapshot(source, budget);
          const text = JSON.stringify(value);
          expect(text.isWellFormed()).toBe(true);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(budget + 64);
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)) as JsonObject);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("equals the JSON copy of small plain data", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 4 })), (source) => {
        fc.pre(JSON.stringify(source).length < 4_000);
        const { value, changed } = snapshot(source, 48_000);
        fc.pre(!changed);
        expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(source)));
      }),
      { numRuns: 300 },
    );
  });
});
