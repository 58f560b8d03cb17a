import { tracingChannel } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";
import type { AuditLog } from "@daybook/core";
import { HttpAudit, type HttpAuditOptions, type HttpExchange, openDefaultAuditLog, runInContext } from "@daybook/core/http";
import type { FastifyRequest } from "fastify";
import { type RawRequest, UnroutedRequest } from "./unrouted-request.ts";

/** A request is named as Fastify names it: see its `requestIdHeader` and `genReqId`. */
export interface AuditMiddlewareOptions extends Omit<HttpAuditOptions<RawRequest>, "requestIdHeader"> {
  /** Where records go. Default: a log in the SQLite file `DAYBOOK_DB`, or `data/audit.db`, through `@daybook/store-sqlite`. */
  readonly audit?: AuditLog | undefined;
}

/**
 * For `app.use` of `@fastify/middie` and `@fastify/express`, where the plugin cannot be registered: a middleware sees the request of
 * Node, so the plugin costs less, knows levels given in a route's `config`, and gives `request.audit`.
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
    const exchange = http.begin(source);
    if (exchange === undefined) {
      next();
      return;
    }
    (request as Followed)[FOLLOWED] = { source, exchange };
    response.on("close", () => exchange.end());
    const intent = exchange.intent();
    if (intent === undefined) runInContext(exchange, () => next());
    else
      intent.then(
        () => runInContext(exchange, () => next()),
        (error: Error) => next(error),
      );
    // The client had left before its request came here; nobody will say so again.
    if (response.closed) exchange.end();
  };
}

const FOLLOWED = Symbol("daybook.followed");
interface Followed {
  [FOLLOWED]?: { readonly source: UnroutedRequest; readonly exchange: HttpExchange<RawRequest> };
}

/** What Fastify publishes when a handler starts and when it has failed. */
interface HandlerMessage {
  readonly request: FastifyRequest;
  readonly error?: unknown;
}

let listening = false;

/** A middleware is told neither the route nor an exception; Fastify publishes both on its tracing channel. */
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
