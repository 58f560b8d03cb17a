import { type RequestAudit, requestAudit } from "@daybook/core";
import type { HttpExchange } from "@daybook/core/http";
import type { Application, Request } from "express";
import { addRouteAccessors, adoptRoute } from "./route-template.ts";

// Two copies of this package that meet in one application use the same members.
const EXCHANGE = Symbol.for("daybook.express.exchange.v1");
const AUDIT = Symbol.for("daybook.express.audit.v1");
const PREPARED = Symbol.for("daybook.express.prepared.v1");

/** The router keeps errors that left a handler of a request under this key, since its version 2.3, for all its copies. */
const REPORTED = Symbol.for("router.tracing.publishedErrors");

/** Members this package adds to a request. */
interface Audited {
  [EXCHANGE]?: HttpExchange<Request>;
  [AUDIT]?: RequestAudit;
  [REPORTED]?: unknown;
}

export const exchangeOf = (request: Request): HttpExchange<Request> | undefined => (request as Audited)[EXCHANGE];

export function setExchange(request: Request, exchange: HttpExchange<Request>): void {
  (request as Audited)[EXCHANGE] = exchange;
}

/** Errors that left a handler of the request; none with version 2.2 or older of the package `router`. */
export function reportedErrors(request: object): Iterable<unknown> {
  const reported = (request as Audited)[REPORTED];
  return reported instanceof Set ? reported : [];
}

/** Prepares the requests of an application for the middleware. Only the first request of an application pays for it. */
export function prepareRequest(request: Request): void {
  if (!(PREPARED in request)) {
    const prototype = prototypeOf(request);
    Object.defineProperty(prototype, PREPARED, { value: true });
    addRouteAccessors(prototype);
    addAuditAccessor(prototype);
  }
  adoptRoute(request);
}

/** Makes `req.audit` on first use. An application that has its own `audit` member keeps it. */
function addAuditAccessor(prototype: object): void {
  if ("audit" in prototype) return;
  Object.defineProperty(prototype, "audit", {
    configurable: true,
    get(this: Audited) {
      if (this[AUDIT] === undefined && this[EXCHANGE] !== undefined) this[AUDIT] = requestAudit(this[EXCHANGE]);
      return this[AUDIT];
    },
    set(this: Audited, value: unknown) {
      Object.defineProperty(this, "audit", { value, writable: true, enumerable: true, configurable: true });
    },
  });
}

/** The prototype Express makes for the requests of each application; those of mounted ones inherit from it. */
function prototypeOf(request: Request): object {
  let app = request.app as Application & { parent?: Application };
  while (app.parent !== undefined) app = app.parent;
  const { request: prototype } = app as unknown as { request: object };
  return Object.prototype.isPrototypeOf.call(prototype, request) ? prototype : Object.getPrototypeOf(request);
}
