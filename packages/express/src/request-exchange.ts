import { type RequestAudit, requestAudit } from "@daybook/core";
import type { HttpExchange } from "@daybook/core/http";
import type { Request } from "express";

const EXCHANGE = Symbol.for("daybook.express.exchange.v1");
const AUDIT = Symbol.for("daybook.express.audit.v1");

interface Audited {
  [EXCHANGE]?: HttpExchange<Request>;
  [AUDIT]?: RequestAudit;
}

export const exchangeOf = (request: Request): HttpExchange<Request> | undefined => (request as Audited)[EXCHANGE];

export function setExchange(request: Request, exchange: HttpExchange<Request>): void {
  (request as Audited)[EXCHANGE] = exchange;
}

/** Makes `req.audit`, which most requests never ask for. An application that keeps something of its own there keeps it. */
export function addAuditAccessor(prototype: object): void {
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
