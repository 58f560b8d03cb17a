import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type AuditLog, fileSink } from "@daybook/core";
import { auditErrorMiddleware, auditMiddleware } from "@daybook/express";
import { auditPlugin } from "@daybook/fastify";
import { createMetrics } from "@daybook/metrics";
import Database from "better-sqlite3";
import express, { type ErrorRequestHandler } from "express";
import fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { exportPerson, type Journal, privacyInformation } from "../src/index.ts";
import { type House, openHouse, TICK } from "./support/house.ts";

const REQUESTS = 200;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a request says, wherever a request can say something. */
function said(canary: string, user: string, i: number): { path: string; init: RequestInit } {
  const kinds = [
    () => ({ path: `/search?q=${canary}`, init: {} }),
    () => ({ path: `/files/${canary}.txt`, init: {} }),
    () => ({ path: `/nowhere/${canary}`, init: {} }),
    () => ({ path: `/fail?why=${canary}`, init: {} }),
    () => ({
      path: "/notes",
      init: { method: "POST", body: JSON.stringify({ text: canary }), headers: { "content-type": "application/json" } },
    }),
    () => {
      const form = new FormData();
      form.set("book", new File([canary], `${canary}.txt`));
      return { path: "/uploads", init: { method: "POST", body: form } };
    },
    () => ({ path: `/search?q=x&cookie=1`, init: { headers: { cookie: `last=${canary}`, referer: `http://example.org/${canary}` } } }),
    () => ({
      path: "/search?q=y",
      init: { headers: { authorization: `Bearer ${canary}`, "x-note": canary, "user-agent": `curl/${canary}`, traceparent: canary } },
    }),
  ];
  const { path, init } = kinds[i % kinds.length]!();
  return { path, init: { ...init, headers: { ...(init as { headers?: object }).headers, "x-user": user } } };
}

/** The same small application on both frameworks: it searches, shows files, takes notes and fails with what it was given. */
const APPLICATIONS: readonly {
  readonly name: string;
  start(audit: AuditLog, journal: Journal): Promise<{ url: string; close(): Promise<void> }>;
}[] = [
  {
    name: "express",
    async start(audit, journal) {
      const app = express();
      app.use(auditMiddleware({ audit, user: (request) => request.get("x-user") }));
      app.use(express.json());
      app.get("/search", (request, response) => {
        void journal.record(request.get("x-user")!, "search", { query: String(request.query.q) });
        response.json({ found: 3 });
      });
      app.get("/files/:name", (request, response) => {
        void journal.record(request.get("x-user")!, "read", { resource: { type: "file", id: request.params.name } });
        response.send("contents");
      });
      app.post("/notes", (request, response) => {
        void journal.record(request.get("x-user")!, "note", { query: request.body.text });
        response.status(201).json({ ok: true });
      });
      app.get("/fail", (request) => {
        throw new Error(`cannot do ${request.query.why}`);
      });
      app.use(auditErrorMiddleware());
      const answerError: ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).send("failed");
      app.use(answerError);
      return listening(createServer(app));
    },
  },
  {
    name: "fastify",
    async start(audit, journal) {
      const app = fastify();
      await app.register(auditPlugin, { audit, user: (request) => request.headers["x-user"] as string });
      const userOf = (request: { headers: object }) => (request.headers as { "x-user": string })["x-user"];
      app.get<{ Querystring: { q: string } }>("/search", async (request) => {
        void journal.record(userOf(request), "search", { query: request.query.q });
        return { found: 3 };
      });
      app.get<{ Params: { name: string } }>("/files/:name", async (request) => {
        void journal.record(userOf(request), "read", { resource: { type: "file", id: request.params.name } });
        return "contents";
      });
      app.post<{ Body: { text: string } }>("/notes", async (request, reply) => {
        void journal.record(userOf(request), "note", { query: request.body.text });
        return reply.status(201).send({ ok: true });
      });
      app.get<{ Querystring: { why: string } }>("/fail", async (request) => {
        throw new Error(`cannot do ${request.query.why}`);
      });
      app.setErrorHandler(async (_error, _request, reply) => reply.status(500).send("failed"));
      app.setNotFoundHandler(async (_request, reply) => reply.status(404).send("nothing here"));
      await app.listen({ port: 0, host: "127.0.0.1" });
      return { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, close: () => app.close() };
    },
  },
];

async function listening(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answersTo(
  url: string,
  canary: string,
  user: string,
  before: (i: number) => void | Promise<void> = () => undefined,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    await before(i);
    const { path, init } = said(canary, user, i);
    const response = await fetch(url + path, init);
    answers.push({ status: response.status, body: (await response.text()).replaceAll(canary, "CANARY") });
  }
  return answers;
}

const bytesBelow = (folder: string, wanted: (name: string) => boolean = () => true): Buffer =>
  Buffer.concat(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter(wanted)
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path)),
  );

async function exported(house: House, userId: string): Promise<void> {
  await exportPerson(userId, {
    ...house,
    folder: join(dirname(house.path), `export-${userId}`),
    information: privacyInformation({
      definitions: house.audit.catalogue.all(),
      purposes: await house.store.purposes(),
      periods: await house.store.retentionPeriods(),
    }),
    verification: { method: "operator", confirmed: true },
  });
}

describe.each(APPLICATIONS)("200 requests of a person without consent, on $name", ({ start }) => {
  it("leave no byte, and get the same responses", async () => {
    const metrics = createMetrics();
    const logged: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string | Uint8Array) => void logged.push(String(text)) === undefined;
    onTestFinished(() => {
      process.stderr.write = write;
    });
    const folder = dirname((await openHouse()).path);
    const house = await openHouse({
      path: join(folder, "canary.db"),
      deadlineMs: 400,
      sinks: [metrics.events(), { sink: fileSink({ path: join(folder, "events.ndjson") }) }],
    });
    metrics.watch(house.audit);
    const application = await start(house.audit, house.journal);
    onTestFinished(application.close);

    const canary = `canary${Math.random().toString(36).slice(2)}x`;
    // For the first half another process holds the database, so that records go to the spool.
    const lock = new Database(house.path);
    lock.exec("BEGIN IMMEDIATE");
    const quiet = await answersTo(application.url, canary, "quiet", async (i) => {
      if (i !== REQUESTS / 2) return;
      while (house.audit.stats().spooled === 0) await wait(10);
      const spool = bytesBelow(folder, (name) => name.includes(".spool"));
      expect([spool.includes("/search"), spool.includes(canary)]).toEqual([true, false]);
      lock.exec("ROLLBACK");
      lock.close();
    });
    while (house.audit.stats().spooled > 0) await wait(10);
    await house.consent.give("talker", "personal_diary", TICK);
    const talker = await answersTo(application.url, "talked-about", "talker");
    expect(quiet).toEqual(talker.map(({ status, body }) => ({ status, body: body.replaceAll("talked-about", "CANARY") })));

    await house.journal.flush();
    await house.audit.flush();
    await exported(house, "quiet");
    writeFileSync(join(folder, "metrics.txt"), await metrics.registry.metrics());
    const bytes = bytesBelow(folder);
    expect(bytes.includes(canary)).toBe(false);
    expect(logged.join("").includes(canary)).toBe(false);
    // That the search would have found it: what the other one said under a consent is there.
    expect(bytes.includes("talked-about")).toBe(true);
    expect(await house.journal.count("quiet")).toBe(0);
    expect(house.journal.stats().noConsent).toBeGreaterThan(REQUESTS / 3);
  });
});
