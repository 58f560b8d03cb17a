import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { present } from "../store/present.ts";
import type { Call, MiddlewareUnderTest } from "./middleware-under-test.ts";
import { requestText } from "./raw-connection.ts";
import { eventually, lineOf, pause, serve } from "./served-app.ts";
import { get, ok, post } from "./suite-routes.ts";

/** A client that closes its connection early leaves one partial record. */
export function describeDepartedClients(subject: MiddlewareUnderTest): void {
  describe("a client that leaves", () => {
    it("before the response is partial, without a status", async () => {
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
      expect(lineOf(present(event))).toBe("request.completed partial GET /wait -");
      expect(event?.actor).toMatchObject({ kind: "user", id: "sabo", ip: "127.0.0.0" });
    });

    it("during the response is partial, never a success", async () => {
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

    it("is recorded once if the handler responds later", async () => {
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

    it("before the middleware runs is recorded once", async () => {
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
}
