import { Agent, type IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { settingChanged } from "@daybook/core";
import { describe, expect, it } from "vitest";
import type { Call, Extra, MiddlewareUnderTest, SuiteRoute } from "./middleware-under-test.ts";
import { requestText } from "./raw-connection.ts";
import { eventually, lineOf, pause, type ServedApp, serve } from "./served-app.ts";

/** Long enough for a byte that should wait to come all the same. */
const WATCH_MS = 40;

/**
 * A durable record keeps every byte of the answer back until it is stored, and changes nothing else about it: each case that
 * writes Node's response itself runs without a record first, and compares what the handler and the client saw.
 */
export function describeHeldAnswers(subject: MiddlewareUnderTest): void {
  const get = (handle: SuiteRoute["handle"]): SuiteRoute[] => [{ method: "GET", path: "/answer", handle }];
  const change = (app: ServedApp) => app.audit.record(settingChanged, { data: { setting: "limit", to: "7" } });

  describe("a durable record", () => {
    it("keeps every byte of the answer back until it is stored", async () => {
      const app: ServedApp = await serve(subject, {
        routes: get((call) => {
          change(app);
          call.send(200, "stored", { "x-mark": "1" });
        }),
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(connection.received()).toBe("");
      app.store.resume();
      expect(await connection.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*x-mark: 1\r\n.*\r\n\r\nstored$/s);
      expect(await app.trail()).toEqual(["setting.changed success GET /answer -", "request.completed success GET /answer 200"]);
    });

    it("does not count the time its answer was held as time of the handler", async () => {
      const app: ServedApp = await serve(subject, {
        routes: get((call) => {
          change(app);
          call.send(200, "stored");
        }),
      });
      app.store.pause();
      const answer = app.ask("/answer");
      await eventually(() => app.store.waiting > 0);
      await pause(300);
      app.store.resume();
      await answer;
      const completed = (await app.events()).find((event) => event.action === "request.completed");
      expect(completed?.request?.durationMs).toBeLessThan(280);
    });

    it("lets another answer of the same server go at once", async () => {
      const app: ServedApp = await serve(subject, {
        routes: [
          ...get((call) => {
            change(app);
            call.send(200, "stored");
          }),
          { method: "GET", path: "/free", handle: (call) => call.send(200, "free") },
        ],
      });
      app.store.pause();
      const held = app.ask("/answer");
      await eventually(() => app.store.waiting > 0);
      expect((await app.ask("/free")).body.toString()).toBe("free");
      app.store.resume();
      expect((await held).body.toString()).toBe("stored");
    });

    it("made after a wait holds the answer just the same", async () => {
      const app: ServedApp = await serve(subject, {
        routes: get(async (call) => {
          await pause(2);
          change(app);
          await pause(2);
          change(app);
          call.send(200, { two: "records" });
        }),
      });
      const answer = await app.ask("/answer");
      expect(answer.body.toString()).toBe('{"two":"records"}');
      expect(app.store.events.filter((event) => event.action === "setting.changed")).toHaveLength(2);
    });

    it("holds the answer to HEAD and a 304", async () => {
      for (const [method, status] of [
        ["HEAD", 200],
        ["GET", 304],
      ] as const) {
        const app: ServedApp = await serve(subject, {
          routes: get((call) => {
            change(app);
            call.send(status, status === 200 ? "stored" : undefined);
          }),
        });
        app.store.pause();
        const connection = await app.connect();
        connection.send(requestText(`${method} /answer`));
        await eventually(() => app.store.waiting > 0);
        await pause(WATCH_MS);
        expect(connection.received()).toBe("");
        app.store.resume();
        const text = await connection.closed();
        expect([Number(text.slice(9, 12)), text.split("\r\n\r\n")[1]]).toEqual([status, ""]);
        expect((await app.trail()).at(-1)).toBe(`request.completed success ${method} /answer ${status}`);
      }
    });

    it("made by a handler that then throws holds the error page", async () => {
      const app: ServedApp = await serve(subject, {
        routes: get(() => {
          change(app);
          throw new Error("private text");
        }),
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(connection.received()).toBe("");
      app.store.resume();
      expect(await connection.closed()).toMatch(/^HTTP\/1\.1 500 /);
    });

    it("keeps the order of the answers on a pipelined connection", async () => {
      const app: ServedApp = await serve(subject, {
        routes: [
          ...get((call) => {
            change(app);
            call.send(200, "first");
          }),
          { method: "GET", path: "/second", handle: (call) => call.send(200, "second") },
        ],
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /answer", { Connection: "keep-alive" }) + requestText("GET /second"));
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(connection.received()).toBe("");
      app.store.resume();
      const text = await connection.closed();
      expect(text.indexOf("first")).toBeGreaterThan(0);
      expect(text.indexOf("second")).toBeGreaterThan(text.indexOf("first"));
    });

    it("leaves the connection usable for the next request", async () => {
      const app: ServedApp = await serve(subject, {
        routes: get((call) => {
          change(app);
          call.send(200, "stored");
        }),
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 4; i++) expect((await app.ask("/answer", { agent })).body.toString()).toBe("stored");
      agent.destroy();
      expect(await app.trail(4)).toHaveLength(8);
    });

    it("whose client leaves while it waits is stored, and its request is partial", async () => {
      const app: ServedApp = await serve(subject, {
        routes: get((call) => {
          change(app);
          call.send(200, "stored");
        }),
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      await eventually(() => app.store.waiting > 0);
      connection.socket.destroy();
      await pause(20);
      app.store.resume();
      const lines = await app.trail();
      expect(lines).toContain("setting.changed success GET /answer -");
      expect(lines.filter((line) => line.startsWith("request.completed partial GET /answer"))).toHaveLength(1);
      expect(lines).toHaveLength(2);
    });

    it("made after the answer has left is counted", async () => {
      const app: ServedApp = await serve(subject, {
        routes: get((call) => {
          setTimeout(() => change(app), 20);
          call.send(200, "gone");
        }),
      });
      await app.ask("/answer");
      await eventually(() => app.store.events.length === 2);
      expect(app.audit.stats().lateDurable).toBe(1);
    });
  });

  describe("a durable record the store does not keep", () => {
    const failing = (app: ServedApp) => app.store.failWith(new Error("disk is full"));

    it("turns an answer of which nothing had left into 503", async () => {
      const app: ServedApp = await serve(
        subject,
        {
          routes: get((call) => {
            change(app);
            call.send(200, "private", { "set-cookie": "secret=1" });
          }),
        },
        { deadlineMs: 60 },
      );
      failing(app);
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      const text = await connection.closed();
      expect(text).toMatch(/^HTTP\/1\.1 503 /);
      expect(text).not.toMatch(/private|secret/);
      expect(JSON.parse(text.split("\r\n\r\n")[1]!)).toMatchObject({ code: "AUDIT_UNAVAILABLE" });
      app.store.failWith(undefined);
      const lines = await app.trail();
      expect(lines.filter((line) => line.startsWith("request."))).toEqual([
        "request.failed failure GET /answer 503",
        "request.completed failure GET /answer 503",
      ]);
    });

    it("cuts a connection on which the answer had begun, so that nobody takes it for a success", async ({ skip }) => {
      if (!subject.supports.rawAnswers) skip("handlers cannot write Node's response");
      const app: ServedApp = await serve(
        subject,
        {
          routes: get((call) => {
            const response = call.takeOver();
            response.writeHead(200, { "content-length": "12" });
            response.write("begun ");
            setTimeout(() => {
              change(app);
              response.end("ended!");
            }, 20);
          }),
        },
        { deadlineMs: 60 },
      );
      failing(app);
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      const text = await connection.closed();
      expect(text.endsWith("\r\n\r\nbegun ")).toBe(true);
      app.store.failWith(undefined);
      const completed = (await app.events()).filter((event) => event.action === "request.completed");
      expect(completed.map((event) => event.outcome)).toEqual(["failure"]);
    });
  });

  describe("an answer the handler writes itself", () => {
    /** What handler and client see, without a durable record and with one. */
    const compare = async (
      handle: (call: Call, record: () => void, log: (entry: unknown) => void) => unknown,
      ask: (app: ServedApp) => Promise<unknown>,
    ) => {
      const seen: { handler: unknown[]; client: unknown }[] = [];
      for (const recording of [false, true]) {
        const handler: unknown[] = [];
        const app: ServedApp = await serve(subject, {
          routes: get((call) =>
            handle(
              call,
              () => {
                if (recording) change(app);
              },
              (entry) => handler.push(entry),
            ),
          ),
        });
        const client = await ask(app);
        await app.events();
        seen.push({ handler, client });
        expect(app.problems).toEqual([]);
      }
      return seen as [(typeof seen)[number], (typeof seen)[number]];
    };
    const bodyOf = async (app: ServedApp) => {
      const { status, headers, body, trailers } = await app.ask("/answer");
      const { date: _date, ...rest } = headers;
      return { status, headers: rest, body: body.toString("latin1"), trailers };
    };
    const needsRaw = (skip: (reason: string) => void) => {
      if (!subject.supports.rawAnswers) skip("handlers cannot write Node's response");
    };

    it("calls the callbacks of write and end once each, in order", async ({ skip }) => {
      needsRaw(skip);
      const [bare, held] = await compare((call, record, log) => {
        const response = call.takeOver();
        record();
        response.setHeader("content-type", "text/plain");
        response.write("one ", () => log("one written"));
        response.write(Buffer.from("two "), () => log("two written"));
        response.write("dHdv", "base64", () => log("three written"));
        return new Promise<void>((resolve) => {
          response.on("finish", () => log("finish"));
          response.on("close", () => {
            log("close");
            resolve();
          });
          response.end(" end", () => log("ended"));
        });
      }, bodyOf);
      expect(held).toEqual(bare);
      expect(bare.handler).toHaveLength(6);
    });

    it("answers write with the same values, and tells when to go on", async ({ skip }) => {
      needsRaw(skip);
      const chunk = Buffer.alloc(64 * 1024, "x");
      const [bare, held] = await compare(async (call, record, log) => {
        const response = call.takeOver();
        record();
        response.writeHead(200, { "content-type": "application/octet-stream" });
        let written = 0;
        let waited = false;
        while (written < 40) {
          written++;
          if (!response.write(chunk)) {
            waited = true;
            await new Promise((resolve) => response.once("drain", resolve));
          }
        }
        log([written, waited, response.writableEnded]);
        response.end();
        log(response.writableEnded);
      }, bodyOf);
      expect(held).toEqual(bare);
      expect((bare.client as { body: string }).body.length).toBe(40 * 64 * 1024);
    });

    it("bounds what gathers while it is held", async ({ skip }) => {
      needsRaw(skip);
      let accepted = 0;
      const chunk = Buffer.alloc(16 * 1024, "x");
      const app: ServedApp = await serve(subject, {
        routes: get(async (call) => {
          const response = call.takeOver();
          change(app);
          while (accepted < 64) {
            accepted++;
            if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve));
          }
          response.end();
        }),
      });
      app.store.pause();
      const answer = app.ask("/answer");
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(accepted).toBeLessThan(16);
      app.store.resume();
      expect((await answer).body.length).toBe(64 * 16 * 1024);
    });

    it("takes a second end, and a write after it, as Node does", async ({ skip }) => {
      needsRaw(skip);
      const [bare, held] = await compare((call, record, log) => {
        const response = call.takeOver();
        const codes: (string | undefined)[] = [];
        const told = (error?: NodeJS.ErrnoException | null) => codes.push(error?.code);
        record();
        response.on("error", told);
        log(response.end("first") === response);
        log(response.end("second") === response);
        response.end(told);
        response.write("late", told);
        log([response.headersSent, response.writableEnded, response.statusCode]);
        // The answer finishes later where it is held, so only what is told can be compared, not when.
        response.on("close", () => log(codes.map(String).sort()));
      }, bodyOf);
      expect(held).toEqual(bare);
    });

    it("keeps headers, status message and a known length", async ({ skip }) => {
      needsRaw(skip);
      const [bare, held] = await compare((call, record) => {
        const response = call.takeOver();
        response.setHeader("set-cookie", ["a=1", "b=2"]);
        record();
        response.writeHead(201, "Made", { "content-length": "9", "x-mark": "1" });
        response.write("four");
        response.end("five!");
      }, bodyOf);
      expect(held).toEqual(bare);
      expect(bare.client).toMatchObject({ status: 201, headers: { "content-length": "9" }, body: "fourfive!" });
    });

    it("keeps its trailers", async ({ skip }) => {
      needsRaw(skip);
      const [bare, held] = await compare((call, record) => {
        const response = call.takeOver();
        response.writeHead(200, { trailer: "x-sum" });
        response.write("body");
        record();
        response.addTrailers({ "x-sum": "42" });
        response.end();
      }, bodyOf);
      expect(held).toEqual(bare);
      expect(bare.client).toMatchObject({ body: "body", trailers: { "x-sum": "42" } });
    });

    it("can be destroyed while it is held", async ({ skip }) => {
      needsRaw(skip);
      const app: ServedApp = await serve(subject, {
        routes: get((call) => {
          const response = call.takeOver();
          change(app);
          response.write("never seen");
          setTimeout(() => response.destroy(), 10);
        }),
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      expect(await connection.closed()).toBe("");
      app.store.resume();
      const completed = (await app.events()).filter((event) => event.action === "request.completed");
      expect(completed.map((event) => event.outcome)).toEqual(["partial"]);
    });

    it("streams in order, each chunk as it is written, where nothing is held", async ({ skip }) => {
      needsRaw(skip);
      const { promise: firstSeen, resolve: goOn } = Promise.withResolvers<void>();
      const app: ServedApp = await serve(subject, {
        routes: get(async (call) => {
          const response = call.takeOver();
          response.write("first");
          await firstSeen;
          response.end(" last");
        }),
      });
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      await connection.until("first");
      expect(connection.received()).not.toContain("last");
      goOn();
      expect(await connection.closed()).toMatch(/first.*last/s);
    });

    it("that has begun goes on only when a later durable record is stored", async ({ skip }) => {
      needsRaw(skip);
      const app: ServedApp = await serve(subject, {
        routes: get(async (call) => {
          const response = call.takeOver();
          response.write("before");
          await pause(10);
          app.store.pause();
          change(app);
          response.end("after");
        }),
      });
      const connection = await app.connect();
      connection.send(requestText("GET /answer"));
      await connection.until("before");
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(connection.received()).not.toContain("after");
      app.store.resume();
      expect(await connection.closed()).toContain("after");
    });
  });

  describe("a client that expects 100-continue", () => {
    it("gets it, and then its answer, held or not", async () => {
      for (const recording of [false, true]) {
        const app: ServedApp = await serve(subject, {
          routes: [
            {
              method: "POST",
              path: "/books",
              handle: (call) => {
                if (recording) change(app);
                call.send(200, call.body as object);
              },
            },
          ],
        });
        let continued = 0;
        const answer = await app.ask("/books", {
          method: "POST",
          headers: { expect: "100-continue", "content-type": "application/json", "content-length": "7" },
          body: '{"a":1}',
          onContinue: () => continued++,
        });
        expect([continued, answer.status, answer.body.toString()]).toEqual([1, 200, '{"a":1}']);
        expect((await app.trail()).at(-1)).toBe("request.completed success POST /books 200");
      }
    });
  });

  describe("an upgrade whose handler makes a durable record", () => {
    it("is neither held nor harmed", async ({ skip }) => {
      if (!subject.supports.rawAnswers) skip("handlers cannot write Node's response");
      const app: ServedApp = await serve(subject, {
        routes: get((call) => {
          const { socket } = call.raw;
          call.takeOver();
          change(app);
          socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
          socket.on("data", (bytes) => socket.write(bytes));
          socket.on("end", () => socket.end());
        }),
      });
      app.app.server.on("upgrade", (request: IncomingMessage, socket) => {
        const response = new ServerResponse(request);
        response.assignSocket(socket as never);
        app.app.dispatch(request, response);
      });
      const connection = await app.connect();
      connection.send(requestText("GET /answer", { Connection: "Upgrade", Upgrade: "echo" }));
      await connection.until("\r\n\r\n");
      connection.send("hello");
      await connection.until("hello");
      connection.socket.end();
      expect((await app.events()).map(lineOf)).toEqual([
        "setting.changed success GET /answer -",
        "request.completed success GET /answer 101",
      ]);
    });
  });

  describe("compression and sessions", () => {
    const orders: readonly (readonly [string, readonly Extra[], readonly Extra[]])[] = [
      ["both before", ["compression", "session"], []],
      ["both after", [], ["compression", "session"]],
      ["compression before and a session after", ["compression"], ["session"]],
      ["a session before and compression after", ["session"], ["compression"]],
    ];
    const text = "a line that compresses well\n".repeat(400);

    it.each(orders)("%s: the answer is whole, and held until a durable record is stored", async (_order, before, after) => {
      if (!subject.supports.extras) return;
      const app: ServedApp = await serve(subject, {
        before,
        after,
        routes: get((call) => {
          change(app);
          call.send(200, text, { "content-type": "text/plain" });
        }),
      });
      app.store.pause();
      let answered = false;
      const answer = app.ask("/answer", { headers: { "accept-encoding": "gzip" } }).finally(() => {
        answered = true;
      });
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(answered).toBe(false);
      app.store.resume();
      const { status, headers, body } = await answer;
      expect([status, headers["content-encoding"]]).toEqual([200, "gzip"]);
      expect(headers["set-cookie"]).toHaveLength(1);
      expect(gunzipSync(body).toString()).toBe(text);
      expect(await app.trail()).toEqual(["setting.changed success GET /answer -", "request.completed success GET /answer 200"]);
    });

    it.each(orders)("%s: an answer that is not held is one record", async (_order, before, after) => {
      if (!subject.supports.extras) return;
      const app = await serve(subject, { before, after, routes: get((call) => call.send(200, text, { "content-type": "text/plain" })) });
      const { headers, body } = await app.ask("/answer", { headers: { "accept-encoding": "gzip" } });
      expect(headers["set-cookie"]).toHaveLength(1);
      expect(gunzipSync(body).toString()).toBe(text);
      expect(await app.trail()).toEqual(["request.completed success GET /answer 200"]);
    });

    it.each(orders)("%s: a record that cannot be stored is 503", async (_order, before, after) => {
      if (!subject.supports.extras) return;
      const app: ServedApp = await serve(
        subject,
        {
          before,
          after,
          routes: get((call) => {
            change(app);
            call.send(200, text, { "content-type": "text/plain" });
          }),
        },
        { deadlineMs: 60 },
      );
      app.store.failWith(new Error("disk is full"));
      expect((await app.ask("/answer", { headers: { "accept-encoding": "gzip" } })).status).toBe(503);
    });
  });
}
