import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExchangeSource } from "@daybook/core/http";
import { addressToKeep, decodedPath, type RawRequest } from "./raw-request.ts";

/** A request without a route, or whose route is not known yet, as core sees it. */
export class UnroutedRequest implements ExchangeSource<RawRequest> {
  readonly request: RawRequest;
  readonly response: ServerResponse;
  readonly #address: string | undefined;
  /** The route template, as soon as Fastify has published it. */
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
