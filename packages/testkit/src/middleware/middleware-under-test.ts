import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { AuditLog, RequestAudit } from "@daybook/core";
import type { HttpAuditOptions } from "@daybook/core/http";

/** A request in a handler of the suite, the same on every framework. */
export interface Call {
  /** The request of Node. */
  readonly raw: IncomingMessage;
  /** Parameters of the route. */
  readonly params: Readonly<Record<string, string>>;
  /** A parsed JSON body. */
  readonly body: unknown;
  /** `request.audit`, if the middleware has it. */
  readonly audit: RequestAudit | undefined;
  /** Sends a response with the framework's own method. */
  send(status: number, body?: string | object | Readable, headers?: Readonly<Record<string, string>>): void;
  /** Returns Node's response, which the handler then writes without the framework. */
  takeOver(): ServerResponse;
}

/** One route of the application under test. */
export interface SuiteRoute {
  /** HTTP method. */
  readonly method: "GET" | "POST";
  /** Literal segments and `:name`. */
  readonly path: string;
  /** May throw, and may return a promise that rejects. */
  handle(call: Call): unknown;
}

/** Routes below a common path. */
export interface SuiteMount {
  /** Literal segments and `:name`. */
  readonly path: string;
  /** Routes below the path. */
  readonly routes: readonly SuiteRoute[];
  /** Further mounts below the path. */
  readonly mounts?: readonly SuiteMount[];
}

/** A further middleware: one that wraps the response, or one that adds a cookie before it is sent. */
export type Extra = "compression" | "session";

/** The application of a test. */
export interface AppSetup {
  /** The log of the middleware. Undefined: the same application, with a middleware that does nothing. */
  readonly audit?: AuditLog | undefined;
  /** Options for the middleware, beside `audit` and `user`, which asks `userOf`. */
  readonly options?: Pick<HttpAuditOptions<never>, "policy" | "userAgent">;
  /** Request header with the id of a request: the framework's own setting if it has one, else the middleware's option. */
  readonly requestIdHeader?: string | undefined;
  /** Routes of the application. */
  readonly routes?: readonly SuiteRoute[];
  /** Mounts of the application. */
  readonly mounts?: readonly SuiteMount[];
  /** Believe X-Forwarded-For of the loopback address, by the framework's own setting. Default false. */
  readonly trustProxy?: boolean;
  /** Wraps all later middleware, including the one under test. */
  readonly around?: ((next: () => void) => void) | undefined;
  /** Further middleware before the one under test. */
  readonly before?: readonly Extra[];
  /** Further middleware after it. */
  readonly after?: readonly Extra[];
  /** Mount the middleware a second time. */
  readonly twice?: boolean;
  /** The application's own response to an exception. Default: the framework's. */
  readonly answerError?: ((call: Call) => void) | undefined;
}

/** An application of the suite while it runs. */
export interface RunningApp {
  /** Listening on 127.0.0.1. */
  readonly server: Server;
  /** Routes a request that is not from the server's `request` event, as upgrades do. */
  dispatch(request: IncomingMessage, response: ServerResponse): void;
  /** Stops the server. */
  close(): Promise<void>;
}

/** Abilities of a middleware and its framework, as data. Cases that need a missing one are skipped with the reason. */
export interface MiddlewareFeatures {
  /** The request has `request.audit`. */
  readonly requestAudit: boolean;
  /** A request that must be recorded waits before the handler, so that level `always` works. */
  readonly always: boolean;
  /** The framework routes a request with a malformed percent encoding, or the middleware sees its refusal. */
  readonly malformedUrls: boolean;
  /** Compression and sessions can be mounted before the middleware under test and after it. */
  readonly extras: boolean;
  /** A handler can write Node's response itself. */
  readonly rawAnswers: boolean;
}

/** A middleware and how to start an application with it. */
export interface MiddlewareUnderTest {
  /** What it can do. */
  readonly supports: MiddlewareFeatures;
  /**
   * Starts an application: `around`, `before`, the middleware, `after`, a JSON body parser, an asynchronous sign-in that calls
   * `signIn`, the routes.
   */
  start(setup: AppSetup): Promise<RunningApp>;
}

const users = new WeakMap<IncomingMessage, string>();

/**
 * Signs the user in: the user is in the header `x-user`, percent-encoded. With `x-broken-user` the id is malformed. Call it
 * asynchronously.
 */
export function signIn(request: IncomingMessage): void {
  if (request.headers["x-broken-user"] !== undefined) users.set(request, "half a character: \ud800");
  const user = request.headers["x-user"];
  if (typeof user === "string") users.set(request, decodeURIComponent(user));
}

/** The `user` option of the middleware under test: unknown until the sign-in has run. */
export const userOf = (request: IncomingMessage): string | undefined => users.get(request);
