import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../src/query/event-filter.ts";
import { matchesFilter } from "../src/query/event-match.ts";
import { pageOptions } from "../src/query/page-options.ts";

const event: StoredEvent = {
  seq: 7,
  state: "full",
  id: "0193a2b4-0000-7000-8000-000000000000",
  time: "2026-11-24T12:00:00.000Z",
  type: "access_control",
  action: "permission.denied",
  severity: "warning",
  outcome: "denied",
  actor: { kind: "user", id: "ada" },
  subjects: [{ id: "bob", role: "target" }],
  tenant: "north",
  request: { id: "r-1", route: "/books/:id" },
};

describe("an event", () => {
  it.each([
    [{}, true],
    [{ type: "access_control" }, true],
    [{ type: ["error", "access_control"], severity: "warning" }, true],
    [{ type: [] }, false],
    [{ user: "bob" }, true],
    [{ actor: "bob" }, false],
    [{ actor: "ada", outcome: "denied" }, true],
    [{ requestId: "r-1", route: "/books/:id", tenant: "north" }, true],
    [{ route: "/books" }, false],
    [{ since: Date.parse("2026-11-24T12:00:00.000Z") }, true],
    [{ until: Date.parse("2026-11-24T12:00:00.000Z") }, false],
    [{ after: 6 }, true],
    [{ after: 7 }, false],
  ] as const)("under the filter %j: %s", (filter, expected) => {
    expect(matchesFilter(event, filter)).toBe(expected);
  });

  it("without a time is outside every period", () => {
    expect(matchesFilter({ seq: 1, state: "empty" }, { since: 0 })).toBe(false);
    expect(matchesFilter({ seq: 1, state: "empty" }, { until: 9e15 })).toBe(false);
  });
});

describe("the options of a page", () => {
  it("have defaults", () => {
    expect(pageOptions({})).toEqual({ limit: 100, order: "newest", from: undefined });
  });

  it.each([
    { limit: 0 },
    { limit: 1.5 },
    { limit: 1001 },
    { order: "up" },
    { cursor: "x" },
    { cursor: "-1" },
    { cursor: "" },
    { cursor: "9".repeat(16) },
  ])("refuse %j", (options) => {
    expect(() => pageOptions(options as never)).toThrow(expect.objectContaining({ code: "BAD_FILTER" }));
  });
});
