import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  contentIngested,
  createAuditLog,
  currentContext,
  defineEvent,
  loginSucceeded,
  memorySink,
  noteRecorded,
  requestFailed,
  runAs,
} from "../src/index.ts";
import { codeOf, expectBalance, logOver } from "./support/logs.ts";

const bookLent = defineEvent({
  type: "loan",
  action: "book.lent",
  data: z.object({ title: z.string(), days: z.number().int().max(60).optional() }),
  personal: [],
});

describe("recording an event", () => {
  it("stores it with its envelope", async () => {
    const sink = memorySink();
    const { audit } = logOver(sink, {
      catalogue: [bookLent],
      service: "library",
      instance: "node-1",
      clock: { now: () => Date.parse("2026-11-24T12:00:00.000Z") },
    });
    const receipt = audit.recordWith(
      bookLent,
      {
        actor: { kind: "user", id: "ada", ip: "203.0.113.77", userAgent: "curl/8.5.0", sessionId: "s-1", about: { desk: 3 } },
        subjects: [{ id: "bob" }, { id: "eve", role: "target", about: { card: "old" } }],
        resource: { type: "book", id: "dune" },
        purpose: "lending",
        reason: "counter",
        tenant: "north",
        data: { title: "Dune", days: 14 },
        error: { code: "E_LATE", message: "told ada@example.com about it" },
      },
      {},
    );
    await receipt.stored;
    expect(sink.events).toEqual([
      {
        id: receipt.id,
        time: "2026-11-24T12:00:00.000Z",
        type: "loan",
        action: "book.lent",
        severity: "info",
        outcome: "success",
        actor: { kind: "user", id: "ada", ip: "203.0.113.0", userAgent: "curl 8", sessionId: "s-1", about: { desk: 3 } },
        subjects: [
          { id: "bob", role: "subject" },
          { id: "eve", role: "target", about: { card: "old" } },
        ],
        resource: { type: "book", id: "dune" },
        purpose: "lending",
        reason: "counter",
        tenant: "north",
        data: { title: "Dune", days: 14 },
        error: { code: "E_LATE", message: "told [mail] about it" },
        service: "library",
        instance: "node-1",
      },
    ]);
    expect(audit.stats().masked).toBe(1);
  });

  it("inherits the actor of its job, also in timers", async () => {
    const sink = memorySink();
    const { audit } = logOver(sink);
    await runAs(
      { kind: "service", id: "import" },
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        await audit.record(contentIngested, { data: { source: "shelf", status: "ok" } }).stored;
      },
      { requestId: "job-1", tenant: "north" },
    );
    audit.record(contentIngested, { data: { source: "desk", status: "ok" } });
    await audit.flush();
    expect(sink.events.map(({ actor, request, tenant }) => ({ actor, request, tenant }))).toEqual([
      { actor: { kind: "service", id: "import" }, request: { id: "job-1" }, tenant: "north" },
      { actor: { kind: "system" }, request: undefined, tenant: undefined },
    ]);
  });

  it("calls sinks outside the context of the recording job", async () => {
    const sink = memorySink();
    const contexts: unknown[] = [];
    const append = async (...given: Parameters<typeof sink.append>) => {
      contexts.push(currentContext());
      if (contexts.length === 1) throw new Error("not yet");
      return sink.append(...given);
    };
    const { audit } = logOver({ ...sink, append });
    await runAs({ kind: "service", id: "import" }, () => audit.record(contentIngested, { data: { source: "shelf", status: "ok" } }).stored);
    expect(contexts).toEqual([undefined, undefined]);
    expect(sink.events[0]?.actor).toEqual({ kind: "service", id: "import" });
  });

  it("keeps whole addresses only for configured types", async () => {
    const sink = memorySink();
    const { audit } = logOver(sink, { fullAddresses: ["authentication"] });
    const actor = { kind: "user", id: "ada", ip: "203.0.113.77" } as const;
    audit.record(loginSucceeded, { actor });
    audit.record(requestFailed, { actor });
    await audit.flush();
    expect(sink.events.map((event) => event.actor.ip)).toEqual(["203.0.113.77", "203.0.113.0"]);
  });

  it("turns numeric ids into text", async () => {
    const sink = memorySink();
    const { audit } = logOver(sink);
    audit.record(noteRecorded, {
      data: { note: "n" },
      actor: { kind: "user", id: 7 as never },
      resource: { type: "book", id: 9n as never },
    });
    await audit.flush();
    expect([sink.events[0]?.actor.id, sink.events[0]?.resource?.id]).toEqual(["7", "9"]);
  });

  it("stores the output of the schema", async () => {
    const trimmed = defineEvent({ type: "loan", action: "note.left", data: z.object({ text: z.string().trim(), n: z.coerce.number() }) });
    const sink = memorySink();
    const { audit } = logOver(sink, { catalogue: [trimmed] });
    audit.recordWith(trimmed, { data: { text: "  hello ", n: "5", other: true } }, {});
    await audit.flush();
    expect(sink.events[0]?.data).toEqual({ text: "hello", n: 5 });
  });
});

