import { type IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import type { MiddlewareUnderTest } from "./middleware-under-test.ts";
import { requestText } from "./raw-connection.ts";
import { lineOf, type ServedApp, serve } from "./served-app.ts";
import { change, get, heldRoute, ok } from "./suite-routes.ts";

/** Upgraded connections: one record with status 101, made when the connection ends. */
export function describeUpgrades(subject: MiddlewareUnderTest): void {
  describe("an upgrade", () => {
    it("is one record with status 101", async ({ skip }) => {
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

    it("without a handler is a normal request", async () => {
      const app = await serve(subject, { routes: [get("/books", ok)] });
      const connection = await app.connect();
      connection.send(requestText("GET /books", { Connection: "Upgrade, close", Upgrade: "echo" }));
      await connection.until("fine");
      expect(await app.trail()).toEqual(["request.completed success GET /books 200"]);
    });
  });

  describe("an upgrade whose handler makes a durable record", () => {
    it("is neither delayed nor changed", async ({ skip }) => {
      if (!subject.supports.rawAnswers) skip("handlers cannot write Node's response");
      const app: ServedApp = await serve(subject, {
        routes: heldRoute((call) => {
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
      connection.send(requestText("GET /held", { Connection: "Upgrade", Upgrade: "echo" }));
      await connection.until("\r\n\r\n");
      connection.send("hello");
      await connection.until("hello");
      connection.socket.end();
      expect((await app.events()).map(lineOf)).toEqual(["setting.changed success GET /held -", "request.completed success GET /held 101"]);
    });
  });
}
