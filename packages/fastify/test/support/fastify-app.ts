import { auditMiddleware, auditPlugin, type RawRequest } from "@daybook/fastify";
import {
  type AppSetup,
  type Call,
  type Extra,
  type MiddlewareUnderTest,
  type SuiteMount,
  type SuiteRoute,
  signIn,
  userOf,
} from "@daybook/testkit";
import compress from "@fastify/compress";
import cookie from "@fastify/cookie";
import fastifyExpress from "@fastify/express";
import middie from "@fastify/middie";
import session from "@fastify/session";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import oldestFastify from "fastify-oldest";

type Mount = (app: FastifyInstance, setup: AppSetup) => Promise<void>;

const plugin: Mount = async (app, { audit, options = {} }) => {
  if (audit === undefined) return;
  await app.register(auditPlugin, { ...options, audit, user: (request) => userOf(request.raw) });
};

/** Both engines add `use`, each with a type of its own. */
interface Connect {
  use(middleware: unknown): void;
}

const middleware =
  (engine: typeof middie | typeof fastifyExpress): Mount =>
  async (app, { audit, options = {} }) => {
    if (!app.hasDecorator("use")) await app.register(engine as typeof middie);
    const nothing = (_request: unknown, _response: unknown, next: () => void) => next();
    (app as unknown as Connect).use(
      audit === undefined ? nothing : auditMiddleware({ ...options, audit, user: (request: RawRequest) => userOf(request) }),
    );
  };

/** The plugin, as most applications use it. */
export const pluginUnderTest: MiddlewareUnderTest = {
  supports: { requestAudit: true, always: true, malformedUrls: true, extras: true, rawAnswers: true },
  start: (setup) => start(setup, plugin),
};

/** The same on the first version of Fastify 5. */
export const pluginOnOldest: MiddlewareUnderTest = {
  ...pluginUnderTest,
  start: (setup) => start(setup, plugin, oldestFastify as unknown as typeof fastify),
};

export const middlewareUnderMiddie: MiddlewareUnderTest = {
  supports: { ...pluginUnderTest.supports, requestAudit: false, malformedUrls: false },
  start: (setup) => start(setup, middleware(middie)),
};

export const middlewareUnderExpress: MiddlewareUnderTest = {
  supports: { ...pluginUnderTest.supports, requestAudit: false, malformedUrls: false },
  start: (setup) => start(setup, middleware(fastifyExpress)),
};

async function start(setup: AppSetup, mount: Mount, create = fastify) {
  const { routes = [], mounts = [], requestIdHeader = false, trustProxy = false, around, before = [], after = [], answerError } = setup;
  const app = create({ requestIdHeader, trustProxy: trustProxy ? "loopback" : false, forceCloseConnections: true });
  if (around !== undefined) app.addHook("onRequest", (_request, _reply, next) => around(next));
  for (const extra of before) await EXTRAS[extra](app);
  await mount(app, setup);
  if (setup.twice) await mount(app, setup);
  for (const extra of after) await EXTRAS[extra](app);
  app.addHook("preHandler", (request, _reply, next) => {
    setImmediate(() => {
      signIn(request.raw);
      next();
    });
  });
  addRoutes(app, routes, mounts);
  if (answerError !== undefined) {
    app.setErrorHandler((_error, request, reply) => {
      answerError(callOf(request, reply));
      return reply;
    });
  }
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { server: app.server, dispatch: app.routing, close: () => app.close() };
}

const EXTRAS: Record<Extra, (app: FastifyInstance) => Promise<void>> = {
  async compression(app) {
    await app.register(compress, { threshold: 0 });
  },
  async session(app) {
    await app.register(cookie);
    await app.register(session, { secret: "a secret for tests that is long enough", cookie: { secure: false } });
  },
};

function addRoutes(app: FastifyInstance, routes: readonly SuiteRoute[], mounts: readonly SuiteMount[]): void {
  for (const { method, path, handle } of routes) {
    app.route({
      method,
      url: path,
      handler(request, reply) {
        const answer = handle(callOf(request, reply));
        return answer instanceof Promise ? answer.then(() => reply) : undefined;
      },
    });
  }
  for (const mount of mounts) {
    app.register(async (below) => addRoutes(below, mount.routes, mount.mounts ?? []), { prefix: mount.path });
  }
}

const callOf = (request: FastifyRequest, reply: FastifyReply): Call => ({
  raw: request.raw,
  params: request.params as Record<string, string>,
  body: request.body,
  audit: request.audit ?? undefined,
  send: (status, body, headers = {}) => void reply.status(status).headers(headers).send(body),
  takeOver() {
    reply.hijack();
    return reply.raw;
  },
});
