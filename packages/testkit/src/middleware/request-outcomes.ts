import { Agent, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { noteRecorded } from "@daybook/core";
import { describe, expect, it } from "vitest";
import type { Call, MiddlewareUnderTest, SuiteMount, SuiteRoute } from "./middleware-under-test.ts";
import { requestText } from "./raw-connection.ts";
import { eventually, lineOf, pause, serve } from "./served-app.ts";

const get = (path: string, handle: SuiteRoute["handle"]): SuiteRoute => ({ method: "GET", path, handle });
const post = (path: string, handle: SuiteRoute["handle"]): SuiteRoute => ({ method: "POST", path, handle });
const ok = (call: Call) => call.send(200, "fine");
const refusal = (status: number) => Object.assign(new Error("refused"), { status, statusCode: status });

const later = async (call: Call) => {
  await pause(1);
  call.send(200, "fine");
};

/** Exactly one event of each kind per request, with its true outcome. */
export function describeOutcomes(subject: MiddlewareUnderTest): void {
  describe("what a request leaves behind", () => {
    it("is one record when the handler answers", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      expect((await app.ask("/books")).status).toBe(200);
      expect(await app.trail()).toEqual(["request.completed success GET /books 200"]);
    });

    it("is one record when an asynchronous handler answers", async () => {
      const app = await serve(subject, { routes: [get("/books", later)] });
      await app.ask("/books?secret=1");
      expect(await app.trail()).toEqual(["request.completed success GET /books 200"]);
    });

    it("says how long the handler took, who asked and from where", async () => {
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

    it("is an error and a 500 when the handler throws", async () => {
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

    it("is an error and a 500 when the handler rejects", async () => {
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

    it("is an error when the handler answers 503 by itself", async () => {
      const app = await serve(subject, { routes: [get("/down", (call) => call.send(503, "down"))] });
      await app.ask("/down");
      expect(await app.trail()).toEqual(["request.failed failure GET /down 503", "request.completed failure GET /down 503"]);
    });

    it("is an error, too, when the application answers an exception with a status below 500", async () => {
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

    it("is no error when an exception names a status below 500", async () => {
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

    it("names no path where no route matched", async () => {
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

    it("is one record for each of many requests on one connection", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 5; i++) await app.ask("/books", { agent });
      agent.destroy();
      expect(await app.trail(5)).toEqual(Array(5).fill("request.completed success GET /books 200"));
    });

    it("is one record for each of several pipelined requests", async () => {
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

    it("is one record when the framework refuses the URL itself", async ({ skip }) => {
      if (!subject.supports.malformedUrls) skip("the middleware is not called for a URL the framework refuses");
      const app = await serve(subject, { routes: [get("/books/:book", ok)] });
      expect((await app.ask("/books/%zz")).status).toBe(400);
      const [event, ...more] = await app.events();
      expect(more).toEqual([]);
      expect([event?.outcome, event?.request?.status]).toEqual(["failure", 400]);
    });
  });

  describe("a client that leaves", () => {
    it("before the answer is recorded as partial, without a status", async () => {
      let answered: Call | undefined;
      const app = await serve(subject, {
        routes: [
          get("/wait", (call) => {
            answered = call;
            return new Promise(() => undefined);
          }),
        ],
      });
      const connection = await app.connect();
      connection.send(requestText("GET /wait", { "x-user": "sabo" }));
      await eventually(() => answered !== undefined);
      connection.socket.destroy();
      const [event, ...more] = await app.events();
      expect(more).toEqual([]);
      expect(lineOf(event!)).toBe("request.completed partial GET /wait -");
      expect(event?.actor).toMatchObject({ kind: "user", id: "sabo", ip: "127.0.0.0" });
    });

    it("during the answer is recorded as partial, never as a false 200", async () => {
      const app = await serve(subject, {
        routes: [
          get("/stream", (call) => {
            call.send(
              200,
              new Readable({
                read() {
                  setTimeout(() => this.push("some more "), 2);
                },
              }),
            );
          }),
        ],
      });
      const connection = await app.connect();
      connection.send(requestText("GET /stream"));
      await connection.until("some more");
      connection.socket.destroy();
      expect(await app.trail()).toEqual(["request.completed partial GET /stream 200"]);
    });

    it("is still recorded once when the handler answers afterwards", async () => {
      let answer: (() => void) | undefined;
      const app = await serve(subject, {
        routes: [
          get("/wait", (call) => {
            return new Promise<void>((resolve) => {
              answer = () => {
                call.send(200, "too late");
                resolve();
              };
            });
          }),
        ],
      });
      const connection = await app.connect();
      connection.send(requestText("GET /wait"));
      await eventually(() => answer !== undefined);
      connection.socket.destroy();
      await app.events();
      answer?.();
      await pause(10);
      expect(await app.trail()).toEqual(["request.completed partial GET /wait -"]);
    });

    it("before its request comes to the middleware is recorded once all the same", async () => {
      let arrived = false;
      const app = await serve(subject, {
        routes: [get("/books", ok)],
        around: (next) => {
          arrived = true;
          setTimeout(next, 60);
        },
      });
      const connection = await app.connect();
      connection.send(requestText("GET /books"));
      await eventually(() => arrived);
      connection.socket.destroy();
      const [event, ...more] = await app.events();
      await pause(30);
      expect(more).toEqual([]);
      expect([event?.action, event?.outcome, event?.request?.status]).toEqual(["request.completed", "partial", undefined]);
    });

    it("while it sends its body is recorded as partial", async () => {
      const app = await serve(subject, { routes: [post("/upload", ok)] });
      const connection = await app.connect();
      connection.send('POST /upload HTTP/1.1\r\nHost: daybook.test\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":');
      await pause(30);
      connection.socket.destroy();
      const [event, ...more] = await app.events();
      expect(more).toEqual([]);
      expect([event?.action, event?.outcome]).toEqual(["request.completed", "partial"]);
    });
  });

  describe("an upgrade", () => {
    it("is one record with status 101, made when the connection ends", async ({ skip }) => {
      if (!subject.supports.rawAnswers) skip("handlers cannot write Node's response");
      const app = await serve(subject, {
        routes: [
          get("/socket", (call) => {
            const { socket } = call.raw;
            call.takeOver();
            socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
            socket.on("data", (bytes) => socket.write(bytes));
            socket.on("end", () => socket.end());
          }),
        ],
      });
      app.app.server.on("upgrade", (request, socket) => {
        const response = new ServerResponse(request);
        response.assignSocket(socket as never);
        app.app.dispatch(request, response);
      });
      const connection = await app.connect();
      connection.send(requestText("GET /socket", { Connection: "Upgrade", Upgrade: "echo" }));
      await connection.until("\r\n\r\n");
      connection.send("hello");
      await connection.until("hello");
      expect(app.store.events).toEqual([]);
      connection.socket.end();
      expect(await app.trail()).toEqual(["request.completed success GET /socket 101"]);
    });

    it("nobody serves is answered like any request", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      const connection = await app.connect();
      connection.send(requestText("GET /books", { Connection: "Upgrade, close", Upgrade: "echo" }));
      await connection.until("fine");
      expect(await app.trail()).toEqual(["request.completed success GET /books 200"]);
    });
  });

  describe("a mounted router", () => {
    const below = (path: string, routes: readonly SuiteRoute[], mounts: readonly SuiteMount[] = []): SuiteMount => ({
      path,
      routes,
      mounts,
    });
    const boom = () => {
      throw new Error("private text");
    };

    it("appears in the template of its routes", async () => {
      const app = await serve(subject, { mounts: [below("/api", [get("/items/:item", ok)])] });
      await app.ask("/api/items/7");
      expect(await app.trail()).toEqual(["request.completed success GET /api/items/:item 200"]);
    });

    it("with a parameter appears as a template, never with the value", async () => {
      const app = await serve(subject, {
        mounts: [below("/users/:user", [get("/books/:book", ok)], [below("/sub/:kind", [get("/deep", ok)])])],
      });
      await app.ask("/users/sabo/books/9");
      await app.ask("/users/sabo/sub/x/deep");
      await app.ask("/users/users/books/users");
      expect(await app.trail(3)).toEqual([
        "request.completed success GET /users/:user/books/:book 200",
        "request.completed success GET /users/:user/sub/:kind/deep 200",
        "request.completed success GET /users/:user/books/:book 200",
      ]);
    });

    it("keeps its place in the template when a handler throws", async () => {
      const app = await serve(subject, { mounts: [below("/api", [get("/boom", boom)]), below("/users/:user", [get("/boom", boom)])] });
      await app.ask("/api/boom");
      await app.ask("/users/sabo/boom");
      expect(await app.trail(2)).toEqual([
        "request.failed failure GET /api/boom 500",
        "request.completed failure GET /api/boom 500",
        "request.failed failure GET /users/:user/boom 500",
        "request.completed failure GET /users/:user/boom 500",
      ]);
    });

    it("without a matching route names no path", async () => {
      const app = await serve(subject, { mounts: [below("/users/:user", [get("/books", ok)])] });
      await app.ask("/users/sabo/letters");
      expect(await app.trail()).toEqual(["request.completed failure GET (unmatched) 404"]);
    });
  });

  describe("a body the parser refuses", () => {
    it("is one record with the parser's status and no error", async () => {
      const app = await serve(subject, { routes: [post("/books", ok)] });
      const answer = await app.ask("/books", { method: "POST", headers: { "content-type": "application/json" }, body: '{"a":' });
      expect(answer.status).toBe(400);
      const [event, ...more] = await app.events();
      expect(more).toEqual([]);
      expect([event?.action, event?.outcome, event?.request?.status]).toEqual(["request.completed", "failure", 400]);
    });
  });

  describe("a refusal", () => {
    const kinds = [
      [401, "permission.denied"],
      [403, "permission.denied"],
      [429, "quota.exceeded"],
    ] as const;

    it.each(kinds)("of %i that is returned is one denial", async (status, action) => {
      const app = await serve(subject, { routes: [get("/vault", (call) => call.send(status, "no"))] });
      expect((await app.ask("/vault")).status).toBe(status);
      expect(await app.trail()).toEqual([`${action} denied GET /vault ${status}`, `request.completed denied GET /vault ${status}`]);
    });

    it.each(kinds)("of %i that is thrown is one denial", async (status, action) => {
      const app = await serve(subject, {
        routes: [
          get("/vault", async () => {
            throw refusal(status);
          }),
        ],
      });
      expect((await app.ask("/vault")).status).toBe(status);
      expect(await app.trail()).toEqual([`${action} denied GET /vault ${status}`, `request.completed denied GET /vault ${status}`]);
    });

    it("carries the reason the handler gives", async () => {
      const app = await serve(subject, {
        routes: [
          get("/vault/:room", (call) => {
            app.audit.deny({ resource: { type: "room", id: call.params.room! }, reason: "not_a_member", policy: "members-only" });
            call.send(403);
          }),
        ],
      });
      await app.ask("/vault/7", { headers: { "x-user": "sabo" } });
      const events = await app.events();
      expect(events.map((event) => event.action)).toEqual(["permission.denied", "request.completed"]);
      expect(events[0]).toMatchObject({
        actor: { id: "sabo" },
        resource: { type: "room", id: "7" },
        reason: "not_a_member",
        data: { policy: "members-only" },
      });
    });

    it("that hides behind a 404 is a denial all the same", async () => {
      const app = await serve(subject, {
        routes: [
          get("/vault", (call) => {
            app.audit.deny({ reason: "hidden" });
            call.send(404);
          }),
        ],
      });
      await app.ask("/vault");
      expect(await app.trail()).toEqual(["permission.denied denied GET /vault 404", "request.completed failure GET /vault 404"]);
    });

    it("repeated twenty times in a second is twenty denials", async () => {
      const app = await serve(subject, { routes: [get("/vault", (call) => call.send(403))] });
      await Promise.all(Array.from({ length: 20 }, () => app.ask("/vault", { headers: { "x-user": "sabo" } })));
      const lines = await app.trail(20);
      expect(lines.filter((line) => line === "permission.denied denied GET /vault 403")).toHaveLength(20);
      expect(lines).toHaveLength(40);
    });
  });

  describe("what cannot be recorded about a request", () => {
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

    it("is the connection's where no proxy is trusted, whatever a header says", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      await app.ask("/books", { headers: forged });
      expect((await app.events())[0]?.actor.ip).toBe("127.0.0.0");
    });

    it("is the header's where the framework trusts the proxy", async () => {
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
            app.audit.record(noteRecorded, { data: { note: call.params.book! } });
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