describe("bad input", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  let nested: object = {};
  for (let i = 0; i < 100; i++) nested = { nested };
  const free = defineEvent({ type: "loan", action: "anything.said", data: z.record(z.string(), z.unknown()) });

  it.each([
    ["a cycle", cycle],
    ["a BigInt", { big: 2n ** 70n }],
    ["a lone surrogate", { text: "\ud800" }],
    ["10 MB of text", { text: "x".repeat(10_000_000) }],
    ["10 MB in many keys", Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, "y".repeat(1_000)]))],
    ["100 levels", nested],
  ])("is stored cut and flagged: %s", async (_name, data) => {
    const sink = memorySink();
    const { audit } = logOver(sink, { catalogue: [free] });
    expect(await codeOf(audit.recordWith(free, { data }, {}).stored)).toBeUndefined();
    const changed = sink.events[0]!.data!;
    expect(Buffer.byteLength(JSON.stringify(changed))).toBeLessThan(50_000);
    if (_name !== "a BigInt") expect(changed.truncated).toBe(true);
  });

  it("with hostile keys is stored unchanged", async () => {
    const sink = memorySink();
    const { audit } = logOver(sink);
    const fields = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},"hasOwnProperty":1}') as object;
    await audit.recordWith(noteRecorded, { data: { note: "n", fields } }, {}).stored;
    expect(JSON.stringify(sink.events[0]!.data)).toBe(JSON.stringify({ note: "n", fields }));
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it.each([
    ["an event of no catalogue", { type: "loan", action: "book.stolen" }, {}, "UNKNOWN_EVENT"],
    ["no definition at all", undefined, {}, "UNKNOWN_EVENT"],
    ["a payload that does not fit", bookLent, { data: { title: 7 } }, "SCHEMA_VIOLATION"],
    ["a missing payload", bookLent, {}, "SCHEMA_VIOLATION"],
    ["an undeclared payload", requestFailed, { data: { x: 1 } }, "SCHEMA_VIOLATION"],
    ["a payload that is no object", bookLent, { data: ["Dune"] }, "BAD_EVENT"],
    ["an unknown severity", bookLent, { data: { title: "D" }, severity: "fatal" }, "BAD_EVENT"],
    ["an unknown outcome", bookLent, { data: { title: "D" }, outcome: "ok" }, "BAD_EVENT"],
    ["an unknown kind of actor", bookLent, { data: { title: "D" }, actor: { kind: "robot" } }, "BAD_EVENT"],
    ["an empty user id", bookLent, { data: { title: "D" }, actor: { kind: "user", id: "" } }, "BAD_EVENT"],
    ["a lone surrogate as user id", bookLent, { data: { title: "D" }, actor: { kind: "user", id: "\udc00" } }, "BAD_EVENT"],
    ["513 characters of user id", bookLent, { data: { title: "D" }, actor: { kind: "user", id: "x".repeat(513) } }, "BAD_EVENT"],
    ["a sentence as purpose", bookLent, { data: { title: "D" }, purpose: "because I said so" }, "BAD_EVENT"],
    ["a resource without a type", bookLent, { data: { title: "D" }, resource: {} }, "BAD_EVENT"],
    ["an unknown role", bookLent, { data: { title: "D" }, subjects: [{ id: "bob", role: "friend" }] }, "BAD_EVENT"],
    ["an error code with a line break", bookLent, { data: { title: "D" }, error: { code: "E\n" } }, "BAD_EVENT"],
  ])("is refused with code and hint: %s", async (_name, definition, fields, code) => {
    const sink = memorySink();
    const { audit, problems } = logOver(sink, { catalogue: [bookLent] });
    const receipt = audit.recordWith(definition as never, fields as never, {});
    expect(await codeOf(receipt.stored)).toBe(code);
    expect(problems).toEqual([expect.objectContaining({ code, hint: expect.stringMatching(/.{10}/) })]);
    await audit.recordWith(bookLent, { data: { title: "Dune" } }, {}).stored;
    expect(sink.events.map((event) => event.action)).toEqual(["book.lent"]);
    expect(audit.stats().dropped.quarantined).toBe(1);
    expectBalance(audit);
  });

  it("with an asynchronous schema is refused", async () => {
    const later = defineEvent({ type: "loan", action: "book.awaited", data: z.object({ a: z.string().refine(async () => true) }) });
    const { audit } = logOver(memorySink(), { catalogue: [later] });
    expect(await codeOf(audit.recordWith(later, { data: { a: "x" } }, {}).stored)).toMatch(/^SCHEMA_(ASYNC|VIOLATION)$/);
  });

  it("costs no neighbour", async () => {
    const sink = memorySink();
    const { audit } = logOver(sink, { catalogue: [bookLent] });
    for (let i = 0; i < 10; i++) audit.recordWith(bookLent, { data: { title: i % 2 === 0 ? `book ${i}` : i } }, {});
    await audit.flush();
    expect(sink.events.map((event) => event.data?.title)).toEqual(["book 0", "book 2", "book 4", "book 6", "book 8"]);
    expectBalance(audit);
  });
});

