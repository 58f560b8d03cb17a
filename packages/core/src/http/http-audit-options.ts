import type { IncomingMessage, ServerResponse } from "node:http";
import type { ActorKind } from "../events/actor.ts";
import type { Outcome } from "../events/outcome.ts";
import type { JsonObject } from "../json.ts";
import type { RouteLevel, RouteRule } from "./route-policy.ts";

/** Who makes a request, as the application's `user` returns it: an id, an object with more, or nothing for an unknown user. */
export type UserAnswer =
  | string
  | number
  | { readonly id: string | number; readonly kind?: ActorKind; readonly sessionId?: string; readonly about?: JsonObject }
  | null
  | undefined;

/** Options of every adapter. */
export interface HttpAuditOptions<Request> {
  /** Returns who makes the request. Called for every record and again at the end: a later middleware may find out who it is. */
  readonly user?: (request: Request) => UserAnswer;
  /** Returns the tenant the request belongs to. Called for every record. Default: none. */
  readonly tenant?: (request: Request) => string | undefined;
  /** Header a request id is taken from, such as `x-request-id`. Default: none, clients do not name records. */
  readonly requestIdHeader?: string;
  /** How much of which route is recorded; the first rule that matches decides. Default: `metadata` everywhere. */
  readonly policy?: readonly RouteRule[];
  /** Record product and major version of the client. Default true. */
  readonly userAgent?: boolean;
  /** Called once for every request after its response has closed, whatever its level: for metrics. */
  readonly observe?: (observation: HttpObservation) => void;
}

/** Figures of a finished request. */
export interface HttpObservation {
  /** `OTHER` if the method is not one of up to 16 capital letters. */
  readonly method: string;
  /** The route template with its mount, or `(unmatched)`. */
  readonly route: string;
  /** Undefined if the client left before a response began. */
  readonly status: number | undefined;
  /** Milliseconds, not rounded, without the time for which the response was held. */
  readonly durationMs: number;
  /** `partial` if the client left before the response was complete. */
  readonly outcome: Outcome;
  /** False on a route of level `none`. */
  readonly recorded: boolean;
  readonly traceId: string | undefined;
  /** Id of the user: to be counted, never to be shown. */
  readonly userId: string | undefined;
}

/** What a framework adapter knows about a request. Its methods are called when a record needs them. */
export interface ExchangeSource<Request> {
  readonly request: Request;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the URL as the framework's router reads it, without the query. */
  readonly path: string;
  /** Client address as the framework determines it, under its own trust-proxy setting. */
  ip(): string | undefined;
  /** The route template with its mount; undefined if no route matched, or none is known yet. */
  route(): string | undefined;
  /** Request id of the framework; wins over the header option. Core makes one if there is none, or none that can be recorded. */
  readonly requestId?: string | undefined;
  /** The framework's own per-route setting; wins over the policy list. */
  readonly level?: RouteLevel | undefined;
}
