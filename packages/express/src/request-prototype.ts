import type { Application, Request } from "express";
import { addAuditAccessor } from "./request-exchange.ts";
import { addRouteAccessors, adoptRoute } from "./route-template.ts";

// Two copies of this package that meet in one application prepare its requests once.
const PREPARED = Symbol.for("daybook.express.prepared.v1");

/** Gives the requests of an application what the middleware needs; costs something for the first of them only. */
export function prepareRequest(request: Request): void {
  if (!(PREPARED in request)) {
    const prototype = prototypeOf(request);
    Object.defineProperty(prototype, PREPARED, { value: true });
    addRouteAccessors(prototype);
    addAuditAccessor(prototype);
  }
  adoptRoute(request);
}

/** The prototype Express makes for the requests of each application; those of mounted ones inherit from it. */
function prototypeOf(request: Request): object {
  let app = request.app as Application & { parent?: Application };
  while (app.parent !== undefined) app = app.parent;
  const { request: prototype } = app as unknown as { request: object };
  return Object.prototype.isPrototypeOf.call(prototype, request) ? prototype : Object.getPrototypeOf(request);
}
