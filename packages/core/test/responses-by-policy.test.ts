import { createServer, get, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ExchangeSource, HttpAudit } from "../src/http.ts";
import { type AuditLogOptions, accessChanged } from "../src/index.ts";
import { eventually, expectBalance, logOver } from "./support/logs.ts";
import { type Mood, moodySink } from "./support/moody-sink.ts";

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly ms: number;
}

/** A server as an adapter would build it: the exchange around the handler, the intent before it. */
async function served(mood: Mood, log: Partial<AuditLogOptions>, level: "metadata" | "always" = "metadata") {
  const sink = moodySink({ mood });
  const { audit } = logOver(sink, { deadlineMs: 150, ...log });
  const http = new HttpAudit(audit, {});
  let handled = 0;
  const listener: RequestListener = (request, response) => {
    const handle = () => {
      handled++;
      if (level === "metadata") audit.record(accessChanged, { data: {} });
      response.end("done");
    };
    const refuse = (error: { statusCode: number }) => {
      response.statusCode = error.statusCode;
      response.end("refused");
    };
    const source: ExchangeSource<typeof request> = {
      request,
      raw: request,
      response,
      path: "/",
      level,
      ip: () => undefined,
      route: () => "/",
    };
    http.follow(source, { next: (error) => (error === undefined ? handle() : refuse(error as { statusCode: number })) });
  };
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const ask = () =>
    new Promise<Answer>((resolve, reject) => {
      const begun = performance.now();
      get({ port: (server.address() as AddressInfo).port, agent: false }, (answer) => {
        let body = "";
        answer.on("data", (chunk: Buffer) => {
          body += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode, body, ms: performance.now() - begun }));
      }).on("error", reject);
    });
  return { audit, sink, ask, handled: () => handled };
}

describe.each<Mood>(["failing", "hanging"])("a response while the store is %s", (mood) => {
  it("is 503 at the deadline if a record blocks", async () => {
    const { ask, audit, sink } = await served(mood, {});
    const { status, body, ms } = await ask();
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 503, code: "AUDIT_UNAVAILABLE" });
    expect(ms).toBeGreaterThanOrEqual(149);
    expect(ms).toBeLessThan(1_000);
    sink.become("well");
    await eventually(() => sink.events.some((event) => event.action === "request.completed"));
    expect(sink.events.find((event) => event.action === "request.completed")).toMatchObject({
      outcome: "failure",
      request: { status: 503 },
    });
    expectBalance(audit);
  });

  it("is the handler's own if the record may be missing", async () => {
    const { ask, sink, audit } = await served(mood, { onStoreFailure: { admin_action: "continue" } });
    expect(await ask()).toMatchObject({ status: 200, body: "done" });
    sink.become("well");
    await audit.flush();
    expect(audit.stats().dropped.sink_failed + audit.stats().written).toBeGreaterThan(0);
    expectBalance(audit);
  });

  it("is 503 before the handler runs without an intent", async () => {
    const { ask, handled, sink } = await served(mood, {}, "always");
    expect(await ask()).toMatchObject({ status: 503, body: "refused" });
    expect(handled()).toBe(0);
    sink.become("well");
    expect(await ask()).toMatchObject({ status: 200, body: "done" });
    expect(handled()).toBe(1);
  });

  it("is the handler's own if the intent may be missing", async () => {
    const { ask, handled, sink } = await served(mood, { onStoreFailure: { "request.started": "continue" } }, "always");
    expect(await ask()).toMatchObject({ status: 200, body: "done" });
    expect(handled()).toBe(1);
    sink.become("well");
  });
});

describe("a response while the store is well", () => {
  it("waits only for the durable record", async () => {
    const { ask, sink } = await served("well", {});
    expect(await ask()).toMatchObject({ status: 200, body: "done" });
    expect(sink.events[0]).toMatchObject({ action: "access.changed" });
  });
});
