import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../src/json.ts";
import { snapshot } from "../src/minimise/payload-snapshot.ts";

const copyOf = (source: object, budget = 48_000) => snapshot(source, budget);

describe("the copy of a payload", () => {
  it("does not change when the caller goes on changing the object", () => {
    const source = { tags: ["a"], at: new Date("2026-11-24T12:00:00.000Z") };
    const { value, changed } = copyOf(source);
    source.tags.push("b");
    expect({ value, changed }).toEqual({ value: { tags: ["a"], at: "2026-11-24T12:00:00.000Z" }, changed: false });
  });

  it("leaves out what JSON leaves out", () => {
    expect(copyOf({ a: undefined, b: () => 1, c: Symbol("c"), d: [undefined, 1] }).value).toEqual({ d: [null, 1] });
  });

  it("keeps a `__proto__` key as an ordinary key and changes no prototype", () => {
    const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":"x"}') as object;
    const { value } = copyOf(hostile);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"constructor":1,"toString":"x"}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it("marks what it cannot hold, and says so", () => {
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

  it("is not confused by an unreadable part about what comes after it", () => {
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

  it("survives a hundred thousand levels and a toJSON that answers itself", () => {
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

  it("masks secrets in sentences and leaves identifiers alone", () => {
    const { value, masked } = copyOf({ note: "mail ada@example.com about it", id: "ada@example.com" });
    expect({ value, masked }).toEqual({ value: { note: "mail [mail] about it", id: "ada@example.com" }, masked: 1 });
  });

  it("is always JSON text of at most the budget, whatever goes in", () => {
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

  it("equals the JSON copy of plain data that fits", () => {
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
