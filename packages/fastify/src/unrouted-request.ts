import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExchangeSource } from "@daybook/core";
import { decodedPath } from "./decoded-path.ts";

/** A request as Node gives it, with what `@fastify/middie` and `@fastify/express` add. */
export type RawRequest = IncomingMessage & {
  readonly id?: unknown;
  readonly ip?: unknown;
  readonly originalUrl?: unknown;
};

/** What core asks about a request that has no route, or has not said yet which. */
export class UnroutedRequest implements ExchangeSource<RawRequest> {
  readonly request: RawRequest;
  readonly response: ServerResponse;
  /** The template, once Fastify has said it. */
  template: string | undefined;

  constructor(request: RawRequest, response: ServerResponse) {
    this.request = request;
    this.response = response;
    // A socket answers this only while it is open, unless it was asked before.
    void request.socket.remoteAddress;
  }

  get raw(): IncomingMessage {
    return this.request;
  }

  get path(): string {
    const { originalUrl, url = "/" } = this.request;
    return decodedPath(typeof originalUrl === "string" ? originalUrl : url);
  }

  get requestId(): string | undefined {
    const { id } = this.request;
    return typeof id === "string" ? id : undefined;
  }

  ip(): string | undefined {
    const { ip } = this.request;
    return typeof ip === "string" ? ip : this.request.socket.remoteAddress;
  }

  route(): string | undefined {
    return this.template;
  }
}
