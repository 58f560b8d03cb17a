import type { AuditLog, RequestAudit } from "@daybook/core";
import { HttpAudit, type HttpAuditOptions, openDefaultAuditLog, runInContext } from "@daybook/core/http";
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import { ExpressRequest, routeLabel } from "./express-request.ts";
import { reportedErrors } from "./reported-errors.ts";
import { exchangeOf, setExchange } from "./request-exchange.ts";
import { prepareRequest } from "./request-prototype.ts";

export interface AuditMiddlewareOptions extends HttpAuditOptions<Request> {
  /** Where records go. Default: a log in the SQLite file `DAYBOOK_DB`, or `data/audit.db`, through `@daybook/store-sqlite`. */
  readonly audit?: AuditLog | undefined;
  /**
   * Names the route of a request where its template is not what you want; undefined leaves the template. Routes are kept and cannot
   * be erased with a person, so never answer with a value of the request.
   */
  readonly routeLabel?: (request: Request) => string | undefined;
}

declare global {
  namespace Express {
    interface Request {
      /** The audit log for this request; there once `auditMiddleware()` has run. */
      readonly audit: RequestAudit;
    }
  }
}

/**
 * Records every request, denial, quota hit and error. Mount it first: what runs before it is not seen.
 * @throws {DaybookError} `STORE_MISSING` without `audit` where `@daybook/store-sqlite` is not installed, `BAD_OPTION`, or what
 *   opening the database throws
 */
export function auditMiddleware(options: AuditMiddlewareOptions = {}): RequestHandler {
  const { audit = openDefaultAuditLog([import.meta.url]).log, routeLabel: own, ...rest } = options;
  const http = new HttpAudit<Request>(audit, rest);
  const label = routeLabel(own, audit);
  return function daybookAudit(request, response, next) {
    prepareRequest(request);
    const exchange = http.begin(new ExpressRequest(request, response, label));
    if (exchange === undefined) {
      next();
      return;
    }
    setExchange(request, exchange);
    const end = () => {
      for (const error of reportedErrors(request)) exchange.failed(error);
      exchange.end();
    };
    response.on("close", end);
    // An upgrade may be routed with a response that never gets a connection of its own.
    if (response.socket === null && request.headers.upgrade !== undefined) request.socket.once("close", end);
    const intent = exchange.intent();
    if (intent === undefined) {
      runInContext(exchange, next);
    } else {
      intent.then(
        () => runInContext(exchange, next),
        (error: unknown) => runInContext(exchange, () => next(error)),
      );
    }
    // The client had left before its request came here; nobody will say so again.
    if (response.closed) end();
  };
}

/**
 * For Express with version 2.2 or older of its package `router`, which does not say which errors left a handler: mounted before
 * your own error middleware, it sees to it that an exception is recorded also where that one answers with a status below 500.
 * It passes every error on.
 */
export function auditErrorMiddleware(): ErrorRequestHandler {
  return (error, request, _response, next) => {
    exchangeOf(request)?.failed(error);
    next(error);
  };
}
