/** A server with one way of keeping a record of its requests, or none. */
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import { type AuditLog, createAuditLog } from "@daybook/core";
import { auditMiddleware } from "@daybook/express";
import { auditPlugin } from "@daybook/fastify";
import { createMetrics } from "@daybook/metrics";
import { openSqliteStore, type SqliteStore } from "@daybook/store-sqlite";
import type { DrainContext } from "evlog";
import { evlog as evlogForExpress } from "evlog/express";
import { evlog as evlogForFastify } from "evlog/fastify";
import { createFsDrain } from "evlog/fs";
import { createDrainPipeline } from "evlog/pipeline";
import express from "express";
import promBundle from "express-prom-bundle";
import fastify from "fastify";
import fastifyMetrics from "fastify-metrics";
import pino from "pino";
import { pinoHttp } from "pino-http";
import { Registry } from "prom-client";
import { linesOf } from "../measure/lines.ts";

export type Framework = "express" | "fastify";
export type Record = "nothing" | "daybook" | "pino" | "evlog" | "prometheus" | "daybook-metrics";

type Unit = "requests" | "events" | "lines" | "observations";

/** What a variant adds to a server, and how to see that it did its work. */
interface Recording {
  /** Everything handed over so far is where it belongs. */
  flush(): Promise<void>;
  /** Records kept of requests, counted at the place where they are kept. */
  kept(): Promise<number>;
  readonly unit: Unit;
  /** Records that each request leaves. Default: 1. */
  readonly perRequest?: number;
  /** Series of metrics there are, where there are any. */
  series?(): Promise<number>;
  close(): Promise<void>;
}

const ANSWER = { title: "Meditations", author: "Marcus Aurelius" };
const SLOW_MS = 2;

let server: Server;
let recording: Recording;
let requests = 0;
/** Records that starting the server left, such as Fastify's line about its address. */
let keptAtStart = 0;

