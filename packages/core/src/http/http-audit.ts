import type { ServerResponse } from "node:http";
import { runInContext } from "../context/request-context.ts";
import type { AuditLog } from "../recording/audit-log.ts";
import type { ExchangeSource, HttpAuditOptions } from "./http-audit-options.ts";
import { HttpExchange, requestIdOf } from "./http-exchange.ts";
import { type RouteLevel, routePolicy } from "./route-policy.ts";

/** The logs that record a response. A middleware that is mounted twice, or beside a plugin, records once. */
const RECORDED = Symbol.for("daybook.recorded.v1");
interface Recorded {
  [RECORDED]?: AuditLog | ReadonlySet<AuditLog>;
}

/** How an adapter takes part in one exchange. */
export interface Follower<Request> {
  /** Called first, with the exchange that has begun. */
  readonly onBegin?: (exchange: HttpExchange<Request>) => void;
  /** Called before the exchange ends, when the response has closed. */
  readonly onEnd?: (exchange: HttpExchange<Request>) => void;
  /**
   * Runs the rest of the request. On a route of level `always` it runs after the intent is stored, and gets the error if it cannot
   * be. It is called without an exchange if this log records the response already.
   */
  readonly next?: (error?: unknown) => void;
  /** False: the adapter awaits `HttpExchange.intent` itself, at a later stage of the request. Default true. */
  readonly awaitIntent?: boolean;
}

/** Records the requests of one application, the same under every framework. */
export class HttpAudit<Request> {
  readonly log: AuditLog;
  readonly options: HttpAuditOptions<Request>;
  readonly #level: (method: string, path: string) => RouteLevel | undefined;
  readonly #requestIdHeader: string | undefined;

  /** @throws {DaybookError} `BAD_OPTION` */
  constructor(log: AuditLog, options: HttpAuditOptions<Request>) {
    this.log = log;
    this.options = options;
    this.#level = routePolicy(options.policy ?? []);
    this.#requestIdHeader = options.requestIdHeader?.toLowerCase();
  }

  /** This log records the response already. */
  records(response: ServerResponse): boolean {
    const by = (response as Recorded)[RECORDED];
    return by === this.log || (by instanceof Set && by.has(this.log));
  }

  /**
   * Records one request: begins its exchange, runs the rest of the request in the context of the exchange, and ends it when the
   * response closes.
   */
  follow(source: ExchangeSource<Request>, { onBegin, onEnd, next, awaitIntent = true }: Follower<Request> = {}): void {
    const exchange = this.#begin(source);
    if (exchange === undefined) {
      next?.();
      return;
    }
    onBegin?.(exchange);
    const { raw, response } = source;
    const end = () => {
      onEnd?.(exchange);
      exchange.end();
    };
    response.on("close", end);
    // An upgrade may be routed with a response that never gets a connection of its own.
    if (response.socket === null && raw.headers.upgrade !== undefined) raw.socket.once("close", end);
    if (next !== undefined) {
      const intent = awaitIntent ? exchange.intent() : undefined;
      if (intent === undefined) runInContext(exchange, next);
      else {
        intent.then(
          () => runInContext(exchange, next),
          (error: unknown) => runInContext(exchange, () => next(error)),
        );
      }
    }
    // A client that left before its request came here causes no other event.
    if (response.closed) end();
  }

  /** Returns undefined if this log records the response already. */
  #begin(source: ExchangeSource<Request>): HttpExchange<Request> | undefined {
    if (this.records(source.response)) return undefined;
    const response = source.response as Recorded;
    const others = response[RECORDED];
    if (others === undefined) response[RECORDED] = this.log;
    else response[RECORDED] = new Set(others instanceof Set ? [...others, this.log] : [others as AuditLog, this.log]);
    const { raw } = source;
    const level = source.level ?? this.#levelOf(raw.method ?? "GET", source);
    const header = this.#requestIdHeader === undefined ? undefined : raw.headers[this.#requestIdHeader];
    return new HttpExchange(this, source, level, requestIdOf(source.requestId) ?? requestIdOf(header));
  }

  #levelOf(method: string, source: ExchangeSource<Request>): RouteLevel {
    if (!this.options.policy?.length) return "metadata";
    const level = this.#level(method, source.path);
    if (level !== undefined) return level;
    // A router may reach a route by a spelling of its path that no rule names.
    const route = source.route();
    return (route === undefined ? undefined : this.#level(method, route)) ?? "metadata";
  }
}
