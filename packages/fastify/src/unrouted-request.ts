import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExchangeSource } from "@daybook/core/http";
import { addressToKeep } from "./address-to-keep.ts";
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
  readonly #address: string | undefined;
  /** The template, once Fastify has said it. */
  template: string | undefined;

  constructor(request: RawRequest, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.#address = addressToKeep(request, () => addressOf(request));
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
    return this.#address ?? addressOf(this.request);
  }

  route(): string | undefined {
    return this.template;
  }
}

const addressOf = ({ ip, socket }: RawRequest) => (typeof ip === "string" ? ip : socket.remoteAddress);
