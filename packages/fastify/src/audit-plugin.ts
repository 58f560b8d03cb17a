import { type AuditLog, currentContext, DaybookError, type RequestAudit, ROUTE_LEVELS, type RouteLevel, requestAudit } from "@daybook/core";
import { HttpAudit, type HttpAuditOptions, type HttpExchange, openDefaultAuditLog, runInContext } from "@daybook/core/http";
import { within } from "@daybook/core/store";
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from "fastify";
import plugin from "fastify-plugin";
import type { RawRequest } from "./raw-request.ts";
import { RoutedRequest } from "./routed-request.ts";
import { UnroutedRequest } from "./unrouted-request.ts";

/** Longest time that closing the server waits for records, in milliseconds. */
export const DEFAULT_FLUSH_DEADLINE_MS = 5_000;

/** The request id is Fastify's: see its `requestIdHeader` and `genReqId`. */
export interface AuditPluginOptions extends Omit<HttpAuditOptions<FastifyRequest>, "requestIdHeader"> {
  /** The log that takes the records. Default: a log in the SQLite file `DAYBOOK_DB`, or `data/audit.db`, through `@daybook/store-sqlite`. */
  readonly audit?: AuditLog | undefined;
  /** Longest time that closing the server waits for the records of `audit`. Milliseconds, default `DEFAULT_FLUSH_DEADLINE_MS`, 5 000. */
  readonly flushDeadlineMs?: number;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The audit log for this request; present from the `onRequest` hook of `auditPlugin` on. */
    readonly audit: RequestAudit;
  }
  interface FastifyContextConfig {
    /** How much of this route is recorded; wins over the `policy` of the plugin. */
    readonly audit?: RouteLevel;
  }
}

const registerAudit: FastifyPluginAsync<AuditPluginOptions> = async (fastify, options) => {
  const { audit: given, flushDeadlineMs = DEFAULT_FLUSH_DEADLINE_MS, ...rest } = options;
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
    // Neither `onResponse` nor `onRequestAbort` runs for every request: core listens to the response itself.
    http.follow(new RoutedRequest(request, reply), {
      onBegin: (exchange) => {
        (request as { [key]?: HttpExchange<FastifyRequest> })[key] = exchange;
      },
      next: () => next(),
      awaitIntent: false,
    });
  });

  fastify.addHook("preHandler", (request, _reply, next) => {
    const exchange = exchangeOf(request);
    const intent = exchange?.intent();
    if (exchange === undefined) next();
    else if (intent !== undefined) intent.then(() => runInContext(exchange, next), next);
    // A body parser may continue outside the context in which it was called.
    else if (currentContext() !== exchange) runInContext(exchange, next);
    else next();
  });

  fastify.addHook("onError", (request, _reply, error, next) => {
    exchangeOf(request)?.failed(error);
    next();
  });

  fastify.addHook("onClose", async () => {
    if (opened !== undefined) await opened.release();
    else await within(flushDeadlineMs, audit.flush());
  });

  const { user: _user, tenant: _tenant, ...unrouted } = rest;
  if (isOutermost(fastify)) recordUnrouted(fastify, new HttpAudit<RawRequest>(audit, unrouted));
};

/**
 * Records every request, denial, quota hit and error of the server, or of the scope in which it is registered. Register it first:
 * hooks run in the order of registration.
 * @throws {DaybookError} `STORE_MISSING` without `audit` if `@daybook/store-sqlite` is not installed; `BAD_OPTION`; or what opening
 *   the database throws
 * @example
 * ```ts
 * import { auditPlugin } from "@daybook/fastify";
 * import Fastify from "fastify";
 *
 * const app = Fastify();
 * await app.register(auditPlugin, { user: (request) => request.headers["x-user"]?.toString() });
 * ```
 */
export const auditPlugin = plugin(registerAudit, { fastify: "5.x", name: "@daybook/fastify" });

const isOutermost = (fastify: FastifyInstance) => Object.hasOwn(fastify, "routing");

/** Fastify responds to malformed URLs, and to requests that arrive while the server closes, before any hook runs. */
function recordUnrouted(fastify: FastifyInstance, http: HttpAudit<RawRequest>): void {
  fastify.server.on("request", (request, response) => {
    if (!http.records(response)) http.follow(new UnroutedRequest(request, response));
  });
}
