import { canonicalText } from "@daybook/ledger";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headFields } from "../src/buckets/head-fields.ts";

/** Texts that try to look like the end of one field and the begin of another. */
const hostile = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    '","type":"x',
    '"type":"x"',
    "\\",
    '\\"',
    '{"action":"x"}',
    '","outcome":"denied',
    "\n",
    "\u2028",
    "route",
    '"route":"/x"',
  ),
);
const word = fc.constantFrom("book.lent", "error", "query", "info", "success");
const details = fc.dictionary(
  fc.oneof(fc.constantFrom("type", "action", "id", "ts", "route", "outcome", "severity"), hostile),
  fc.jsonValue(),
);

const head = fc.record(
  {
    action: word,
    actor_kind: word,
    details,
    error_code: word,
    id: fc.uuid(),
    instance: word,
    method: fc.constantFrom("GET", "POST"),
    outcome: word,
    purpose: word,
    reason: word,
    resource_id: hostile,
    resource_type: word,
    route: hostile.map((text) => `/${text}`),
    service: word,
    severity: word,
    status: fc.integer({ min: 100, max: 599 }),
    ts: fc.constantFrom("2026-11-24T09:00:00.000Z", "2026-12-01T23:59:59.999Z"),
    type: word,
  },
  { requiredKeys: ["action", "id", "outcome", "severity", "ts", "type"] },
);

describe("the fields of a head", () => {
  it("are those of its JSON, whatever its other texts contain", () => {
    fc.assert(
      fc.property(head, (value) => {
        const text = canonicalText(value);
        const { id, ts, type, action, severity, outcome, route } = JSON.parse(text);
        expect(headFields(text)).toEqual({ id, ts, type, action, severity, outcome, route });
      }),
      { numRuns: 5_000 },
    );
  });

  it("are read from JSON that is not canonical", () => {
    const fields = { type: "query", ts: "t", severity: "info", outcome: "success", id: "1", action: "a.b" };
    expect(headFields(JSON.stringify(fields))).toEqual({ ...fields, route: undefined });
    expect(() => headFields("{")).toThrow(SyntaxError);
  });
});
