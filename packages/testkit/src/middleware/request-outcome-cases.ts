import { Agent } from "node:http";
import { Readable } from "node:stream";
import { noteRecorded } from "@daybook/core";
import { describe, expect, it } from "vitest";
import { present } from "../store/present.ts";
import type { MiddlewareUnderTest } from "./middleware-under-test.ts";
import { requestText } from "./raw-connection.ts";
import { pause, serve } from "./served-app.ts";
import { get, later, ok, post, refusal } from "./suite-routes.ts";

/** Exactly one event of each kind per request, with its true outcome. */
export function describeOutcomes(subject: MiddlewareUnderTest): void {
  describe("a request", () => {
    it("is one record of a synchronous handler", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      expect((await app.ask("/books")).status).toBe(200);
      expect(await app.trail()).toEqual(["request.completed success GET /books 200"]);
    });

    it("is one record of an asynchronous handler", async () => {
      const app = await serve(subject, { routes: [get("/books", later)] });
      await app.ask("/books?secret=1");
      expect(await app.trail()).toEqual(["request.completed success GET /books 200"]);
    });

    it("has duration, actor and address", async () => {
      const app = await serve(subject, {
        routes: [
          get("/slow", async (call) => {
            await pause(40);
            call.send(200);
          }),
        ],
      });
      await app.ask("/slow", { headers: { "x-user": "sabo", "user-agent": "curl/8.1.2" } });
      const [event] = await app.events();
      expect(event?.request?.durationMs).toBeGreaterThanOrEqual(39);
      expect(event?.request?.durationMs).toBeLessThan(1_000);
      expect(event?.actor).toEqual({ kind: "user", id: "sabo", ip: "127.0.0.0", userAgent: "curl 8" });
    });

    it("fails with 500 when the handler throws", async () => {
      const app = await serve(subject, {
        routes: [
          get("/boom", () => {
            throw Object.assign(new TypeError("private text"), { code: "E_BOOM" });
          }),
        ],
      });
      expect((await app.ask("/boom")).status).toBe(500);
      expect(await app.trail()).toEqual(["request.failed failure GET /boom 500", "request.completed failure GET /boom 500"]);
      expect((await app.events())[0]?.error).toEqual({ code: "E_BOOM" });
    });

    it("fails with 500 when the handler rejects", async () => {
      const app = await serve(subject, {
        routes: [
          get("/boom", async () => {
            await pause(1);
            throw new RangeError("private text");
          }),
        ],
      });
      expect((await app.ask("/boom")).status).toBe(500);
      expect(await app.trail()).toEqual(["request.failed failure GET /boom 500", "request.completed failure GET /boom 500"]);
      expect((await app.events())[0]?.error).toEqual({ code: "RangeError" });
    });

    it("fails when the handler itself sends 503", async () => {
      const app = await serve(subject, { routes: [get("/down", (call) => call.send(503, "down"))] });
      await app.ask("/down");
      expect(await app.trail()).toEqual(["request.failed failure GET /down 503", "request.completed failure GET /down 503"]);
    });

    it("fails when an exception becomes a 200", async () => {
      const app = await serve(subject, {
        routes: [
          get("/boom", () => {
            throw new TypeError("private text");
          }),
        ],
        answerError: (call) => call.send(200, "never mind"),
      });
      expect((await app.ask("/boom")).status).toBe(200);
      expect(await app.trail()).toEqual(["request.failed failure GET /boom 200", "request.completed success GET /boom 200"]);
    });

    it("does not fail by an exception below 500", async () => {
      const app = await serve(subject, {
        routes: [
          get("/gone", () => {
            throw refusal(410);
          }),
        ],
      });
      expect((await app.ask("/gone")).status).toBe(410);
      expect(await app.trail()).toEqual(["request.completed failure GET /gone 410"]);
    });

    it("names no path without a matching route", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      expect((await app.ask("/sabo@example.org")).status).toBe(404);
      expect(await app.trail()).toEqual(["request.completed failure GET (unmatched) 404"]);
    });

    it("is one record for HEAD", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      const answer = await app.ask("/books", { method: "HEAD" });
      expect([answer.status, answer.body.length]).toEqual([200, 0]);
      expect(await app.trail()).toEqual(["request.completed success HEAD /books 200"]);
    });

    it("is one record for 304", async () => {
      const app = await serve(subject, { routes: [get("/books", (call) => call.send(304))] });
      const answer = await app.ask("/books");
      expect([answer.status, answer.body.length]).toEqual([304, 0]);
      expect(await app.trail()).toEqual(["request.completed success GET /books 304"]);
    });

    it("is one record for a redirect", async () => {
      const app = await serve(subject, { routes: [get("/old", (call) => call.send(302, "", { location: "/new" }))] });
      expect((await app.ask("/old")).headers.location).toBe("/new");
      expect(await app.trail()).toEqual(["request.completed success GET /old 302"]);
    });

    it("is one record for a streamed body", async () => {
      const app = await serve(subject, { routes: [get("/stream", (call) => call.send(200, Readable.from(["one ", "two ", "three"])))] });
      expect((await app.ask("/stream")).body.toString()).toBe("one two three");
      expect(await app.trail()).toEqual(["request.completed success GET /stream 200"]);
    });

    it("is one record each on a kept-alive connection", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 5; i++) await app.ask("/books", { agent });
      agent.destroy();
      expect(await app.trail(5)).toEqual(Array(5).fill("request.completed success GET /books 200"));
    });

    it("is one record each when pipelined", async () => {
      const app = await serve(subject, { routes: [get("/slow", later), get("/books", ok)] });
      const connection = await app.connect();
      connection.send(
        requestText("GET /slow", { Connection: "keep-alive" }) +
          requestText("GET /nothing", { Connection: "keep-alive" }) +
          requestText("GET /books"),
      );
      await connection.closed();
      expect([...(await app.trail(3))].sort()).toEqual([
        "request.completed failure GET (unmatched) 404",
        "request.completed success GET /books 200",
        "request.completed success GET /slow 200",
      ]);
    });

    it("is one record when the middleware is mounted twice", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)], twice: true });
      await app.ask("/books");
      expect(await app.trail()).toEqual(["request.completed success GET /books 200"]);
    });

    it("is one record of a malformed URL", async ({ skip }) => {
      if (!subject.supports.malformedUrls) skip("the middleware is not called for a URL the framework refuses");
      const app = await serve(subject, { routes: [get("/books/:book", ok)] });
      expect((await app.ask("/books/%zz")).status).toBe(400);
      const [event, ...more] = await app.events();
      expect(more).toEqual([]);
      expect([event?.outcome, event?.request?.status]).toEqual(["failure", 400]);
    });
  });

  describe("a body the parser refuses", () => {
    it("is one record with the parser's status", async () => {
      const app = await serve(subject, { routes: [post("/books", ok)] });
      const answer = await app.ask("/books", { method: "POST", headers: { "content-type": "application/json" }, body: '{"a":' });
      expect(answer.status).toBe(400);
      const [event, ...more] = await app.events();
      expect(more).toEqual([]);
      expect([event?.action, event?.outcome, event?.request?.status]).toEqual(["request.completed", "failure", 400]);
    });
  });

  describe("an invalid value of a request", () => {
    it.each([
      ["a user id that is too long", { "x-user": "x".repeat(600) }],
      ["a user id with half a character", { "x-broken-user": "yes" }],
    ])("is left out: %s", async (_kind, headers) => {
      const app = await serve(subject, {
        routes: [
          get("/vault", (call) => {
            app.audit.record(noteRecorded, { data: { note: "kept" } });
            app.audit.deny({ reason: "Not a code!" });
            call.send(403);
          }),
        ],
      });
      expect((await app.ask("/vault", { headers })).status).toBe(403);
      const events = await app.events();
      expect(events.map(({ action, actor, reason }) => [action, actor.kind, actor.id, reason])).toEqual([
        ["note.recorded", "user", undefined, undefined],
        ["permission.denied", "user", undefined, undefined],
        ["request.completed", "user", undefined, undefined],
      ]);
      expect(new Set(app.problems.map((problem) => problem.code))).toEqual(new Set(["BAD_EVENT"]));
    });
  });

  describe("events a handler records", () => {
    it("stay two when they are two", async () => {
      const app = await serve(subject, {
        routes: [
          get("/books", (call) => {
            app.audit.record(noteRecorded, { data: { note: "first" } });
            app.audit.record(noteRecorded, { data: { note: "second" } });
            call.send(200);
          }),
        ],
      });
      await app.ask("/books");
      const events = await app.events();
      expect(events.map((event) => event.data?.note ?? event.action)).toEqual(["first", "second", "request.completed"]);
      expect(new Set(events.map((event) => event.request?.id)).size).toBe(1);
    });
  });

  describe("the client's address", () => {
    const forged = { "x-forwarded-for": "203.0.113.9" };

    it("is the connection's if no proxy is trusted", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      await app.ask("/books", { headers: forged });
      expect((await app.events())[0]?.actor.ip).toBe("127.0.0.0");
    });

    it("is the header's if the proxy is trusted", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)], trustProxy: true });
      await app.ask("/books", { headers: forged });
      expect((await app.events())[0]?.actor.ip).toBe("203.0.113.0");
    });
  });

  describe("several clients at once", () => {
    it("each leave their own records", async () => {
      const app = await serve(subject, {
        routes: [
          get("/books/:book", async (call) => {
            await pause(Number(call.params.book) % 7);
            app.audit.record(noteRecorded, { data: { note: present(call.params.book) } });
            call.send(200);
          }),
        ],
      });
      await Promise.all(Array.from({ length: 40 }, (_, i) => app.ask(`/books/${i}`, { headers: { "x-user": `reader-${i}` } })));
      const notes = (await app.events(40)).filter((event) => event.action === "note.recorded");
      expect(notes.map((event) => [event.data?.note, event.actor.id]).sort()).toEqual(
        Array.from({ length: 40 }, (_, i) => [String(i), `reader-${i}`]).sort(),
      );
    });
  });
}
