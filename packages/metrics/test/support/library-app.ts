import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AuditLog } from "@daybook/core";
import { auditMiddleware } from "@daybook/express";
import { auditPlugin } from "@daybook/fastify";
import express from "express";
import Fastify from "fastify";
import { fastifyMetricsHandler, type Metrics, metricsHandler } from "../../src/index.ts";

export interface AppParts {
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  /** How long a search takes, in milliseconds. */
  readonly searchMs?: () => number;
  /** Whether uploads fail. */
  readonly broken?: () => boolean;
}

export interface App {
  readonly url: string;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<number>;
  close(): Promise<void>;
}

export const FRAMEWORKS = ["express", "fastify"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const POLICY = [
  { path: "/metrics", level: "none" },
  { path: "/health", level: "none" },
] as const;
const userOf = (headers: Record<string, unknown>) => (typeof headers["x-user"] === "string" ? headers["x-user"] : undefined);

/** A small library: GET /search, GET /books/:id, GET /admin (403), POST /upload, GET /health, GET /metrics. */
export async function libraryApp(framework: Framework, parts: AppParts): Promise<App> {
  const server = framework === "express" ? await expressApp(parts) : await fastifyApp(parts);
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    url: `http://127.0.0.1:${port}`,
    get: (path, headers = {}, method = "GET") =>
      new Promise((resolve, reject) => {
        httpRequest({ host: "127.0.0.1", port, path, method, headers, agent }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode!));
        })
          .on("error", reject)
          .end();
      }),
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function expressApp({ audit, metrics, searchMs = () => 0, broken = () => false }: AppParts): Promise<Server> {
  const app = express();
  app.disable("x-powered-by");
  app.use(auditMiddleware({ audit, policy: POLICY, observe: metrics.observe, user: (request) => userOf(request.headers) }));
  app.get("/search", async (_request, response) => {
    await sleep(searchMs());
    response.json([]);
  });
  app.get("/books/:id", (request, response) => {
    response.json({ id: request.params.id });
  });
  app.get("/admin", (_request, response) => {
    response.status(403).end();
  });
  app.post("/upload", (_request, response) => {
    if (broken()) throw new Error("the disk is gone");
    response.status(201).end();
  });
  app.get("/health", (_request, response) => {
    response.end("ok");
  });
  app.get("/metrics", metricsHandler(metrics.registry));
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    response.status(500).end();
  });
  const server = createServer({ keepAliveTimeout: 72_000 }, app).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function fastifyApp({ audit, metrics, searchMs = () => 0, broken = () => false }: AppParts): Promise<Server> {
  const app = Fastify();
  await app.register(auditPlugin, { audit, policy: POLICY, observe: metrics.observe, user: (request) => userOf(request.headers) });
  app.get("/search", async () => {
    await sleep(searchMs());
    return [];
  });
  app.get<{ Params: { id: string } }>("/books/:id", async (request) => ({ id: request.params.id }));
  app.get("/admin", async (_request, reply) => reply.code(403).send());
  app.post("/upload", async (_request, reply) => {
    if (broken()) throw new Error("the disk is gone");
    return reply.code(201).send();
  });
  app.get("/health", async () => "ok");
  app.get("/metrics", fastifyMetricsHandler(metrics.registry));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server;
}
