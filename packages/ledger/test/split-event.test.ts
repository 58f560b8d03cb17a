import { describe, expect, it } from "vitest";
import {
  canonicalText,
  classOf,
  type LedgerEvent,
  newKeys,
  prepareEntry,
  pseudonymOf,
  type SplitOptions,
  sessionDigest,
  splitEvent,
} from "../src/index.ts";
import { seededRandom } from "./support/memory-log.ts";

const random = seededRandom("split");
const keys = newKeys("example.com/daybook/audit", random);
const sub = (id: string) => pseudonymOf(keys, id);

const EVENT: LedgerEvent = {
  id: "01a2027b-e238-7333-8333-333333333333",
  time: "2026-11-22T09:00:03.000Z",
  type: "access_control",
  action: "book.read",
  severity: "info",
  outcome: "success",
};

/** The parts of an event as objects. Each text must be canonical. */
function split(event: Partial<LedgerEvent>, options: Partial<SplitOptions> = {}) {
  const { class: entryClass, parts } = splitEvent({ ...EVENT, ...event }, { keys, ...options });
  return {
    class: entryClass,
    roles: parts.slice(1).map(({ role }) => role),
    parts: parts.map(({ text }) => {
      expect(canonicalText(JSON.parse(text))).toBe(text);
      return JSON.parse(text) as Record<string, unknown>;
    }),
  };
}

const HEAD = { action: "book.read", id: EVENT.id, outcome: "success", severity: "info", ts: EVENT.time, type: "access_control" };

describe("an event without persons", () => {
  it("has a head only", () => {
    expect(split({ actor: { kind: "system" } })).toEqual({ class: 2, roles: [], parts: [{ ...HEAD, actor_kind: "system" }] });
  });

  it("leaves absent, null and empty fields out", () => {
    const empty = {
      actor: undefined,
      subjects: [],
      resource: undefined,
      data: {},
      error: {},
      request: { status: undefined },
      tenant: null,
      purpose: null,
    };
    expect(split(empty as unknown as Partial<LedgerEvent>).parts).toEqual([HEAD]);
  });

  it("puts shared details into a context part", () => {
    const { roles, parts } = split({
      resource: { type: "book", id: "dune" },
      data: { tries: 2, shelf: "Bücher" },
      error: { code: "E1", message: 'no shelf for "Dune"' },
    });
    expect(roles).toEqual(["context"]);
    expect(parts).toEqual([
      { ...HEAD, error_code: "E1", resource_type: "book" },
      { details: { shelf: "Bücher", tries: 2 }, error_message: 'no shelf for "Dune"', resource_id: "dune", role: "context" },
    ]);
  });
});

describe("every field", () => {
  it("goes into the part its name decides", () => {
    const { parts } = split(
      {
        actor: { kind: "user", id: "ada", ip: "203.0.113.0", userAgent: 'A "B"/1', sessionId: "s1", about: { plan: "free" } },
        request: { id: "r1", traceId: "t1", spanId: "p1", method: "GET", route: "/books/:id", status: 403, durationMs: 12.5 },
        resource: { type: "book", id: "dune" },
        tenant: "acme",
        purpose: "support",
        reason: "no_licence",
        service: "api",
        instance: "api-1",
        data: { n: 1 },
        error: { code: "x", message: "y" },
      },
      { late: "2026-11-22T10:00:00.000Z" },
    );
    expect(parts).toEqual([
      {
        ...HEAD,
        actor_kind: "user",
        duration_ms: 13,
        error_code: "x",
        instance: "api-1",
        late: "2026-11-22T10:00:00.000Z",
        method: "GET",
        purpose: "support",
        reason: "no_licence",
        resource_type: "book",
        route: "/books/:id",
        service: "api",
        status: 403,
      },
      {
        about: { plan: "free" },
        details: { n: 1 },
        error_message: "y",
        ip: "203.0.113.0",
        request_id: "r1",
        resource_id: "dune",
        role: "actor",
        sid: sessionDigest(keys, "s1"),
        span_id: "p1",
        sub: sub("ada"),
        tenant: "acme",
        trace_id: "t1",
        ua: 'A "B"/1',
        uid: "ada",
      },
    ]);
  });

  it("of an anonymous request goes to the actor's part", () => {
    expect(split({ actor: { kind: "anonymous" }, request: { id: "r1" } }).parts[1]).toEqual({ request_id: "r1", role: "actor" });
    expect(split({ tenant: "acme" }).parts[1]).toEqual({ role: "actor", tenant: "acme" });
  });
});

