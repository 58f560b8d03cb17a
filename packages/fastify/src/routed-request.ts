import type { IncomingMessage, ServerResponse } from "node:http";
import type { RouteLevel } from "@daybook/core";
import type { ExchangeSource } from "@daybook/core/http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { addressToKeep, decodedPath } from "./raw-request.ts";

/** A request that Fastify has routed, as core sees it. */
export class RoutedRequest implements ExchangeSource<FastifyRequest> {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  readonly level: RouteLevel | undefined;
  readonly #route: string | undefined;
  readonly #address: string | undefined;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.request = request;
    this.response = reply.raw;
    // Fastify makes a new `routeOptions` each time it is read.
    const { url, config } = request.routeOptions;
    this.#route = url;
    this.level = config?.audit;
    this.#address = addressToKeep(this.raw, () => request.ip);
  }

  get raw(): IncomingMessage {
    return this.request.raw;
  }

  get path(): string {
    return decodedPath(this.request.url);
  }

  get requestId(): string {
    return this.request.id;
  }

  ip(): string | undefined {
    return this.#address ?? this.request.ip;
  }

  route(): string | undefined {
    return this.#route;
  }
}
