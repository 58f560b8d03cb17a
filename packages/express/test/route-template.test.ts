import type { AddressInfo } from "node:net";
import { type AuditLog, createAuditLog, memoryStore } from "@daybook/core";
import { type AuditMiddlewareOptions, auditMiddleware } from "@daybook/express";
import express, { type Express, type Request, type RequestHandler } from "express";
import { describe, expect, it, onTestFinished } from "vitest";

const ok: RequestHandler = (_request, response) => void response.send("fine");
const boom: RequestHandler = () => {
  throw new Error("private text");
};

/** The routes recorded for these paths, asked for one after the other. */
async function routesOf(
  paths: readonly string[],
  build: (audit: RequestHandler) => Express,
  options: AuditMiddlewareOptions = {},
  log = quiet(),
) {
  const app = build(auditMiddleware({ audit: log.audit, ...options }));
  app.set("env", "test");
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  for (const path of paths) await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)).text();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await log.audit.close();
  return log.store.events.filter((event) => event.action === "request.completed").map((event) => event.request?.route);
}

function quiet(problems: string[] = []) {
  const store = memoryStore();
  const audit: AuditLog = createAuditLog({ store, signals: false, onProblem: (error) => problems.push(error.message) });
  return { store, audit };
}

describe("the route of a request", () => {
  it("is the path alone under a root mount", async () => {
    const routes = await routesOf(["/api", "/api/"], (audit) => {
      const api = express.Router().get("/", ok);
      return express().use(audit).use("/api", api);
    });
    expect(routes).toEqual(["/api", "/api"]);
  });

  it("includes the mount of a sub-application", async () => {
    const routes = await routesOf(["/admin/users/7", "/admin/boom"], (audit) => {
      const admin = express().get("/users/:user", ok).get("/boom", boom);
      admin.set("env", "test");
      return express().use(audit).use("/admin", admin);
    });
    expect(routes).toEqual(["/admin/users/:user", "/admin/boom"]);
  });

  it("is known if only the sub-application records", async () => {
    const routes = await routesOf(["/admin/users/7", "/admin/users/8"], (audit) => {
      const admin = express().use(audit).get("/users/:user", ok);
      return express().use("/admin", admin);
    });
    expect(routes.at(-1)).toBe("/admin/users/:user");
  });

  it("never holds a value, even in the first request", async () => {
    const routes = await routesOf(["/readers/sabo/books/9", "/readers/sabo/books/9"], (audit) => {
      const reader = express.Router().use(audit).get("/books/:book", ok);
      return express().use("/readers/:reader", reader);
    });
    expect(routes).toEqual(["/(mounted)/books/:book", "/readers/:reader/books/:book"]);
  });

  it("is the template if the middleware's mount has parameters", async () => {
    const routes = await routesOf(["/readers/sabo/books/9"], (audit) =>
      express().use("/readers/:reader", audit).get("/readers/:reader/books/:book", ok),
    );
    expect(routes).toEqual(["/readers/:reader/books/:book"]);
  });

  it("is the matching one of several paths", async () => {
    const routes = await routesOf(["/b/7", "/y/sabo/x"], (audit) =>
      express().use(audit).get(["/a/:one", "/b/:two"], ok).use(["/x/:who", "/y/:whom"], express.Router().get("/x", ok)),
    );
    expect(routes).toEqual(["/b/:two", "/y/:whom/x"]);
  });

  it("is the expression of a regular-expression path", async () => {
    const routes = await routesOf(["/files/a/b", "/old/sabo/x"], (audit) =>
      express()
        .use(audit)
        .get(/^\/files\/(.*)$/, ok)
        .use(/^\/old\/[a-z]+/, express.Router().get("/x", ok)),
    );
    expect(routes).toEqual(["/^\\/files\\/(.*)$/", "/^\\/old\\/[a-z]+/x"]);
  });

  it("keeps its encoding out of the template", async () => {
    const routes = await routesOf(["/readers/s%C3%A1b%2Fo/books"], (audit) =>
      express().use(audit).use("/readers/:reader", express.Router().get("/books", ok)),
    );
    expect(routes).toEqual(["/readers/:reader/books"]);
  });

  it("is the label of the application", async () => {
    const label = (request: Request) => (request.path.startsWith("/v") ? "/v*/books" : undefined);
    const routes = await routesOf(["/v1/books", "/books"], (audit) => express().use(audit).get(["/v1/books"], ok).get("/books", ok), {
      routeLabel: label,
    });
    expect(routes).toEqual(["/v*/books", "/books"]);
  });

  it("is the template if the label throws", async () => {
    const problems: string[] = [];
    const log = quiet(problems);
    const routes = await routesOf(
      ["/books"],
      (audit) => express().use(audit).get("/books", ok),
      {
        routeLabel: () => {
          throw new Error("no name");
        },
      },
      log,
    );
    expect(routes).toEqual(["/books"]);
    expect(problems[0]).toContain("`routeLabel` threw for a request: no name");
  });
});

describe("a request of Express", () => {
  it("keeps its own baseUrl and route", async () => {
    const seen: unknown[] = [];
    const look: RequestHandler = (request, _response, next) => {
      seen.push([request.baseUrl, (request.route as { path: string } | undefined)?.path, request.url]);
      next();
    };
    await routesOf(["/api/items/7?x=1"], (audit) =>
      express()
        .use(look)
        .use(audit)
        .use("/api", look, express.Router().get("/items/:item", look, ok))
        .use(look),
    );
    expect(seen).toEqual([
      ["", undefined, "/api/items/7?x=1"],
      ["/api", undefined, "/items/7?x=1"],
      ["/api", "/items/:item", "/items/7?x=1"],
    ]);
  });

  it("keeps the application's own `audit`", async () => {
    let seen: unknown;
    await routesOf(["/books"], (audit) =>
      express()
        .use(audit)
        .use((request, _response, next) => {
          Object.assign(request, { audit: "mine" });
          next();
        })
        .get("/books", (request, response) => {
          seen = request.audit;
          response.send("fine");
        }),
    );
    expect(seen).toBe("mine");
  });
});