describe("declared keys", () => {
  const data = { tries: 2, shelf: "A" };

  it("stay in the head and in the detachable part", () => {
    const { parts } = split({ actor: { kind: "user", id: "ada" }, data }, { headKeys: ["tries"] });
    expect([parts[0]!.details, parts[1]!.details]).toEqual([{ tries: 2 }, data]);
  });

  it("are not repeated if all keys are declared", () => {
    const { parts } = split({ actor: { kind: "user", id: "ada" }, data: { ...data, none: undefined } }, { headKeys: ["shelf", "tries"] });
    expect([parts[0]!.details, parts[1]!.details]).toEqual([data, undefined]);
  });

  it("can be __proto__ and can be absent", () => {
    const hostile = JSON.parse('{"__proto__":1,"b":2}');
    const { parts } = splitEvent({ ...EVENT, data: hostile }, { keys, headKeys: ["__proto__", "missing"] });
    expect(parts.map(({ text }) => /"details":(\{.*?\})/.exec(text)?.[1])).toEqual(['{"__proto__":1}', '{"__proto__":1,"b":2}']);
  });

  it("keep a resource id in the head", () => {
    const resource = { type: "book", id: "dune" };
    expect(split({ resource }, { resourceIdDeclared: true }).parts).toEqual([{ ...HEAD, resource_id: "dune", resource_type: "book" }]);
  });
});

describe("persons", () => {
  it("have a part each, the context part last", () => {
    const { roles, parts } = split({
      actor: { kind: "user", id: "ada" },
      subjects: [
        { id: "bob", about: { age: 7 } },
        { id: "eve", role: "target" },
      ],
      data: { n: 1 },
    });
    expect(roles).toEqual(["actor", "subject", "target", "context"]);
    expect(parts.slice(1)).toEqual([
      { role: "actor", sub: sub("ada"), uid: "ada" },
      { about: { age: 7 }, role: "subject", sub: sub("bob"), uid: "bob" },
      { role: "target", sub: sub("eve"), uid: "eve" },
      { details: { n: 1 }, role: "context" },
    ]);
  });

  it("carry the details if there is exactly one", () => {
    const { roles, parts } = split({ actor: { kind: "system" }, subjects: [{ id: "bob" }], data: { n: 1 } });
    expect(roles).toEqual(["subject"]);
    expect(parts[1]).toEqual({ details: { n: 1 }, role: "subject", sub: sub("bob"), uid: "bob" });
  });

  it("are not named twice", () => {
    const actor = { kind: "user", id: "ada" };
    expect(split({ actor, subjects: [{ id: "ada" }] }).roles).toEqual(["actor"]);
    const duplicate = expect.objectContaining({ code: "DUPLICATE_PERSON" });
    expect(() => split({ actor, subjects: [{ id: "ada", about: { a: 1 } }] })).toThrow(duplicate);
    expect(() => split({ subjects: [{ id: "bob" }, { id: "bob", role: "target" }] })).toThrow(duplicate);
  });

  it("are at most 253", () => {
    const subjects = Array.from({ length: 252 }, (_, i) => ({ id: `p${i}` }));
    const actor = { kind: "user", id: "ada" };
    expect(split({ actor, subjects, data: { n: 1 } }).parts).toHaveLength(255);
    expect(() => split({ actor, subjects: [...subjects, { id: "last" }] })).toThrow(expect.objectContaining({ code: "BAD_EVENT" }));
  });

  it("are stored without ids in a pseudonymous log", () => {
    const event = { actor: { kind: "user", id: "ada", sessionId: "s1" }, subjects: [{ id: "bob" }] };
    const { parts } = splitEvent({ ...EVENT, ...event }, { keys, userIds: "pseudonymous" });
    const text = parts.map((part) => part.text).join();
    for (const secret of ["ada", "bob", "s1", "uid"]) expect(text).not.toContain(`"${secret}"`);
    expect(parts.map((part) => part.sub)).toEqual([undefined, sub("ada"), sub("bob")]);
  });
});

