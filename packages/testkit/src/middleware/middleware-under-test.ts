import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { AuditLog, RequestAudit } from "@daybook/core";
import type { HttpAuditOptions } from "@daybook/core/http";

/** What a handler of the suite may do, the same on every framework. */
export interface Call {
  readonly raw: IncomingMessage;
  readonly params: Readonly<Record<string, string>>;
  /** A parsed JSON body. */
  readonly body: unknown;
  /** `request.audit`, where the middleware gives it. */
  readonly audit: RequestAudit | undefined;
  /** Answers in the framework's own way. */
  send(status: number, body?: string | object | Readable, headers?: Readonly<Record<string, string>>): void;
  /** Takes the answer away from the framework: the handler writes Node's response itself. */
  takeOver(): ServerResponse;
}

export interface SuiteRoute {
  readonly method: "GET" | "POST";
  /** Literal segments and `:name`. */
  readonly path: string;
  /** May throw, and may answer a promise that rejects. */
  handle(call: Call): unknown;
}

/** Routes below a common path, which may hold parameters. */
export interface SuiteMount {
  readonly path: string;
  readonly routes: readonly SuiteRoute[];
  readonly mounts?: readonly SuiteMount[];
}

/** A further middleware of the framework's world: one that wraps the answer, and one that writes a cookie before it leaves. */
export type Extra = "compression" | "session";

/** The application a test wants. */
export interface AppSetup {
  /** Undefined: the same application, with a middleware that does nothing. */
  readonly audit?: AuditLog | undefined;
  /** Options for the middleware, beside `audit` and `user`, which asks `userOf`. */
  readonly options?: Pick<HttpAuditOptions<never>, "policy" | "userAgent">;
  /** Header of the client that names a request, by the framework's own setting where it has one, else by the middleware's option. */
  readonly requestIdHeader?: string | undefined;
  readonly routes?: readonly SuiteRoute[];
  readonly mounts?: readonly SuiteMount[];
  /** Believe X-Forwarded-For of the loopback address, by the framework's own setting. Default false. */
  readonly trustProxy?: boolean;
  /** Wraps everything that is mounted after it, the middleware under test too. */
  readonly around?: ((next: () => void) => void) | undefined;
  readonly before?: readonly Extra[];
  readonly after?: readonly Extra[];
  /** Mount the middleware a second time. */
  readonly twice?: boolean;
  /** The application's own answer to an exception. Default: the framework's. */
  readonly answerError?: ((call: Call) => void) | undefined;
}

export interface RunningApp {
  /** Listening on 127.0.0.1. */
  readonly server: Server;
  /** Routes a request that did not come from the server's `request` event, as upgrades do. */
  dispatch(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** What a middleware or its framework cannot do, as data; cases that need it are skipped with the reason. */
export interface MiddlewareFeatures {
  /** `request.audit` is there. */
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

export interface MiddlewareUnderTest {
  readonly supports: MiddlewareFeatures;
  /**
   * Starts an application: `around`, `before`, the middleware, `after`, a JSON body parser, an asynchronous sign-in that calls
   * `signIn`, the routes.
   */
  start(setup: AppSetup): Promise<RunningApp>;
}

const users = new WeakMap<IncomingMessage, string>();

/**
 * What the sign-in of the application does: the user is in the header `x-user`, percent-encoded, or broken where there is
 * `x-broken-user`. Call it asynchronously.
 */
export function signIn(request: IncomingMessage): void {
  if (request.headers["x-broken-user"] !== undefined) users.set(request, "half a character: \ud800");
  const user = request.headers["x-user"];
  if (typeof user === "string") users.set(request, decodeURIComponent(user));
}

/** The `user` option of the middleware under test: unknown until the sign-in has run. */
export const userOf = (request: IncomingMessage): string | undefined => users.get(request);
