import { type IncomingMessage, OutgoingMessage, type ServerResponse } from "node:http";
import type { Denial, RequestContext } from "../context/request-context.ts";
import { activeSpan, parseTraceparent, type TraceContext } from "../context/trace-context.ts";
import type { Receipt } from "../contracts/receipt.ts";
import { DaybookError } from "../daybook-error.ts";
import { ACTOR_KINDS, type Actor, type ActorKind } from "../events/actor.ts";
import type { RequestInfo } from "../events/audit-event.ts";
import { permissionDenied, quotaExceeded, requestCompleted, requestFailed, requestStarted } from "../events/built-in-events.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { Outcome } from "../events/outcome.ts";
import type { JsonObject } from "../json.ts";
import type { AuditLog } from "../recording/audit-log.ts";
import { denialFields } from "../recording/denial.ts";
import type { AnyRecordFields } from "../recording/record-fields.ts";
import { uuidV7 } from "../recording/uuid-v7.ts";
import { heldMs, holdAnswer, holdFailure } from "./hold-answer.ts";
import { leaveContext } from "./keep-alive-context.ts";
import { type RouteLevel, type RouteRule, routePolicy } from "./route-policy.ts";

/** What an application answers when asked who makes a request: an id, or more, or nothing while nobody is known. */
export type UserAnswer =
  | string
  | number
  | { readonly id: string | number; readonly kind?: ActorKind; readonly sessionId?: string; readonly about?: JsonObject }
  | null
  | undefined;

export interface HttpAuditOptions<Request> {
  /** Who makes the request. Asked for every record and again at the end: the user is often known only after a later middleware. */
  readonly user?: (request: Request) => UserAnswer;
  readonly tenant?: (request: Request) => string | undefined;
  /** Header a request id is taken from, such as `x-request-id`. Default: none, clients do not name records. */
  readonly requestIdHeader?: string;
  /** How much of which route is recorded; the first rule that matches decides. Default: `metadata` everywhere. */
  readonly policy?: readonly RouteRule[];
  /** Record product and major version of the client. Default true. */
  readonly userAgent?: boolean;
  /** Told once about every request when its answer has ended, whatever its level: for metrics. */
  readonly observe?: (observation: HttpObservation) => void;
}

/** What a finished request was like. */
export interface HttpObservation {
  /** `OTHER` for what does not look like a method. */
  readonly method: string;
  /** The route template with its mount, or `(unmatched)`. */
  readonly route: string;
  /** Undefined where the client left before an answer began. */
  readonly status: number | undefined;
  /** Milliseconds, not rounded, without the time the answer was held back. */
  readonly durationMs: number;
  /** `partial` where the client left before the answer was complete. */
  readonly outcome: Outcome;
  /** False on a route of level `none`. */
  readonly recorded: boolean;
  readonly traceId: string | undefined;
  /** Who made it: to be counted, never to be shown. */
  readonly userId: string | undefined;
}

/** What a framework adapter knows about a request, asked when it is needed. */
export interface ExchangeSource<Request> {
  readonly request: Request;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the URL as the framework's router reads it, without the query. */
  readonly path: string;
  /** The framework's own answer, under its own trust-proxy setting. */
  ip(): string | undefined;
  /** The route template with its mount, undefined where none matched, or none is known yet. */
  route(): string | undefined;
  /** An id the framework gave the request; over the header option. One is made where there is none, or none that can be recorded. */
  readonly requestId?: string | undefined;
  /** The framework's own per-route setting, over the policy list. */
  readonly level?: RouteLevel | undefined;
}

export const UNMATCHED = "(unmatched)";

/** Which logs already record a response: a middleware mounted twice, or beside a plugin, records once. */
const RECORDED = Symbol.for("daybook.recorded.v1");
interface Recorded {
  [RECORDED]?: AuditLog | ReadonlySet<AuditLog>;
}

