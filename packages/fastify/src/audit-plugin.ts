import { setTimeout } from "node:timers/promises";
import { type AuditLog, currentContext, DaybookError, type RequestAudit, ROUTE_LEVELS, type RouteLevel, requestAudit } from "@daybook/core";
import { HttpAudit, type HttpAuditOptions, type HttpExchange, openDefaultAuditLog, runInContext } from "@daybook/core/http";
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from "fastify";
import plugin from "fastify-plugin";
import { RoutedRequest } from "./routed-request.ts";
import { type RawRequest, UnroutedRequest } from "./unrouted-request.ts";

/** A request is named as Fastify names it: see its `requestIdHeader` and `genReqId`. */
export interface AuditPluginOptions extends Omit<HttpAuditOptions<FastifyRequest>, "requestIdHeader"> {
  /** Where records go. Default: a log in the SQLite file `DAYBOOK_DB`, or `data/audit.db`, through `@daybook/store-sqlite`. */
  readonly audit?: AuditLog | undefined;
  /** How long closing the server waits for records of a log it was given to be stored. Milliseconds, default 5 000. */
  readonly flushDeadlineMs?: number;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The audit log for this request; there once `auditPlugin` is registered, from its `onRequest` hook on. */
    readonly audit: RequestAudit;
  }
  interface FastifyContextConfig {
    /** How much of this route is recorded, over the `policy` of the plugin. */
    readonly audit?: RouteLevel;
  }
}

const registerAudit: FastifyPluginAsync<AuditPluginOptions> = async (fastify, options) => {
  const { audit: given, flushDeadlineMs = 5_000, ...rest } = options;
  const opened = given === undefined ? openDefaultAuditLog([import.meta.url]) : undefined;
  const audit = given ?? opened!.log;
  const http = new HttpAudit<FastifyRequest>(audit, rest);
  const key = Symbol("daybook.exchange");
  const exchangeOf = (request: FastifyRequest) => (request as { [key]?: HttpExchange<FastifyRequest> | null })[key] ?? undefined;

  fastify.decorateRequest(key, null);
  if (!fastify.hasRequestDecorator("audit")) {
    fastify.decorateRequest("audit", {
      getter() {
        const exchange = exchangeOf(this);
        return (exchange === undefined ? undefined : requestAudit(exchange)) as RequestAudit;
      },
    });
  }

  fastify.addHook("onRoute", ({ url, config }) => {
    const level = config?.audit;
    if (level === undefined || ROUTE_LEVELS.includes(level)) return;
    throw new DaybookError("BAD_OPTION", `\`config.audit\` of ${url} is one of ${ROUTE_LEVELS.join(", ")}.`);
  });

  fastify.addHook("onRequest", (request, reply, next) => {
    const exchange = http.begin(new RoutedRequest(request, reply));
    if (exchange === undefined) {
      next();
      return;
    }
    (request as { [key]?: HttpExchange<FastifyRequest> })[key] = exchange;
    // Neither `onResponse` nor `onRequestAbort` runs for every request; this comes once, however an answer ends.
    reply.raw.on("close", () => exchange.end());
    runInContext(exchange, next);
    // The client had left before its request came here; nobody will say so again.
    if (reply.raw.closed) exchange.end();
  });

  fastify.addHook("preHandler", (request, _reply, next) => {
    const exchange = exchangeOf(request);
    const intent = exchange?.intent();
    if (exchange === undefined) next();
    else if (intent !== undefined) intent.then(() => runInContext(exchange, next), next);
    // A body parser may have gone on outside the context in which it was called.
    else if (currentContext() !== exchange) runInContext(exchange, next);
    else next();
  });

  fastify.addHook("onError", (request, _reply, error, next) => {
    exchangeOf(request)?.failed(error);
    next();
  });

  fastify.addHook("onClose", async () => {
    if (opened !== undefined) await opened.release();
    else await flush(audit, flushDeadlineMs);
  });

  const { user: _user, tenant: _tenant, ...unrouted } = rest;
  if (isOutermost(fastify)) recordUnrouted(fastify, new HttpAudit<RawRequest>(audit, unrouted));
};

/**
 * Records every request, denial, quota hit and error of the server, or of the scope in which it is registered. Register it first:
 * hooks run in the order of registration.
 * @throws {DaybookError} `STORE_MISSING` without `audit` where `@daybook/store-sqlite` is not installed, `BAD_OPTION`, or what
 *   opening the database throws
 */
export const auditPlugin = plugin(registerAudit, { fastify: "5.x", name: "@daybook/fastify" });

const isOutermost = (fastify: FastifyInstance) => Object.hasOwn(fastify, "routing");

/** Malformed URLs, and requests that arrive while the server closes, are answered before any hook runs. */
function recordUnrouted(fastify: FastifyInstance, http: HttpAudit<RawRequest>): void {
  fastify.server.on("request", (request, response) => {
    const exchange = http.records(response) ? undefined : http.begin(new UnroutedRequest(request, response));
    if (exchange !== undefined) response.on("close", () => exchange.end());
  });
}

async function flush(audit: AuditLog, deadlineMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([audit.flush(), setTimeout(deadlineMs, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
}