describe("a receipt", () => {
  it("without a caller makes no unhandled rejection", async () => {
    const seen: unknown[] = [];
    const listener = (reason: unknown) => seen.push(reason);
    process.on("unhandledRejection", listener);
    const { audit } = logOver(memorySink());
    audit.recordWith({ type: "no", action: "such.event" } as never, {}, {});
    const looked = audit.recordWith({ type: "no", action: "such.event" } as never, {}, {}).stored;
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.removeListener("unhandledRejection", listener);
    expect(seen).toEqual([]);
    await expect(looked).rejects.toMatchObject({ code: "UNKNOWN_EVENT" });
  });

  it("of a closed log rejects with LOG_CLOSED", async () => {
    const { audit } = logOver(memorySink());
    await audit.close();
    expect(await codeOf(audit.record(noteRecorded, { data: { note: "late" } }).stored)).toBe("LOG_CLOSED");
  });
});

describe("opening a log", () => {
  it.each([
    [{ sinks: [] }, "mark one of the `sinks` as required"],
    [{ sinks: [memorySink()] }, "mark one of the `sinks` as required"],
    [{ sinks: [{ sink: memorySink(), required: true }], service: "my service" }, "`service`"],
    [{ sinks: [{ sink: memorySink(), required: true }], instance: "" }, "`instance`"],
    [{ sinks: [{ sink: memorySink(), required: true }], onStoreFailure: { error: "ignore" } }, "onStoreFailure.error"],
    [{ sinks: [{ sink: memorySink(), required: true }], spool: { path: "x", maxBytes: 10 } }, "spool.maxBytes"],
  ])("refuses options that cannot work: %#", (options, hint) => {
    expect(() => createAuditLog(options as never)).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", hint: expect.stringContaining(hint) }),
    );
  });
});
