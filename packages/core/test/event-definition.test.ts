import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BUILT_IN_EVENTS } from "../src/events/built-in-events.ts";
import { Catalogue } from "../src/events/catalogue.ts";
import { defineEvent, headKeysOf } from "../src/events/event-definition.ts";
import { BUILT_IN_TYPES } from "../src/events/event-type.ts";

const problem = (make: () => unknown) => {
  try {
    make();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("defining an event", () => {
  it("fills in defaults", () => {
    const schema = z.object({ pages: z.number() });
    expect(defineEvent({ type: "ingestion", action: "book.uploaded", data: schema })).toEqual({
      type: "ingestion",
      action: "book.uploaded",
      severity: "info",
      outcome: "success",
      schema,
      delivery: "background",
      personal: undefined,
      resourceId: "personal",
      retention: undefined,
      description: undefined,
      onStoreFailure: undefined,
    });
  });

  it.each([
    [{ type: "compliance", action: "review.completed" } as const, "durable"],
    [{ type: "admin_action", action: "user.created" } as const, "durable"],
    [{ type: "suspicious_activity", action: "scan.seen", severity: "critical" } as const, "durable"],
    [{ type: "error", action: "job.failed", severity: "error" } as const, "background"],
    [{ type: "query", action: "search.run", delivery: "durable" } as const, "durable"],
  ])("gives %j delivery %s", (options, delivery) => {
    expect(defineEvent(options).delivery).toBe(delivery);
  });

  it.each([
    [{ type: "Query", action: "a.b" }, "`type`"],
    [{ type: "q", action: "a.b" }, "`type`"],
    [{ type: "query", action: "search" }, "`action`"],
    [{ type: "query", action: "ledger.erasure" }, "`action`"],
    [{ type: "query", action: `a.${"b".repeat(70)}` }, "`action`"],
    [{ type: "query", action: "a.b", severity: "fatal" }, "`severity`"],
    [{ type: "query", action: "a.b", outcome: "ok" }, "`outcome`"],
    [{ type: "query", action: "a.b", data: {} }, "`data`"],
    [{ type: "query", action: "a.b", retention: 2 }, "`retention`"],
    [{ type: "loan", action: "a.b", retention: 5 }, "`retention`"],
    [{ type: "loan", action: "a.b", retention: 63 }, "`retention`"],
    [{ type: "loan", action: "a.b", onStoreFailure: "ignore" }, "`onStoreFailure`"],
  ])("refuses %j, naming %s", (options, field) => {
    expect(problem(() => defineEvent(options as never))).toMatchObject({ code: "BAD_DEFINITION", hint: expect.stringContaining(field) });
  });

  it("freezes the definition", () => {
    const definition = defineEvent({ type: "loan", action: "book.lent", retention: 64 });
    expect(() => Object.assign(definition, { severity: "critical" })).toThrow(TypeError);
  });
});

describe("the payload keys that stay when a person is erased", () => {
  const data = { title: "Dune", reader: { name: "Ada" }, shelf: 3 };

  it("are none without a declaration", () => {
    expect(headKeysOf({ personal: undefined }, data)).toEqual([]);
  });

  it("are those that begin no personal path", () => {
    expect(headKeysOf({ personal: ["reader.name"] }, data)).toEqual(["title", "shelf"]);
  });

  it("are all if the list is empty", () => {
    expect(headKeysOf({ personal: [] }, data)).toEqual(["title", "reader", "shelf"]);
  });
});

describe("a catalogue", () => {
  const lent = defineEvent({ type: "loan", action: "book.lent" });

  it("finds a definition of another copy of the package", () => {
    expect(new Catalogue([lent]).find({ type: "loan", action: "book.lent" })).toBe(lent);
  });

  it("accepts the same definition twice", () => {
    expect(new Catalogue([lent, lent]).all()).toEqual([lent]);
  });

  it("refuses two definitions of one name", () => {
    const other = defineEvent({ type: "loan", action: "book.lent", severity: "warning" });
    expect(problem(() => new Catalogue([lent, other]))).toMatchObject({
      code: "DUPLICATE_DEFINITION",
      hint: expect.stringContaining("loan/book.lent"),
    });
  });
});

describe("the built-in events", () => {
  it("cover every built-in type", () => {
    expect([...new Set<string>(BUILT_IN_EVENTS.map((event) => event.type))].toSorted()).toEqual([...BUILT_IN_TYPES].toSorted());
  });

  it("have unique names and descriptions", () => {
    expect(() => new Catalogue(BUILT_IN_EVENTS)).not.toThrow();
    expect(BUILT_IN_EVENTS.filter((event) => event.description === undefined)).toEqual([]);
  });

  it("declare only existing keys as personal", () => {
    for (const event of BUILT_IN_EVENTS) {
      for (const path of event.personal ?? []) {
        const answer = event.schema!["~standard"].validate({ [path]: Symbol("no payload holds one") });
        expect(answer).not.toBeInstanceOf(Promise);
        const issues = (answer as { issues?: readonly { message: string; path?: readonly unknown[] }[] }).issues ?? [];
        expect(issues.filter((issue) => issue.message === "is not part of this event")).toEqual([]);
      }
    }
  });
});
