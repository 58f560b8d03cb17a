import { describe, expect, it } from "vitest";
import type { Call, MiddlewareUnderTest } from "./middleware-under-test.ts";
import { requestText } from "./raw-connection.ts";
import { eventually, pause, type ServedApp, serve } from "./served-app.ts";
import { change, heldRoute, WATCH_MS } from "./suite-routes.ts";

/** Each case runs without a durable record first, and compares what the handler and the client saw. */
export function describeRawResponses(subject: MiddlewareUnderTest): void {
  describe("a response that the handler writes itself", () => {
    /** What handler and client see, without a durable record and with one. */
    const compare = async (
      handle: (call: Call, record: () => void, log: (entry: unknown) => void) => unknown,
      ask: (app: ServedApp) => Promise<unknown>,
    ) => {
      const seen: { handler: unknown[]; client: unknown }[] = [];
      for (const recording of [false, true]) {
        const handler: unknown[] = [];
        const app: ServedApp = await serve(subject, {
          routes: heldRoute((call) =>
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
      const { status, headers, body, trailers } = await app.ask("/held");
      const { date: _date, ...rest } = headers;
      return { status, headers: rest, body: body.toString("latin1"), trailers };
    };
    const needsRaw = (skip: (reason: string) => void) => {
      if (!subject.supports.rawAnswers) skip("handlers cannot write Node's response");
    };

    it("calls callbacks of write and end in order", async ({ skip }) => {
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

    it("returns the same values of write, and drains", async ({ skip }) => {
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

    it("bounds its buffer while it is delayed", async ({ skip }) => {
      needsRaw(skip);
      let accepted = 0;
      const chunk = Buffer.alloc(16 * 1024, "x");
      const app: ServedApp = await serve(subject, {
        routes: heldRoute(async (call) => {
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
      const answer = app.ask("/held");
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(accepted).toBeLessThan(16);
      app.store.resume();
      expect((await answer).body.length).toBe(64 * 16 * 1024);
    });

    it("treats a second end as Node does", async ({ skip }) => {
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
        // A delayed response finishes later, so the test compares the codes and not their time.
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

    it("can be destroyed while it is delayed", async ({ skip }) => {
      needsRaw(skip);
      const app: ServedApp = await serve(subject, {
        routes: heldRoute((call) => {
          const response = call.takeOver();
          change(app);
          response.write("never seen");
          setTimeout(() => response.destroy(), 10);
        }),
      });
      app.store.pause();
      const connection = await app.connect();
      connection.send(requestText("GET /held"));
      expect(await connection.closed()).toBe("");
      app.store.resume();
      const completed = (await app.events()).filter((event) => event.action === "request.completed");
      expect(completed.map((event) => event.outcome)).toEqual(["partial"]);
    });

    it("streams each chunk at once without a delay", async ({ skip }) => {
      needsRaw(skip);
      const { promise: firstSeen, resolve: goOn } = Promise.withResolvers<void>();
      const app: ServedApp = await serve(subject, {
        routes: heldRoute(async (call) => {
          const response = call.takeOver();
          response.write("first");
          await firstSeen;
          response.end(" last");
        }),
      });
      const connection = await app.connect();
      connection.send(requestText("GET /held"));
      await connection.until("first");
      expect(connection.received()).not.toContain("last");
      goOn();
      expect(await connection.closed()).toMatch(/first.*last/s);
    });

    it("continues only after a later durable record", async ({ skip }) => {
      needsRaw(skip);
      const app: ServedApp = await serve(subject, {
        routes: heldRoute(async (call) => {
          const response = call.takeOver();
          response.write("before");
          await pause(10);
          app.store.pause();
          change(app);
          response.end("after");
        }),
      });
      const connection = await app.connect();
      connection.send(requestText("GET /held"));
      await connection.until("before");
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(connection.received()).not.toContain("after");
      app.store.resume();
      expect(await connection.closed()).toContain("after");
    });
  });
}
