import type { IncomingMessage } from "node:http";
import { type AuditLog, DaybookError } from "@daybook/core";
import type { ExchangeSource } from "@daybook/core/http";
import type { Request, Response } from "express";
import { routeTemplateOf } from "./route-template.ts";

/** What core asks about a request of Express. */
export class ExpressRequest implements ExchangeSource<Request> {
  readonly request: Request;
  readonly response: Response;
  readonly #label: RouteLabel;

  constructor(request: Request, response: Response, label: RouteLabel) {
    this.request = request;
    this.response = response;
    this.#label = label;
    // A socket answers this only while it is open, unless it was asked before.
    void request.socket.remoteAddress;
  }

  get raw(): IncomingMessage {
    return this.request;
  }

  get path(): string {
    return `${this.request.baseUrl}${this.request.path}`;
  }

  ip(): string | undefined {
    // What `req.ip` answers, too, where no proxy is trusted, but it reads the header of the client first.
    return this.request.app.get("trust proxy") === false ? this.request.socket.remoteAddress : this.request.ip;
  }

  route(): string | undefined {
    return this.#label(this.request);
  }
}

export type RouteLabel = (request: Request) => string | undefined;

/** The application's own label where it gives one, else the template. */
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