/** The life of a request, the same under every framework. */
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

  /** True where this log records the response already. */
  records(response: ServerResponse): boolean {
    const by = (response as Recorded)[RECORDED];
    return by === this.log || (by instanceof Set && by.has(this.log));
  }

  /** Undefined where this log records the response already. */
  begin(source: ExchangeSource<Request>): HttpExchange<Request> | undefined {
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

export class HttpExchange<Request> implements RequestContext {
  readonly level: RouteLevel;
  #requestId: string | undefined;
  readonly #http: HttpAudit<Request>;
  #source: ExchangeSource<Request> | undefined;
  readonly #begun = performance.now();
  #trace: TraceContext | undefined;
  #traceRead = false;
  readonly #traceparent: string | undefined;
  readonly method: string;
  #lastActor: Actor | undefined;
  #lastRoute: string | undefined;
  #denial: Denial | undefined;
  #error: { readonly code: string } | undefined;
  #ended = false;
  #intending = false;
  #tenant: string | undefined;

  constructor(http: HttpAudit<Request>, source: ExchangeSource<Request>, level: RouteLevel, requestId: string | undefined) {
    this.#http = http;
    this.#source = source;
    this.level = level;
    this.#requestId = requestId;
    const { method, headers } = source.raw;
    this.method = method !== undefined && /^[A-Z]{1,16}$/.test(method) ? method : "OTHER";
    const traceparent = headers.traceparent;
    this.#traceparent = typeof traceparent === "string" ? traceparent : undefined;
    this.#trace = activeSpan();
    this.#traceRead = this.#trace !== undefined;
  }

  get log(): AuditLog {
    return this.#http.log;
  }

  /** The framework's, the client's where an option names its header, else our own: records of one request belong together. */
  get requestId(): string {
    this.#requestId ??= uuidV7(Date.now());
    return this.#requestId;
  }

  get traceId(): string | undefined {
    return this.#traceContext()?.traceId;
  }

  get spanId(): string | undefined {
    return this.#traceContext()?.spanId;
  }

  get tenant(): string | undefined {
    if (this.#source !== undefined && this.#http.options.tenant !== undefined) {
      this.#tenant = this.#ask("tenant", () => this.#http.options.tenant!(this.#source!.request)) ?? this.#tenant;
    }
    return this.#tenant;
  }

  actor(): Actor {
    const source = this.#source;
    // The records of the end have one actor, and a job that outlives its request keeps it, not the request itself.
    if (source === undefined || this.#ended) return this.#lastActor ?? { kind: "anonymous" };
    const { user, userAgent = true } = this.#http.options;
    const answer = user === undefined ? undefined : this.#ask("user", () => user(source.request));
    const ip = this.#ask("trust proxy", () => source.ip());
    const agent = userAgent ? source.raw.headers["user-agent"] : undefined;
    const actor: { -readonly [K in keyof Actor]: Actor[K] } = { kind: "anonymous" };
    if (answer !== undefined && answer !== null && answer !== "") {
      if (typeof answer === "object") {
        actor.kind = answer.kind ?? "user";
        const id = this.#recordable("id", answer.id);
        if (id !== undefined) actor.id = id;
        const sessionId = answer.sessionId === undefined ? undefined : this.#recordable("session id", answer.sessionId);
        if (sessionId !== undefined) actor.sessionId = sessionId;
        if (answer.about !== undefined) actor.about = answer.about;
      } else {
        actor.kind = "user";
        const id = this.#recordable("id", answer);
        if (id !== undefined) actor.id = id;
      }
    } else if (this.#lastActor?.id !== undefined) {
      // Signed out on the way: what the request did before it did as this user.
      return this.#lastActor;
    }
    if (ip !== undefined) actor.ip = ip;
    if (agent !== undefined) actor.userAgent = agent;
    this.#lastActor = actor;
    return actor;
  }

  route(): string | undefined {
    this.#lastRoute = this.#source?.route() ?? this.#lastRoute;
    return this.#lastRoute === undefined ? undefined : routeTemplate(this.#lastRoute);
  }

  hold(receipt: Receipt): boolean {
    // Nothing can leave before the handler runs, and the framework answers when the intent cannot be stored.
    if (this.#intending) return true;
    return this.#source !== undefined && holdAnswer(this.#source.response, receipt);
  }

  deny(denial: Denial): boolean {
    if (this.#ended) return false;
    this.#denial = denial;
    return true;
  }

  /** An exception left a handler. Its name or code is kept, its text is not. */
  failed(error: unknown): void {
    const status = statusOf(error);
    if (status === undefined || status >= 500) this.#error = { code: errorCodeOf(error) };
  }

  /**
   * On a route of level `always`: stores that the request is about to be handled.
   * @returns undefined where nothing has to be waited for; rejects with `INTENT_NOT_STORED` where the handler must not run
   */
  intent(): Promise<void> | undefined {
    if (this.level !== "always") return undefined;
    this.#intending = true;
    const receipt = this.log.recordWith(requestStarted, {}, { context: this, request: this.#request(undefined, undefined) });
    this.#intending = false;
    return receipt.stored.catch((cause: unknown) => {
      if (receipt.policy === "continue") return;
      throw new DaybookError("INTENT_NOT_STORED", "The route must be recorded and the store is not available; try again later.", { cause });
    });
  }

  /** The answer has left, or the client has: called once, when the response has closed. */
  end(): void {
    if (this.#ended || this.#source === undefined) return;
    this.#lastActor = this.actor();
    this.#ended = true;
    const { response, raw } = this.#source;
    const { options } = this.#http;
    if (this.level !== "none" || options.observe !== undefined) {
      const unavailable = holdFailure(response);
      const begun = hasBegun(response);
      const upgraded = raw.headers.upgrade !== undefined && !begun && !response.writableEnded;
      const aborted = !upgraded && unavailable === undefined && !leftWhole(response);
      const status = unavailable !== undefined ? 503 : upgraded ? 101 : begun ? response.statusCode : undefined;
      const durationMs = Math.max(0, performance.now() - this.#begun - heldMs(response));
      const route = this.route() ?? UNMATCHED;
      const outcome = aborted ? "partial" : outcomeOf(status);
      if (this.level !== "none") {
        const request = this.#request(status, Math.round(durationMs), route);
        const denied = this.#denied(aborted ? undefined : status);
        if (denied !== undefined) this.#record(denied, denialFields(this.#denial ?? {}), request);
        if (this.#error !== undefined || (!aborted && status !== undefined && status >= 500)) {
          this.#record(requestFailed, this.#error === undefined ? {} : { error: this.#error }, request);
        }
        this.#record(requestCompleted, { outcome }, request);
      }
      const { observe } = options;
      if (observe !== undefined) {
        const { method, traceId } = this;
        const userId = this.#lastActor.id;
        const recorded = this.level !== "none";
        this.#ask("observe", () => observe({ method, route, status, durationMs, outcome, recorded, traceId, userId }));
      }
    }
    // Jobs started from the request keep this exchange as their context: let go of the sockets and bodies behind it.
    this.#source = undefined;
    leaveContext(raw);
  }

  /** What is recorded of a refusal, where the answer is one or the handler said so. */
  #denied(status: number | undefined): EventDefinition | undefined {
    if (status === 429) return quotaExceeded;
    return status === 401 || status === 403 || this.#denial !== undefined ? permissionDenied : undefined;
  }

  /** A request leaves its records whatever the application says about it: what cannot be recorded of that is left out, and reported. */
  #record(definition: EventDefinition, fields: AnyRecordFields, request: RequestInfo): void {
    const refused = this.log.recordWithoutReceipt(definition, fields, { context: this, request });
    if (refused?.code !== "BAD_EVENT") return;
    const { kind, ip, userAgent } = this.#lastActor ?? { kind: "anonymous" };
    const actor = { kind: ACTOR_KINDS.includes(kind) ? kind : "user", ...(ip && { ip }), ...(userAgent && { userAgent }) };
    const { outcome, error } = fields;
    this.log.recordWithoutReceipt(definition, { outcome, error }, { context: { actor: () => actor }, request });
  }

  #recordable(what: string, value: unknown): string | undefined {
    const text = String(value);
    if (text.length > 0 && text.length <= 512 && text.isWellFormed()) return text;
    this.log.problem(new DaybookError("BAD_EVENT", `\`user\` answered a ${what} that is no text of 1 to 512 characters; it is left out.`));
    return undefined;
  }

  #request(status: number | undefined, durationMs: number | undefined, route = this.route()): RequestInfo {
    const request: { -readonly [K in keyof RequestInfo]: RequestInfo[K] } = {
      id: this.requestId,
      method: this.method,
    };
    const trace = this.#traceContext();
    if (trace !== undefined) {
      request.traceId = trace.traceId;
      request.spanId = trace.spanId;
    }
    if (route !== undefined) request.route = route;
    if (status !== undefined && status >= 100 && status <= 599) request.status = status;
    if (durationMs !== undefined) request.durationMs = durationMs;
    return request;
  }

  #traceContext(): TraceContext | undefined {
    if (!this.#traceRead) {
      this.#traceRead = true;
      this.#trace = parseTraceparent(this.#traceparent);
    }
    return this.#trace;
  }

  #ask<T>(option: string, question: () => T): T | undefined {
    try {
      return question();
    } catch (cause) {
      this.#http.log.problem(
        new DaybookError("BAD_OPTION", `\`${option}\` threw for a request: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        }),
      );
      return undefined;
    }
  }
}

/** True once there are headers. Libraries that lend a response to another framework hide Node's own answer. */
const hasBegun = (response: ServerResponse): boolean =>
  response.headersSent || Reflect.get(OutgoingMessage.prototype, "headersSent", response);

/**
 * True once the last byte is on its way. Over HTTP/2 a response that was given up is "finished", too, but nobody has ended it; a
 * simulated one ends without a connection that could take its bytes.
 */
const leftWhole = (response: ServerResponse) =>
  response.writableEnded && (response.writableFinished || response.socket?.destroyed === false);

const outcomeOf = (status: number | undefined) => {
  if (status === undefined || status < 400) return "success";
  return status === 401 || status === 403 || status === 429 ? "denied" : "failure";
};

function statusOf(error: unknown): number | undefined {
  const { status, statusCode } = (error ?? {}) as { status?: unknown; statusCode?: unknown };
  const given = typeof statusCode === "number" ? statusCode : status;
  return typeof given === "number" ? given : undefined;
}

const ERROR_CODE = /^[A-Za-z0-9_.:-]{1,64}$/;

function errorCodeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === "string" && ERROR_CODE.test(code)) return code;
  return typeof name === "string" && ERROR_CODE.test(name) ? name : "thrown";
}

const routeTemplate = (route: string) =>
  route === UNMATCHED ? route : (route.startsWith("/") ? route : `/${route}`).slice(0, 256).toWellFormed();

/** Letters, digits and a few separators, at most 128; anything else is not an id. */
const requestIdOf = (header: string | string[] | undefined) =>
  typeof header === "string" && /^[\w.:@/+=-]{1,128}$/.test(header) ? header : undefined;
