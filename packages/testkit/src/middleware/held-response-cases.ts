import { Agent } from "node:http";
import { describe, expect, it } from "vitest";
import type { MiddlewareUnderTest } from "./middleware-under-test.ts";
import { type RawConnection, requestText } from "./raw-connection.ts";
import { eventually, pause, type ServedApp, serve } from "./served-app.ts";
import { change, heldRoute, WATCH_MS } from "./suite-routes.ts";

/** A durable record pauses every byte of the response until it is stored, and changes nothing else about the response. */
export function describeHeldResponses(subject: MiddlewareUnderTest): void {
  describe("a durable record", () => {
    it("delays every byte of the response until stored", async () => {
      const app: ServedApp = await serve(subject, {
        routes: heldRoute((call) => {
          change(app);
          call.send(200, "stored", { "x-mark": "1" });
        }),
      });
      const connection = await sentWhileHeld(app);
      app.store.resume();
      expect(await connection.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*x-mark: 1\r\n.*\r\n\r\nstored$/s);
      expect(await app.trail()).toEqual(["setting.changed success GET /held -", "request.completed success GET /held 200"]);
    });

    it("leaves the delay out of the duration", async () => {
      const app: ServedApp = await serve(subject, {
        routes: heldRoute((call) => {
          change(app);
          call.send(200, "stored");
        }),
      });
      app.store.pause();
      const answer = app.ask("/held");
      await eventually(() => app.store.waiting > 0);
      await pause(300);
      app.store.resume();
      await answer;
      const completed = (await app.events()).find((event) => event.action === "request.completed");
      expect(completed?.request?.durationMs).toBeLessThan(280);
    });

    it("does not delay another response", async () => {
      const app: ServedApp = await serve(subject, {
        routes: [
          ...heldRoute((call) => {
            change(app);
            call.send(200, "stored");
          }),
          { method: "GET", path: "/free", handle: (call) => call.send(200, "free") },
        ],
      });
      app.store.pause();
      const held = app.ask("/held");
      await eventually(() => app.store.waiting > 0);
      expect((await app.ask("/free")).body.toString()).toBe("free");
      app.store.resume();
      expect((await held).body.toString()).toBe("stored");
    });

    it("made later also delays the response", async () => {
      const app: ServedApp = await serve(subject, {
        routes: heldRoute(async (call) => {
          await pause(2);
          change(app);
          await pause(2);
          change(app);
          call.send(200, { two: "records" });
        }),
      });
      const answer = await app.ask("/held");
      expect(answer.body.toString()).toBe('{"two":"records"}');
      expect(app.store.events.filter((event) => event.action === "setting.changed")).toHaveLength(2);
    });

    it("delays the response to HEAD and a 304", async () => {
      for (const [method, status] of [
        ["HEAD", 200],
        ["GET", 304],
      ] as const) {
        const app: ServedApp = await serve(subject, {
          routes: heldRoute((call) => {
            change(app);
            call.send(status, status === 200 ? "stored" : undefined);
          }),
        });
        app.store.pause();
        const connection = await app.connect();
        connection.send(requestText(`${method} /held`));
        await eventually(() => app.store.waiting > 0);
        await pause(WATCH_MS);
        expect(connection.received()).toBe("");
        app.store.resume();
        const text = await connection.closed();
        expect([Number(text.slice(9, 12)), text.split("\r\n\r\n")[1]]).toEqual([status, ""]);
        expect((await app.trail()).at(-1)).toBe(`request.completed success ${method} /held ${status}`);
      }
    });

    it("delays the error page of a throwing handler", async () => {
      const app: ServedApp = await serve(subject, {
        routes: heldRoute(() => {
          change(app);
          throw new Error("private text");
        }),
      });
      const connection = await sentWhileHeld(app);
      app.store.resume();
      expect(await connection.closed()).toMatch(/^HTTP\/1\.1 500 /);
    });

    it("keeps the order of pipelined responses", async () => {
      const app: ServedApp = await serve(subject, {
        routes: [
          ...heldRoute((call) => {
            change(app);
            call.send(200, "first");
          }),
          { method: "GET", path: "/second", handle: (call) => call.send(200, "second") },
        ],
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /held", { Connection: "keep-alive" }) + requestText("GET /second"));
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
        routes: heldRoute((call) => {
          change(app);
          call.send(200, "stored");
        }),
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 4; i++) expect((await app.ask("/held", { agent })).body.toString()).toBe("stored");
      agent.destroy();
      expect(await app.trail(4)).toHaveLength(8);
    });

    it("is stored although its client leaves", async () => {
      const app: ServedApp = await serve(subject, {
        routes: heldRoute((call) => {
          change(app);
          call.send(200, "stored");
        }),
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /held"));
      await eventually(() => app.store.waiting > 0);
      connection.socket.destroy();
      await pause(20);
      app.store.resume();
      const lines = await app.trail();
      expect(lines).toContain("setting.changed success GET /held -");
      expect(lines.filter((line) => line.startsWith("request.completed partial GET /held"))).toHaveLength(1);
      expect(lines).toHaveLength(2);
    });

    it("made after the response is counted", async () => {
      const app: ServedApp = await serve(subject, {
        routes: heldRoute((call) => {
          setTimeout(() => change(app), 20);
          call.send(200, "gone");
        }),
      });
      await app.ask("/held");
      await eventually(() => app.store.events.length === 2);
      expect(app.audit.stats().lateDurable).toBe(1);
    });
  });

  describe("a durable record the store does not keep", () => {
    const failing = (app: ServedApp) => app.store.failWith(new Error("disk is full"));

    it("turns a response that was not begun into 503", async () => {
      const app: ServedApp = await serve(
        subject,
        {
          routes: heldRoute((call) => {
            change(app);
            call.send(200, "private", { "set-cookie": "secret=1" });
          }),
        },
        { deadlineMs: 60 },
      );
      failing(app);
      const connection = await app.connect();
      connection.send(requestText("GET /held"));
      const text = await connection.closed();
      expect(text).toMatch(/^HTTP\/1\.1 503 /);
      expect(text).not.toMatch(/private|secret/);
      expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: "AUDIT_UNAVAILABLE" });
      app.store.failWith(undefined);
      const lines = await app.trail();
      expect(lines.filter((line) => line.startsWith("request."))).toEqual([
        "request.failed failure GET /held 503",
        "request.completed failure GET /held 503",
      ]);
    });

    it("cuts the connection of a begun response", async ({ skip }) => {
      if (!subject.supports.rawAnswers) skip("handlers cannot write Node's response");
      const app: ServedApp = await serve(
        subject,
        {
          routes: heldRoute((call) => {
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
      connection.send(requestText("GET /held"));
      const text = await connection.closed();
      expect(text.endsWith("\r\n\r\nbegun ")).toBe(true);
      app.store.failWith(undefined);
      const completed = (await app.events()).filter((event) => event.action === "request.completed");
      expect(completed.map((event) => event.outcome)).toEqual(["failure"]);
    });
  });

  describe("a client that expects 100-continue", () => {
    it("gets it, and then its response", async () => {
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
}

/** A connection that has sent its request and has received no byte, because the store is paused. */
async function sentWhileHeld(app: ServedApp): Promise<RawConnection> {
  app.store.pause();
  const connection = await app.connect();
  connection.send(requestText("GET /held"));
  await eventually(() => app.store.waiting > 0);
  await pause(WATCH_MS);
  expect(connection.received()).toBe("");
  return connection;
}
