import { OutgoingMessage, type ServerResponse } from "node:http";
import type { Denial, RequestContext } from "../context/request-context.ts";
import { activeSpan, parseTraceparent, type TraceContext } from "../context/trace-context.ts";
import type { Receipt } from "../contracts/receipt.ts";
import { DaybookError } from "../daybook-error.ts";
import { defined } from "../defined.ts";
import { ACTOR_KINDS, type Actor } from "../events/actor.ts";
import type { RequestInfo } from "../events/audit-event.ts";
import { permissionDenied, quotaExceeded, requestCompleted, requestFailed, requestStarted } from "../events/built-in-events.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { AuditLog } from "../recording/audit-log.ts";
import { denialFields } from "../recording/denial.ts";
import type { AnyRecordFields } from "../recording/record-fields.ts";
import { uuidV7 } from "../recording/uuid-v7.ts";
import { heldMs, holdFailure, holdResponse } from "./hold-response.ts";
import type { ExchangeSource, HttpAuditOptions } from "./http-audit-options.ts";
import { leaveContext } from "./keep-alive-context.ts";
import type { RouteLevel } from "./route-policy.ts";

/** Route of a request that matched none. */
export const UNMATCHED = "(unmatched)";

/** The log and the options under which a request is recorded. */
interface ExchangeSettings<Request> {
  readonly log: AuditLog;
  readonly options: HttpAuditOptions<Request>;
}

/** The life of one request: what its records say about it. */
export class HttpExchange<Request> implements RequestContext {
  readonly level: RouteLevel;
  #requestId: string | undefined;
  readonly #http: ExchangeSettings<Request>;
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

  constructor(http: ExchangeSettings<Request>, source: ExchangeSource<Request>, level: RouteLevel, requestId: string | undefined) {
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

  /** Id of the framework, of the client if an option names its header, otherwise our own: records of one request share it. */
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
    // All records of the end have one actor. A job that outlives its request keeps the actor, not the request.
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
      // The user signed out during the request: its earlier acts were done as this user.
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

  holdResponse(receipt: Receipt): boolean {
    // No byte is sent before the handler runs, and the framework responds if the intent cannot be stored.
    if (this.#intending) return true;
    return this.#source !== undefined && holdResponse(this.#source.response, receipt);
  }

  deny(denial: Denial): boolean {
    if (this.#ended) return false;
    this.#denial = denial;
    return true;
  }

  /** A handler threw. The record keeps the name or code of the exception, not its text. */
  failed(error: unknown): void {
    const status = statusOf(error);
    if (status === undefined || status >= 500) this.#error = { code: errorCodeOf(error) };
  }

  /**
   * On a route of level `always`, stores that the request is about to be handled.
   * @returns undefined on other routes; rejects with `INTENT_NOT_STORED` if the handler must not run
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

  /** Records the end. Called when the response has closed; a second call does nothing. */
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
          this.#record(requestFailed, defined({ error: this.#error }), request);
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
    // Jobs that the request started keep this exchange as their context: it must not keep sockets and bodies alive.
    this.#source = undefined;
    leaveContext(raw);
  }

  /** The definition that records a refusal, if the status is one or the handler called `deny`. */
  #denied(status: number | undefined): EventDefinition | undefined {
    if (status === 429) return quotaExceeded;
    return status === 401 || status === 403 || this.#denial !== undefined ? permissionDenied : undefined;
  }

  /** A request is always recorded. Invalid values from the application are dropped and reported to `onProblem`. */
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
    this.log.problem(
      new DaybookError("BAD_EVENT", `\`user\` returned a ${what} that is not a text of 1 to 512 characters; it is left out.`),
    );
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

/** Headers have been sent. Libraries that lend a response to another framework hide Node's own property. */
const hasBegun = (response: ServerResponse): boolean =>
  response.headersSent || Reflect.get(OutgoingMessage.prototype, "headersSent", response);

/**
 * The last byte was handed to the connection. Over HTTP/2 an abandoned response is "finished" too, but was not ended. A simulated
 * response ends without a connection.
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

/** An id has 1 to 128 letters, digits and a few separators; anything else is dropped. */
export const requestIdOf = (header: string | string[] | undefined) =>
  typeof header === "string" && /^[\w.:@/+=-]{1,128}$/.test(header) ? header : undefined;
