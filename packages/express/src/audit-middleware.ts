import type { AuditLog, RequestAudit } from "@daybook/core";
import { HttpAudit, type HttpAuditOptions, openDefaultAuditLog } from "@daybook/core/http";
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import { exchangeOf, prepareRequest, reportedErrors, setExchange } from "./audited-request.ts";
import { ExpressRequest, routeLabel } from "./express-request.ts";

/** Options of `auditMiddleware`. */
export interface AuditMiddlewareOptions extends HttpAuditOptions<Request> {
  /** The log that takes the records. Default: a log in the SQLite file `DAYBOOK_DB`, or `data/audit.db`, through `@daybook/store-sqlite`. */
  readonly audit?: AuditLog | undefined;
  /**
   * Names the route of a request instead of its template; undefined keeps the template. Routes are kept when a person is erased, so
   * never return a value of the request.
   */
  readonly routeLabel?: (request: Request) => string | undefined;
}

declare global {
  namespace Express {
    interface Request {
      /** The audit log for this request; present after `auditMiddleware()` has run. */
      readonly audit: RequestAudit;
    }
  }
}

/**
 * Records every request, denial, quota hit and error. Mount it first: it does not see what runs before it.
 * @throws {DaybookError} `STORE_MISSING` without `audit` if `@daybook/store-sqlite` is not installed; `BAD_OPTION`; or what opening
 *   the database throws
 * @example
 * ```ts
 * import { auditMiddleware } from "@daybook/express";
 * import express from "express";
 *
 * const app = express();
 * app.use(auditMiddleware({ user: (request) => request.get("x-user") }));
 * ```
 */
export function auditMiddleware(options: AuditMiddlewareOptions = {}): RequestHandler {
  const { audit = openDefaultAuditLog([import.meta.url]).log, routeLabel: own, ...rest } = options;
  const http = new HttpAudit<Request>(audit, rest);
  const label = routeLabel(own, audit);
  return function daybookAudit(request, response, next) {
    prepareRequest(request);
    http.follow(new ExpressRequest(request, response, label), {
      onBegin: (exchange) => setExchange(request, exchange),
      onEnd: (exchange) => {
        for (const error of reportedErrors(request)) exchange.failed(error);
      },
      next,
    });
  };
}

/**
 * For Express with version 2.2 or older of its package `router`, which does not report errors that left a handler. Mount it before
 * your own error middleware: it records an exception even if that middleware responds with a status below 500. It passes every error
 * on.
 */
export function auditErrorMiddleware(): ErrorRequestHandler {
  return (error, request, _response, next) => {
    exchangeOf(request)?.failed(error);
    next(error);
  };
}