/** Starts the server. @returns its port */
export async function start(framework: Framework, record: Record, folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  if (framework === "express") {
    const app = express();
    recording = await recordExpress(app, record, folder);
    app.get("/books/:id", (_request, response) => {
      requests++;
      response.json(ANSWER);
    });
    app.get("/slow/:id", (_request, response) => {
      requests++;
      setTimeout(() => response.json(ANSWER), SLOW_MS);
    });
    server = app.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
  } else {
    const { app, recorded } = await recordFastify(record, folder);
    recording = recorded;
    app.get("/books/:id", async () => {
      requests++;
      return ANSWER;
    });
    app.get("/slow/:id", async () => {
      requests++;
      await wait(SLOW_MS);
      return ANSWER;
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    server = app.server;
  }
  await recording.flush();
  keptAtStart = await recording.kept();
  return (server.address() as AddressInfo).port;
}

export interface Usage {
  /** CPU time since the process began, in microseconds, of all threads. */
  readonly total: number;
  /** The same of this thread. */
  readonly thread: number;
  /** Bytes of V8's young generation. */
  readonly young: number;
}

/** Once everything handed over is stored. */
export async function usage(): Promise<Usage> {
  await recording.flush();
  const all = process.cpuUsage();
  const own = process.threadCpuUsage();
  const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space")!.physical_space_size;
  return { total: all.user + all.system, thread: own.user + own.system, young };
}

export interface Done {
  readonly requests: number;
  readonly unit: Unit;
  /** Records kept of the requests. */
  readonly kept: number;
  /** Records that each request must leave. */
  readonly perRequest: number;
}

/** Requests handled, and records kept of them. */
export async function work(): Promise<Done> {
  await recording.flush();
  const { unit, perRequest = 1 } = recording;
  return { requests, unit, kept: (await recording.kept()) - keptAtStart, perRequest };
}

/** Resolves once everything handed over so far is stored. */
export const settle = (): Promise<void> => recording.flush();

export const series = async (): Promise<number | undefined> => recording.series?.();

/** Asks for so many paths that do not exist. */
export async function scan(paths: number): Promise<void> {
  const { port } = server.address() as AddressInfo;
  for (let i = 0; i < paths; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/admin-${i}/wp-login.php`);
    await answer.arrayBuffer();
    if (answer.status !== 404) throw new Error(`path ${i} exists`);
  }
}

export async function stop(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await recording.close();
}

const nothing: Recording = {
  flush: async () => undefined,
  kept: async () => requests,
  unit: "requests",
  close: async () => undefined,
};

async function recordExpress(app: express.Express, record: Record, folder: string): Promise<Recording> {
  switch (record) {
    case "nothing":
      return nothing;
    case "daybook": {
      const { audit, recorded } = await daybook(folder);
      app.use(auditMiddleware({ audit }));
      return recorded;
    }
    case "pino": {
      const { destination, recorded } = await pinoFile(folder, 1);
      app.use(pinoHttp({}, destination));
      return recorded;
    }
    case "evlog": {
      const { drain, recorded } = evlogFiles(folder);
      app.use(evlogForExpress({ drain }));
      return recorded;
    }
    case "prometheus": {
      const promRegistry = new Registry();
      app.use(promBundle({ includeMethod: true, includePath: true, promRegistry }));
      return prometheus(promRegistry, "http_request_duration_seconds_count");
    }
    case "daybook-metrics": {
      const { audit, recorded } = await daybook(folder);
      const metrics = createMetrics({ processMetrics: false });
      app.use(auditMiddleware({ audit, policy: [{ path: "/*", level: "none" }], observe: metrics.observe }));
      return {
        ...recorded,
        ...prometheus(metrics.registry as Registry, "daybook_http_request_duration_seconds_count"),
        close: recorded.close,
      };
    }
  }
}

async function recordFastify(record: Record, folder: string) {
  switch (record) {
    case "nothing":
      return { app: fastify(), recorded: nothing };
    case "daybook": {
      const { audit, recorded } = await daybook(folder);
      const app = fastify();
      await app.register(auditPlugin, { audit });
      return { app, recorded };
    }
    case "pino": {
      const { destination, recorded } = await pinoFile(folder, 2);
      return { app: fastify({ logger: { stream: destination } }), recorded };
    }
    case "evlog": {
      const { drain, recorded } = evlogFiles(folder);
      const app = fastify();
      await app.register(evlogForFastify, { drain });
      return { app, recorded };
    }
    case "prometheus": {
      const app = fastify();
      await app.register(fastifyMetrics as never, { defaultMetrics: { enabled: false }, endpoint: "/metrics" });
      return { app, recorded: prometheus(app.metrics.client.register as unknown as Registry, "http_request_duration_seconds_count") };
    }
    case "daybook-metrics": {
      const { audit, recorded } = await daybook(folder);
      const metrics = createMetrics({ processMetrics: false });
      const app = fastify();
      await app.register(auditPlugin, { audit, policy: [{ path: "/*", level: "none" }], observe: metrics.observe });
      return {
        app,
        recorded: {
          ...recorded,
          ...prometheus(metrics.registry as Registry, "daybook_http_request_duration_seconds_count"),
          close: recorded.close,
        },
      };
    }
  }
}

async function daybook(folder: string): Promise<{ audit: AuditLog; recorded: Recording }> {
  const store: SqliteStore = await openSqliteStore({ path: join(folder, "audit.db"), onNotice: () => undefined });
  const audit = createAuditLog({ store, signals: false, onNotice: () => undefined });
  return {
    audit,
    recorded: {
      flush: () => audit.flush(),
      kept: () => store.count({ action: "request.completed" }),
      unit: "events",
      close: async () => {
        const { lost } = await audit.close();
        if (lost > 0) throw new Error(`${lost} events were lost`);
      },
    },
  };
}

/** pino to a file in blocks, as its documentation recommends for busy servers. */
async function pinoFile(folder: string, linesPerRequest: number) {
  const file = join(folder, "access.log");
  const destination = pino.destination({ dest: file, sync: false, minLength: 4_096 });
  await once(destination, "ready");
  const flush = () => new Promise<void>((resolve, reject) => destination.flush((error) => (error ? reject(error) : resolve())));
  return {
    destination,
    recorded: {
      flush,
      kept: () => linesOf(file),
      unit: "lines",
      perRequest: linesPerRequest,
      close: async () => destination.end(),
    } satisfies Recording,
  };
}

/** evlog to files through its pipeline; with the default buffer of 1 000 it would drop events at this rate. */
function evlogFiles(folder: string) {
  const pipeline = createDrainPipeline<DrainContext>({ batch: { size: 50, intervalMs: 200 }, maxBufferSize: 100_000 });
  const drain = pipeline(createFsDrain({ dir: folder }));
  return {
    drain,
    recorded: {
      flush: () => drain.flush(),
      kept: async () => {
        let lines = 0;
        for (const name of readdirSync(folder)) if (name.endsWith(".jsonl")) lines += await linesOf(join(folder, name));
        return lines;
      },
      unit: "lines",
      close: () => drain.flush(),
    } satisfies Recording,
  };
}

function prometheus(registry: Registry, metric: string): Recording {
  const lines = async () => (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return {
    flush: async () => undefined,
    kept: async () =>
      (await lines())
        .filter((line) => line.startsWith(metric))
        .reduce((observed, line) => observed + Number(line.slice(line.lastIndexOf(" ") + 1)), 0),
    unit: "observations",
    series: async () => (await lines()).length,
    close: async () => undefined,
  };
}
