import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { canonicalText, isPlainObject } from "../src/encoding/canonical-json.ts";
import { scanCanonical } from "../src/encoding/canonical-scan.ts";

/** What the scan must agree with. */
function isCanonicalByDefinition(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString();
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) && canonicalText(value) === text && Buffer.from(text).equals(bytes);
  } catch {
    // Not JSON, or without a canonical form: either way not canonical.
    return false;
  }
}

const json = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }), { maxKeys: 5 });

describe("a scan of bytes", () => {
  test.prop([json])("takes every canonical text", (value) => {
    const wellFormed = JSON.parse(JSON.stringify(value), (_, item) => (typeof item === "string" ? item.toWellFormed() : item));
    fc.pre(Object.keys(wellFormed).every((key) => key.isWellFormed()) && JSON.stringify(wellFormed).isWellFormed());
    let text: string;
    try {
      text = canonicalText(wellFormed);
    } catch {
      // Half a character in a key further down.
      return;
    }
    expect(scanCanonical(Buffer.from(text))).toBeDefined();
  });

  test.prop(
    [
      json,
      fc.array(
        fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(...Buffer.from(` "\\{}[],:0123-+.eEutfn\u0000\u001f`)), fc.nat(255)), fc.nat(2)),
        { maxLength: 3 },
      ),
    ],
    {
      numRuns: 1_000,
    },
  )("agrees with parsing and writing again", (value, changes) => {
    let bytes = Buffer.from(JSON.stringify(value));
    for (const [place, byte, kind] of changes) {
      const i = place % (bytes.length + 1);
      const middle = kind === 0 ? [byte] : kind === 1 ? [] : [byte];
      bytes = Buffer.concat([bytes.subarray(0, i), Uint8Array.from(middle), bytes.subarray(i + (kind === 2 ? 0 : 1))]);
    }
    expect(scanCanonical(bytes) !== undefined).toBe(isCanonicalByDefinition(bytes));
  });

  test.prop([fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0019aebf-+. '), maxLength: 12 })], { numRuns: 1_000 })(
    "agrees on any text of JSON's characters",
    (text) => {
      for (const bytes of [Buffer.from(`{${text}}`), Buffer.from(`{"a":${text}}`), Buffer.from(`{"${text}":1}`)]) {
        expect(scanCanonical(bytes) !== undefined, bytes.toString()).toBe(isCanonicalByDefinition(bytes));
      }
    },
  );

  it.each([
    "",
    "{",
    "[]",
    "1",
    "null",
    "{} ",
    ` {}`,
    `{"a":1,}`,
    `{"a":01}`,
    `{"a":-0}`,
    `{"a":1.0}`,
    `{"a":1E5}`,
    `{"a":1e400}`,
    `{"a":12345678901234567890}`,
    `{"a":"\\/"}`,
    `{"a":"\\u0041"}`,
    `{"a":"\\u001F"}`,
    `{"a":"\\u0008"}`,
    `{"a":"\\ud800"}`,
    `{"a":"\n"}`,
    `{"b":1,"a":2}`,
    `{"a":1,"a":1}`,
    `{"a":tru}`,
    `{"a":[1,]}`,
    `{"\uFB33":1,"\u{1F600}":2}`,
    "{".repeat(40),
  ])("refuses %s", (text) => expect(scanCanonical(Buffer.from(text))).toBeUndefined());

  it.each([`{"a":"\xff"}`, `{"a":"\xc3"}`, `{"a":"\xed\xa0\x80"}`, `{"a":"\xc0\x80"}`])("refuses bytes that are not UTF-8: %j", (text) => {
    expect(scanCanonical(Buffer.from(text, "latin1"))).toBeUndefined();
  });

  it.each([
    `{}`,
    `{"a":0,"b":-1.5,"c":1e+21,"d":123456789012345680000,"e":[[],{}],"f":"\\u0000\\b\u007f"}`,
    `{"\u{1F600}":1,"\uFB33":2}`,
    `{"":{},"10":1,"9":2,"a":true,"b":false,"c":null}`,
  ])("takes %s", (text) => expect(scanCanonical(Buffer.from(text))).toEqual({}));

  it("takes 32 levels and no more", () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    expect(scanCanonical(Buffer.from(nested(32)))).toEqual({});
    expect(scanCanonical(Buffer.from(nested(33)))).toBeUndefined();
  });

  it("gives the labels of the object itself, decoded", () => {
    const text = canonicalText({ tenant: 'Bücher "AG"', sub: "1.ab", ts: "2026", late: "2027", about: { sub: "no" }, ip: "x" });
    expect(scanCanonical(Buffer.from(text))).toEqual({ tenant: 'Bücher "AG"', sub: "1.ab", ts: "2026", late: "2027" });
    expect(scanCanonical(Buffer.from(`{"sub":7,"ts":null}`))).toEqual({});
  });

  it("reads a view of other bytes", () => {
    expect(scanCanonical(Buffer.from(`xx{"sub":"a"}yy`).subarray(2, -2))).toEqual({ sub: "a" });
    expect(scanCanonical(new Uint8Array(Buffer.from(`{"n":1.5}`)))).toEqual({});
  });
});
