import { once } from "node:events";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { createAuditLog, memoryStore } from "@daybook/core";
import { auditPlugin } from "@daybook/fastify";
import fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";

describe("a request over HTTP/2", () => {
  it("is one record with its true outcome", async () => {
    const store = memoryStore();
    const audit = createAuditLog({ store, signals: false });
    const app = fastify({ http2: true, forceCloseConnections: true });
    await app.register(auditPlugin, { audit });
    app.get("/books/:book", async () => "fine");
    app.get("/wait", () => new Promise(() => undefined));
    app.get("/vault", (_request, reply) => void reply.status(403).send("no"));
    await app.listen({ port: 0, host: "127.0.0.1" });
    const client = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
    onTestFinished(async () => {
      client.destroy();
      await app.close();
      await audit.close();
    });

    for (const path of ["/books/7", "/vault", "/nothing"]) {
      const stream = client.request({ ":path": path });
      stream.resume();
      await once(stream, "end");
    }
    const left = client.request({ ":path": "/wait" });
    await new Promise((resolve) => setTimeout(resolve, 30));
    left.close();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await audit.flush();
    expect(
      store.events.map(({ action, outcome, actor, request }) => [action, outcome, actor?.ip, request?.route, request?.status]),
    ).toEqual([
      ["request.completed", "success", "127.0.0.0", "/books/:book", 200],
      ["permission.denied", "denied", "127.0.0.0", "/vault", 403],
      ["request.completed", "denied", "127.0.0.0", "/vault", 403],
      ["request.completed", "failure", "127.0.0.0", "(unmatched)", 404],
      ["request.completed", "partial", "127.0.0.0", "/wait", undefined],
    ]);
  });
});
