import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { canonicalBytes, canonicalText } from "../src/index.ts";
import { missingVectors, readVector, vectorsIn } from "./support/shared-data.ts";

const refused = expect.objectContaining({ code: "NOT_CANONICAL" });

describe("the published vectors of RFC 8785", () => {
  const missing = missingVectors("jcs");
  const names = vectorsIn("jcs/input").map((path) => path.slice("jcs/input/".length, -".json".length));

  it.skipIf(missing).each(missing ? ["all"] : names)("come out byte for byte: %s", (name) => {
    const bytes = canonicalBytes(JSON.parse(readVector(`jcs/input/${name}.json`).toString()));
    expect(bytes.toString()).toBe(readVector(`jcs/output/${name}.json`).toString());
    const hex = readVector(`jcs/outhex/${name}.txt`).toString().replaceAll(/\s/g, "");
    expect(bytes.toString("hex")).toBe(hex);
  });

  it.skipIf(missing)("are six", () => expect(names).toHaveLength(6));
});

describe("canonical text", () => {
  it.each<[string, unknown, string]>([
    [
      "sorts keys by UTF-16 code units, not by code points",
      { "\u{1F600}": 1, "\uFB33": 2, é: 3, z: 4 },
      '{"z":4,"é":3,"\u{1F600}":1,"\uFB33":2}',
    ],
    ["sorts integer-like keys as text", { 10: 1, 9: 2, a: 3 }, '{"10":1,"9":2,"a":3}'],
    ["keeps __proto__ as a key", JSON.parse('{"b":1,"__proto__":{"a":2}}'), '{"__proto__":{"a":2},"b":1}'],
    ["keeps a toJSON that is no function", { toJSON: 1, a: 2 }, '{"a":2,"toJSON":1}'],
    ["writes minus zero as zero", [-0, { b: -0, a: -0 }], '[0,{"a":0,"b":0}]'],
    ["writes numbers as ECMAScript does", { b: [1e21, 1e-7, 4.5, 1e300], a: 1 }, '{"a":1,"b":[1e+21,1e-7,4.5,1e+300]}'],
    ["leaves undefined properties out", { b: undefined, a: 1, c: { d: undefined } }, '{"a":1,"c":{}}'],
    [
      "escapes what JSON must escape and nothing else",
      { b: '\u0000"\\\u001f\u007f\u2028/', a: "é" },
      '{"a":"é","b":"\\u0000\\"\\\\\\u001f\u007f\u2028/"}',
    ],
    ["takes objects without a prototype", Object.assign(Object.create(null), { b: 1, a: 2 }), '{"a":2,"b":1}'],
    ["reads a list item by item, whatever else it answers", Object.assign([1], { toJSON: () => "x" }), "[1]"],
    ["takes any JSON value", null, "null"],
  ])("%s", (_, value, text) => expect(canonicalText(value)).toBe(text));

  it.each<[string, unknown]>([
    ["NaN", Number.NaN],
    ["an infinity", { b: 1, a: Number.NEGATIVE_INFINITY }],
    ["a bigint", { a: 1n }],
    ["a symbol", { a: Symbol("a") }],
    ["a function", { a: () => 1 }],
    ["undefined", undefined],
    ["undefined in a list", [undefined]],
    ["a hole in a list", new Array(1)],
    ["half a character", { a: "\ud800" }],
    ["half a character in a key", { "\udc00": 1 }],
    ["a date", { a: new Date(0) }],
    ["a map", new Map()],
    ["boxed text", { a: new String("a") }],
    ["an object that answers toJSON", { b: 1, toJSON: () => "x" }],
  ])("refuses %s", (_, value) => expect(() => canonicalText(value)).toThrow(refused));

  it("takes 32 levels and no more", () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : levels % 2 === 0 ? [nested(levels - 1)] : { a: nested(levels - 1) });
    expect(canonicalText(nested(32))).toBe(JSON.stringify(nested(32)));
    expect(() => canonicalText(nested(33))).toThrow(refused);
    const endless: { self?: unknown } = {};
    endless.self = endless;
    expect(() => canonicalText(endless)).toThrow(refused);
  });

  it("names the place of a refused value only", () => {
    expect(() => canonicalText({ card: { number: "\ud800 4111" } })).toThrow("`number` is text with a lone surrogate");
  });

  it("does not depend on objects written before", () => {
    const objects = Array.from({ length: 3_000 }, (_, i) => ({ [`b${i % 300}`]: i, a: 1, [`c${i % 11}`]: 2 }));
    for (let time = 0; time < 2; time++) {
      for (const object of objects) {
        const text = canonicalText(object);
        expect(text).toBe(JSON.stringify(Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))));
      }
    }
  });

  const wellFormed = fc.jsonValue({ maxDepth: 8, stringUnit: "grapheme" });

  test.prop([wellFormed])("parses back to the same value", (value) => {
    expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)));
  });

  test.prop([wellFormed])("does not depend on the order of keys", (value) => {
    expect(canonicalText(reversed(value))).toBe(canonicalText(value));
  });

  test.prop([wellFormed])("is its own canonical text", (value) => {
    const text = canonicalText(value);
    expect(canonicalText(JSON.parse(text))).toBe(text);
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const copy: object = {};
  for (const [key, property] of Object.entries(value).reverse()) {
    Object.defineProperty(copy, key, { value: reversed(property), enumerable: true, configurable: true, writable: true });
  }
  return copy;
}
