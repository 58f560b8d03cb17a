import { EventEmitter, once } from "node:events";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { currentContext, noteRecorded } from "@daybook/core";
import { describe, expect, it } from "vitest";
import type { MiddlewareUnderTest, SuiteRoute } from "./middleware-under-test.ts";
import { eventually, pause, serve } from "./served-app.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;

/** Runs `work` inside an active span and returns its ids. The tests of the adapter provide the real API. */
export interface SpanRunner {
  inSpan(work: () => void): { readonly traceId: string; readonly spanId: string };
}

export function describeContext(subject: MiddlewareUnderTest, spans: SpanRunner | undefined): void {
  const asking = { headers: { "x-user": "sabo", "x-request-id": "r-17", traceparent: TRACEPARENT } };
  const inherited = {
    actor: { kind: "user", id: "sabo" },
    request: { id: "r-17", traceId: TRACE, spanId: SPAN, method: "GET", route: "/books/:book" },
  };
  const requestIdHeader = "x-request-id";
  const books = (handle: SuiteRoute["handle"]): SuiteRoute[] => [{ method: "GET", path: "/books/:book", handle }];

  describe("a record made far from the request", () => {
    it("knows actor, request and trace five asynchronous hops deep", async () => {
      const app = await serve(subject, {
        requestIdHeader,
        routes: books(async (call) => {
          await Promise.resolve();
          await new Promise((resolve) => setImmediate(resolve));
          await new Promise<void>((resolve) => queueMicrotask(resolve));
          const emitter = new EventEmitter();
          setTimeout(() => emitter.emit("go"), 2);
          await once(emitter, "go");
          for await (const word of Readable.from(["deep"])) app.audit.record(noteRecorded, { data: { note: word } });
          call.send(200);
        }),
      });
      await app.ask("/books/7", asking);
      expect((await app.events())[0]).toMatchObject(inherited);
    });

    it("knows them in a timer after the response", async () => {
      const app = await serve(subject, {
        requestIdHeader,
        routes: books((call) => {
          setTimeout(() => app.audit.record(noteRecorded, { data: { note: "timer" } }), 30);
          call.send(200);
        }),
      });
      await app.ask("/books/7", asking);
      await eventually(() => app.store.events.length === 2);
      const [completed, note] = await app.events();
      expect([completed?.action, note?.action]).toEqual(["request.completed", "note.recorded"]);
      expect(note).toMatchObject(inherited);
    });

    it("knows them in a job after the connection", async () => {
      const app = await serve(subject, {
        requestIdHeader,
        routes: books((call) => {
          void (async () => {
            for (let step = 0; step < 5; step++) await pause(10);
            app.audit.record(noteRecorded, { data: { note: "job" } });
          })();
          call.send(202);
        }),
      });
      await app.ask("/books/7", asking);
      await eventually(() => app.store.events.length === 2);
      expect((await app.events())[1]).toMatchObject({ ...inherited, data: { note: "job" } });
    });

    it("knows them after the body has been read", async () => {
      const app = await serve(subject, {
        routes: [
          {
            method: "POST",
            path: "/books",
            handle: async (call) => {
              await pause(1);
              app.audit.record(noteRecorded, { data: { note: "read" } });
              call.send(200);
            },
          },
        ],
      });
      await app.ask("/books", {
        method: "POST",
        headers: { "x-user": "sabo", "content-type": "application/json" },
        body: JSON.stringify({ text: "x".repeat(200_000).slice(0, 90_000) }),
      });
      const events = await app.events();
      expect(events.map((event) => [event.action, event.actor.id])).toEqual([
        ["note.recorded", "sabo"],
        ["request.completed", "sabo"],
      ]);
    });

    it("knows them through request.audit outside of a context", async ({ skip }) => {
      if (!subject.supports.requestAudit) skip("the middleware gives no request.audit");
      const outside = new EventEmitter();
      const app = await serve(subject, {
        requestIdHeader,
        routes: books((call) => {
          outside.once("answer", () => {
            call.audit?.record(noteRecorded, { data: { note: "outside" } });
            call.audit?.deny({ reason: "closed" });
            call.send(403);
          });
        }),
      });
      const answer = app.ask("/books/7", asking);
      await eventually(() => outside.listenerCount("answer") === 1);
      outside.emit("answer");
      await answer;
      const [note, denial] = await app.events();
      expect(note).toMatchObject({ ...inherited, data: { note: "outside" } });
      expect(denial).toMatchObject({ ...inherited, reason: "closed", request: { ...inherited.request, status: 403 } });
    });
  });

  describe("the context of a request", () => {
    it("is not kept by an idle connection", async () => {
      const contexts: WeakRef<object>[] = [];
      const app = await serve(subject, {
        routes: books((call) => {
          contexts.push(new WeakRef(currentContext()!));
          call.send(200, "read");
        }),
      });
      const connection = await app.connect();
      const get = (book: number) => connection.send(`GET /books/${book} HTTP/1.1\r\nHost: daybook.test\r\n\r\n`);
      get(7);
      await app.events();
      // Node keeps the first context of each second a little longer, with the text of its Date header.
      await eventually(() => {
        collectGarbage();
        return contexts[0]?.deref() === undefined;
      });
      expect([contexts.length, contexts[0]?.deref()]).toEqual([1, undefined]);
      get(8);
      expect(await app.trail(2)).toHaveLength(2);
      app.app.server.keepAliveTimeout = 20;
      get(9);
      expect(await connection.closed()).toContain("read");
    });
  });

  describe("the user", () => {
    it("is asked for again after the last middleware", async () => {
      const app = await serve(subject, { routes: books((call) => call.send(200)) });
      await app.ask("/books/7", asking);
      expect((await app.events())[0]?.actor).toMatchObject({ kind: "user", id: "sabo" });
    });

    it("is anonymous without a sign-in", async () => {
      const app = await serve(subject, { routes: books((call) => call.send(200)) });
      await app.ask("/books/7");
      expect((await app.events())[0]?.actor).toMatchObject({ kind: "anonymous" });
    });
  });

  describe("the request id", () => {
    it("is not taken from a header no option names", async () => {
      const app = await serve(subject, { routes: books((call) => call.send(200)) });
      await app.ask("/books/7", asking);
      const [event] = await app.events();
      expect(event?.request?.id).toBeDefined();
      expect(event?.request?.id).not.toBe("r-17");
    });

    it("is not taken from an invalid header", async () => {
      const app = await serve(subject, { requestIdHeader, routes: books((call) => call.send(200)) });
      await app.ask("/books/7", { headers: { "x-request-id": "<script>alert(1)</script>" } });
      expect((await app.events())[0]?.request?.id).not.toContain("<");
    });
  });

  describe("the trace", () => {
    const malformed = [
      ["no header", undefined],
      ["rubbish", "rubbish"],
      ["upper case", TRACEPARENT.toUpperCase()],
      ["an all-zero trace", `00-${"0".repeat(32)}-${SPAN}-01`],
      ["an all-zero span", `00-${TRACE}-${"0".repeat(16)}-01`],
      ["version ff", TRACEPARENT.replace("00-", "ff-")],
      ["a version 00 that goes on", `${TRACEPARENT}-more`],
    ] as const;

    it("is the one of the traceparent header", async () => {
      const app = await serve(subject, { routes: books((call) => call.send(200)) });
      await app.ask("/books/7", asking);
      expect((await app.events())[0]?.request).toMatchObject({ traceId: TRACE, spanId: SPAN });
    });

    it.each(malformed)("is none for %s", async (_kind, header) => {
      const app = await serve(subject, { routes: books((call) => call.send(200)) });
      await app.ask("/books/7", { headers: header === undefined ? {} : { traceparent: header } });
      const [event] = await app.events();
      expect([event?.request?.traceId, event?.request?.spanId]).toEqual([undefined, undefined]);
    });

    it("is that of the active OpenTelemetry span", async ({ skip }) => {
      if (spans === undefined) skip("no OpenTelemetry was given to the suite");
      let span: { readonly traceId: string; readonly spanId: string } | undefined;
      const app = await serve(subject, {
        routes: books((call) => {
          app.audit.record(noteRecorded, { data: { note: "traced" } });
          call.send(200);
        }),
        around: (next) => {
          span = spans?.inSpan(next);
        },
      });
      await app.ask("/books/7", asking);
      const events = await app.events();
      expect(span?.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(span?.traceId).not.toBe(TRACE);
      expect(events.map((event) => [event.action, event.request?.traceId, event.request?.spanId])).toEqual([
        ["note.recorded", span?.traceId, span?.spanId],
        ["request.completed", span?.traceId, span?.spanId],
      ]);
    });
  });
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
