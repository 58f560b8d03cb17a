import type { Server } from "node:http";
import { Readable } from "node:stream";
import { auditErrorMiddleware, auditMiddleware } from "@daybook/express";
import {
  type AppSetup,
  type Call,
  type Extra,
  type MiddlewareUnderTest,
  type RunningApp,
  type SuiteMount,
  type SuiteRoute,
  signIn,
  userOf,
} from "@daybook/testkit";
import compression from "compression";
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response, type Router } from "express";
import session from "express-session";
// @ts-expect-error this package has no types; it is what `express.Router` was in Express 5.0
import oldestRouter from "router-oldest";

const supports = { requestAudit: true, always: true, malformedUrls: true, extras: true, rawAnswers: true };

/** The application of the middleware suite on Express. */
export const expressUnderTest: MiddlewareUnderTest = { supports, start: (setup) => start(setup) };

/** The same with the router of Express 5.0, which tells neither the pattern it matched nor the errors it saw. */
export const oldestRouterUnderTest: MiddlewareUnderTest = {
  supports,
  start: (setup) => start(setup, oldestRouter as typeof express.Router),
};

async function start(
  {
    audit,
    options = {},
    requestIdHeader,
    routes = [],
    mounts = [],
    trustProxy,
    around,
    before = [],
    after = [],
    twice,
    answerError,
  }: AppSetup,
  oldRouter?: typeof express.Router,
): Promise<RunningApp> {
  const app = express();
  const createRouter = oldRouter ?? express.Router;
  if (oldRouter !== undefined) Object.defineProperty(app, "router", { value: oldRouter() });
  if (trustProxy) app.set("trust proxy", "loopback");
  // Errors are answered without being printed.
  app.set("env", "test");
  if (around !== undefined) app.use((_request, _response, next) => around(next));
  for (const extra of before) app.use(EXTRAS[extra]());
  if (audit !== undefined) {
    const middleware = auditMiddleware({
      ...options,
      audit,
      user: userOf,
      ...(requestIdHeader === undefined ? {} : { requestIdHeader }),
    });
    app.use(middleware);
    if (twice) app.use(middleware);
  }
  for (const extra of after) app.use(EXTRAS[extra]());
  app.use(express.json());
  app.use((request, _response, next) => {
    setImmediate(() => {
      signIn(request);
      next();
    });
  });
  addRoutes(app, routes, mounts, createRouter);
  if (oldRouter !== undefined) app.use(auditErrorMiddleware());
  if (answerError !== undefined) {
    const handler: ErrorRequestHandler = (_error, request, response, _next) => answerError(callOf(request, response));
    app.use(handler);
  }
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = app.listen(0, "127.0.0.1", (error) => (error === undefined ? resolve(listening) : reject(error)));
  });
  return {
    server,
    dispatch: (request, response) => app(request as Request, response as Response),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const EXTRAS: Record<Extra, () => RequestHandler> = {
  compression: () => compression({ threshold: 0 }),
  session: () => session({ secret: "a secret for tests", resave: false, saveUninitialized: true }) as RequestHandler,
};

function addRoutes(
  router: Router,
  routes: readonly SuiteRoute[],
  mounts: readonly SuiteMount[],
  createRouter: typeof express.Router,
): void {
  for (const { method, path, handle } of routes) {
    router[method === "GET" ? "get" : "post"](path, (request, response) => handle(callOf(request, response)) as undefined);
  }
  for (const mount of mounts) {
    const below = createRouter();
    // A middleware of the mounted router: it makes Express forget the parameters of the mount.
    below.use((_request, _response, next) => next());
    addRoutes(below, mount.routes, mount.mounts ?? [], createRouter);
    router.use(mount.path, below);
  }
}

const callOf = (request: Request, response: Response): Call => ({
  raw: request,
  params: request.params as Record<string, string>,
  body: request.body,
  audit: request.audit,
  send(status, body, headers = {}) {
    response.status(status).set(headers);
    if (body instanceof Readable) body.pipe(response);
    else if (body === undefined) response.end();
    else response.send(body);
  },
  takeOver: () => response,
});
