import { tracingChannel } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";
import type { AuditLog } from "@daybook/core";
import { HttpAudit, type HttpAuditOptions, type HttpExchange, openDefaultAuditLog } from "@daybook/core/http";
import type { FastifyRequest } from "fastify";
import type { RawRequest } from "./raw-request.ts";
import { UnroutedRequest } from "./unrouted-request.ts";

/** The request id is Fastify's: see its `requestIdHeader` and `genReqId`. */
export interface AuditMiddlewareOptions extends Omit<HttpAuditOptions<RawRequest>, "requestIdHeader"> {
  /** The log that takes the records. Default: a log in the SQLite file `DAYBOOK_DB`, or `data/audit.db`, through `@daybook/store-sqlite`. */
  readonly audit?: AuditLog | undefined;
}

/**
 * For `app.use` of `@fastify/middie` and `@fastify/express`. Prefer `auditPlugin` if it can be registered: it costs less, reads the
 * level in a route's `config`, and provides `request.audit`. A middleware sees only the request of Node.
 * @throws {DaybookError} as `auditPlugin`
 */
export function auditMiddleware(
  options: AuditMiddlewareOptions = {},
): (request: RawRequest, response: ServerResponse, next: (error?: Error) => void) => void {
  const { audit = openDefaultAuditLog([import.meta.url]).log, ...rest } = options;
  const http = new HttpAudit<RawRequest>(audit, rest);
  listenToHandlers();
  return function daybookAudit(request, response, next) {
    const source = new UnroutedRequest(request, response);
    http.follow(source, {
      onBegin: (exchange) => {
        (request as Followed)[FOLLOWED] = { source, exchange };
      },
      next: (error) => next(error as Error | undefined),
    });
  };
}

const FOLLOWED = Symbol("daybook.followed");
interface Followed {
  [FOLLOWED]?: { readonly source: UnroutedRequest; readonly exchange: HttpExchange<RawRequest> };
}

/** Message that Fastify publishes when a handler starts and when it has failed. */
interface HandlerMessage {
  readonly request: FastifyRequest;
  readonly error?: unknown;
}

let listening = false;

/** A middleware sees neither the route nor an exception. Fastify publishes both on its tracing channel. */
function listenToHandlers(): void {
  if (listening) return;
  listening = true;
  const { start, error } = tracingChannel<HandlerMessage, HandlerMessage>("fastify.request.handler");
  start.subscribe((message) => {
    const { request } = message as HandlerMessage;
    const followed = (request.raw as Followed)[FOLLOWED];
    if (followed !== undefined) followed.source.template = request.routeOptions.url;
  });
  error.subscribe((message) => {
    const { request, error: thrown } = message as HandlerMessage;
    (request.raw as Followed)[FOLLOWED]?.exchange.failed(thrown);
  });
}
