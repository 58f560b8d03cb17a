import { type AddressInfo, connect } from "node:net";
import { createAuditLog, isDaybookError, noteRecorded } from "@daybook/core";
import auditPlugin, { type AuditPluginOptions } from "@daybook/fastify";
import { controlledStore } from "@daybook/testkit";
import fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";

function log() {
  const store = controlledStore();
  const audit = createAuditLog({ store, signals: false, onProblem: () => undefined });
  onTestFinished(async () => {
    store.resume();
    await audit.close();
  });
  const routes = async () => {
    await new Promise((resolve) => setTimeout(resolve, 15));
    await audit.flush();
    return store.events.filter((event) => event.action === "request.completed").map((event) => event.request?.route);
  };
  return { store, audit, routes };
}

async function server(build: (app: FastifyInstance) => unknown, options: FastifyServerOptions = { forceCloseConnections: true }) {
  const app = fastify(options);
  await build(app);
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { app, get: async (path: string) => (await fetch(url + path)).status };
}

describe("auditPlugin", () => {
  it("records routes of all plugins and prefixes", async () => {
    const { audit, routes } = log();
    const { get } = await server(async (app) => {
      app.register(async (below) => below.get("/first", async () => "fine"), { prefix: "/v1" });
      await app.register(auditPlugin, { audit });
      app.register(async (below) => below.get("/second/:id", async () => "fine"), { prefix: "/v2" });
    });
    await get("/v1/first");
    await get("/v2/second/7");
    expect(await routes()).toEqual(["/v1/first", "/v2/second/:id"]);
  });

  it("records simulated requests too", async () => {
    const { audit, store, routes } = log();
    const app = fastify();
    await app.register(auditPlugin, { audit });
    app.get("/books", async () => "a body of some length".repeat(5_000));
    app.get("/durable", async () => {
      await audit.record(noteRecorded, { data: { note: "kept" }, severity: "critical" }).stored;
      return "stored";
    });
    expect((await app.inject("/books")).statusCode).toBe(200);
    expect((await app.inject("/durable")).body).toBe("stored");
    expect((await app.inject({ url: "/nothing", method: "POST" })).statusCode).toBe(404);
    expect(await routes()).toEqual(["/books", "/durable", "(unmatched)"]);
    expect(store.events.map((event) => event.outcome)).toEqual(["success", "success", "success", "failure"]);
    await app.close();
  });

  it("refuses an unknown level at route creation", async () => {
    const app = fastify();
    const { audit } = log();
    await app.register(auditPlugin, { audit });
    const add = () => app.get("/books", { config: { audit: "allways" as never } }, async () => "fine");
    expect(add).toThrow(/`config.audit` of \/books is one of none, metadata, always/);
  });

  it("prefers the level of a route's config to its policy", async () => {
    const { audit, routes } = log();
    const { get } = await server(async (app) => {
      await app.register(auditPlugin, { audit, policy: [{ path: "/books/*", level: "none" }] });
      app.get("/books/:book", { config: { audit: "metadata" } }, async () => "fine");
      app.get("/books/hidden", async () => "fine");
    });
    await get("/books/7");
    await get("/books/hidden");
    expect(await routes()).toEqual(["/books/:book"]);
  });

  it("matches a policy against the route template too", async () => {
    const { audit, store } = log();
    const app = fastify({ routerOptions: { ignoreDuplicateSlashes: true, useSemicolonDelimiter: true } as object });
    await app.register(auditPlugin, { audit, policy: [{ path: "/vault/:room", level: "always" }] });
    app.get("/vault/:room", async () => "open");
    for (const url of ["/vault/7", "//vault//7", "/vault/7;x", "/%76ault/7", "/VAULT/7"]) await app.inject(url);
    await new Promise((resolve) => setTimeout(resolve, 15));
    await audit.flush();
    const of = (action: string) => store.events.filter((event) => event.action === action);
    const open = of("request.completed").filter((event) => event.request?.status === 200);
    expect(open.length).toBeGreaterThanOrEqual(4);
    expect(of("request.started").length).toBeGreaterThanOrEqual(open.length);
    await app.close();
  });

  it("waits at close for its records, with a bound", async () => {
    const { audit, store } = log();
    const quick = fastify();
    await quick.register(auditPlugin, { audit });
    quick.get("/books", async () => "fine");
    await quick.inject("/books");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await quick.close();
    expect(store.events.map((event) => event.action)).toEqual(["request.completed"]);

    const slow = fastify();
    await slow.register(auditPlugin, { audit, flushDeadlineMs: 30 });
    slow.get("/books", async () => "fine");
    store.pause();
    await slow.inject("/books");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const begun = performance.now();
    await slow.close();
    expect(performance.now() - begun).toBeGreaterThan(20);
    expect(store.events).toHaveLength(1);
    // The log was given, so it is open still.
    store.resume();
    await audit.record(noteRecorded, { data: { note: "open" } }).stored;
  });

  it("records the 503 of a server that is closing", async () => {
    const { audit, store } = log();
    const { app } = await server(
      async (made) => {
        await made.register(auditPlugin, { audit });
        made.get("/wait", () => new Promise((resolve) => setTimeout(resolve, 60, "late")));
      },
      { forceCloseConnections: false },
    );
    const { port } = app.server.address() as AddressInfo;
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const ask = () => socket.write("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    await new Promise((resolve) => socket.once("connect", resolve));
    ask();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const closing = app.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
    ask();
    await closing;
    await audit.flush();
    expect(store.events.map((event) => event.request?.status)).toContain(503);
  });

  it("records in two logs", async () => {
    const [one, two] = [log(), log()];
    const { get } = await server(async (app) => {
      await app.register(auditPlugin, { audit: one.audit });
      await app.register(auditPlugin, { audit: two.audit });
      app.get("/books", async () => "fine");
    });
    await get("/books");
    expect([await one.routes(), await two.routes()]).toEqual([["/books"], ["/books"]]);
  });

  it("is refused by an unsupported Fastify", () => {
    const { fastify: range, name } = (auditPlugin as unknown as Record<symbol, { fastify: string; name: string }>)[
      Symbol.for("plugin-meta")
    ]!;
    expect([range, name]).toEqual(["5.x", "@daybook/fastify"]);
  });

  it("names a wrong option at start", async () => {
    const { audit } = log();
    const app = fastify();
    const options: AuditPluginOptions = { audit, policy: [{ path: "books", level: "none" }] };
    const failure = await app.register(auditPlugin, options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isDaybookError(failure) && failure.code).toBe("BAD_OPTION");
  });
});

describe("auditPlugin registered in a scope", () => {
  it("records only the routes of that scope", async () => {
    const { audit, routes } = log();
    const { get } = await server((app) => {
      app.register(async (scope) => scope.get("/outside", async () => "fine"));
      app.register(
        async (scope) => {
          await scope.register(auditPlugin, { audit });
          scope.get("/inside", async () => "fine");
        },
        { prefix: "/api" },
      );
    });
    for (const path of ["/outside", "/api/inside", "/nothing", "/%zz"]) await get(path);
    expect(await routes()).toEqual(["/api/inside"]);
  });
});