describe("a value that does not fit", () => {
  it.each<[string, object]>([
    ["id", { id: "1" }],
    ["id", { id: "01A2027B-E238-7333-8333-333333333333" }],
    ["id", { id: "01a2027b-e238-4333-8333-333333333333" }],
    ["time", { time: "2026-11-22T09:00:03Z" }],
    ["time", { time: "2026-13-22T09:00:03.000Z" }],
    ["type", { type: "Access" }],
    ["action", { action: "read" }],
    ["action", { action: `a.${"b".repeat(63)}` }],
    ["action", { action: "book.read\n" }],
    ["severity", { severity: "fatal" }],
    ["outcome", { outcome: "ok" }],
    ["actor.kind", { actor: { kind: "robot" } }],
    ["actor.ip", { actor: { kind: "user", ip: "x".repeat(65) } }],
    ["actor.userAgent", { actor: { kind: "user", userAgent: "x".repeat(513) } }],
    ["actor.userAgent", { actor: { kind: "user", userAgent: "\ud800" } }],
    ["actor.about", { actor: { kind: "user", about: [1] } }],
    ["request.id", { request: { id: 7 } }],
    ["request.method", { request: { method: "get" } }],
    ["request.route", { request: { route: "http://x/" } }],
    ["request.route", { request: { route: `/${"x".repeat(256)}` } }],
    ["request.status", { request: { status: 99 } }],
    ["request.durationMs", { request: { durationMs: -1 } }],
    ["request.durationMs", { request: { durationMs: Number.NaN } }],
    ["request.traceId", { request: { traceId: "x".repeat(129) } }],
    ["resource.type", { resource: { type: "Book" } }],
    ["resource.id", { resource: { type: "book", id: "x".repeat(513) } }],
    ["purpose", { purpose: "two words" }],
    ["reason", { reason: "" }],
    ["error.code", { error: { code: "a b" } }],
    ["service", { service: "a/b" }],
    ["tenant", { tenant: "x".repeat(129) }],
    ["data", { data: [1] }],
    ["data", { data: new Date(0) }],
    ["subjects", { subjects: [{}] }],
    ["subjects.role", { subjects: [{ id: "a", role: "owner" }] }],
  ])("is a BAD_EVENT that names %s", (field, event) => {
    let thrown: unknown;
    try {
      split(event as Partial<LedgerEvent>);
    } catch (cause) {
      thrown = cause;
    }
    expect(thrown).toMatchObject({ code: "BAD_EVENT", hint: expect.stringContaining(`\`${field}\``) });
  });

  it.each<[string, object]>([
    ["an empty id", { actor: { kind: "user", id: "" } }],
    ["an id of half a character", { actor: { kind: "user", id: "\udc00" } }],
    ["an id of more than 512 bytes", { actor: { kind: "user", id: "é".repeat(257) } }],
    ["a session id of more than 512 bytes", { actor: { kind: "user", sessionId: "x".repeat(513) } }],
  ])("is a BAD_EVENT: %s", (_, event) => {
    expect(() => split(event as Partial<LedgerEvent>)).toThrow(expect.objectContaining({ code: "BAD_EVENT" }));
  });

  it("is refused with a code of its own", () => {
    expect(() => split({ action: "ledger.erasure" })).toThrow(expect.objectContaining({ code: "RESERVED_ACTION" }));
    expect(() => split({ data: { a: 1n } })).toThrow(expect.objectContaining({ code: "NOT_CANONICAL" }));
    expect(() => split({}, { classOf: () => 8 })).toThrow(expect.objectContaining({ code: "BAD_EVENT" }));
    const large = (event: Partial<LedgerEvent>, options: Partial<SplitOptions> = {}) =>
      prepareEntry(splitEvent({ ...EVENT, ...event }, { keys, ...options }), random);
    expect(() => large({ data: { text: "x".repeat(65_536) } })).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
    expect(() => large({ data: { text: "é".repeat(40_000) } })).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
    expect(() => large({ data: { text: "x".repeat(8_192) } }, { headKeys: ["text"] })).toThrow(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
    expect(large({ data: { text: "x".repeat(65_000) } }).parts).toHaveLength(2);
  });
});

describe("the class of an event", () => {
  it.each([
    ["error", "request.failed", 1],
    ["ingestion", "book.uploaded", 1],
    ["index_update", "index.rebuilt", 1],
    ["custom", "note.made", 1],
    ["access_control", "book.read", 2],
    ["admin_action", "user.deleted", 3],
    ["compliance", "consent.granted", 4],
    ["compliance", "request.received", 5],
    ["query", "books.searched", 6],
    ["retrieval", "books.retrieved", 6],
    ["generation", "answer.generated", 6],
    ["endpoint", "request.completed", 6],
    ["authentication", "login.failed", 7],
    ["suspicious_activity", "anomaly.detected", 7],
    ["constructor", "a.b", 1],
  ])("%s / %s is %i", (type, action, entryClass) => expect(classOf({ type, action })).toBe(entryClass));

  it("can be a registered type's own", () => {
    expect(split({ type: "lending" }, { classOf: () => 64 }).class).toBe(64);
  });
});
