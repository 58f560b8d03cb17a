import type { IncomingMessage } from "node:http";
import { type AuditLog, DaybookError } from "@daybook/core";
import type { ExchangeSource } from "@daybook/core/http";
import type { Request, Response } from "express";
import { routeTemplateOf } from "./route-template.ts";

/** A request of Express, as core sees it. */
export class ExpressRequest implements ExchangeSource<Request> {
  readonly request: Request;
  readonly response: Response;
  readonly #label: RouteLabel;

  constructor(request: Request, response: Response, label: RouteLabel) {
    this.request = request;
    this.response = response;
    this.#label = label;
    // A closed socket reports its address only if it was read before.
    void request.socket.remoteAddress;
  }

  get raw(): IncomingMessage {
    return this.request;
  }

  get path(): string {
    return `${this.request.baseUrl}${this.request.path}`;
  }

  ip(): string | undefined {
    // Equals `req.ip` if no proxy is trusted, without parsing the client's header first.
    return this.request.app.get("trust proxy") === false ? this.request.socket.remoteAddress : this.request.ip;
  }

  route(): string | undefined {
    return this.#label(this.request);
  }
}

export type RouteLabel = (request: Request) => string | undefined;

/** Returns the application's own label, if there is one, otherwise the template. */
export function routeLabel(own: RouteLabel | undefined, audit: AuditLog): RouteLabel {
  if (own === undefined) return routeTemplateOf;
  return (request) => {
    try {
      return own(request) ?? routeTemplateOf(request);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      audit.problem(new DaybookError("BAD_OPTION", `\`routeLabel\` threw for a request: ${message}`, { cause }));
      return routeTemplateOf(request);
    }
  };
}
