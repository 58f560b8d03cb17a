/**
 * Preloaded into the test files of another project: a file that requires the module THIRD_PARTY_WRAP gets it with a middleware mounted,
 * which is Daybook's or, for comparison, one that does nothing.
 */
"use strict";

const dns = require("node:dns");
const { appendFileSync } = require("node:fs");
const Module = require("node:module");
const { join } = require("node:path");

const { THIRD_PARTY_WRAP: target, THIRD_PARTY_KIND: kind, THIRD_PARTY_MOUNT: mount, THIRD_PARTY_COUNT: countFile } = process.env;
const daybook = mount === "daybook";

// Tests ask for `localhost`, which not every machine resolves; nothing leaves the loopback interface either way.
const { lookup } = dns;
dns.lookup = (host, options, done = options) => {
  if (host !== "localhost") return lookup(host, options, done);
  process.nextTick(() => (options?.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)));
};

const built = (name) => require(join(__dirname, "../../packages", name, "dist/index.cjs"));
let log;
function audit() {
  if (log === undefined) {
    const { createAuditLog, memoryStore } = built("core");
    const store = memoryStore();
    log = createAuditLog({ store, signals: false, onProblem: (problem) => appendFileSync(countFile, `${problem.message}\n`) });
    process.on("exit", () => appendFileSync(countFile, `${store.events.length}\n`));
  }
  return log;
}

const nothing = (_request, _response, next) => next();
/** Tests that count or print hooks see those of any plugin, so this one has as many as Daybook's. */
const nothingPlugin = Object.assign(
  async (app) => {
    app.addHook("onRoute", () => undefined);
    for (const hook of ["onRequest", "preHandler"]) app.addHook(hook, (_request, _reply, next) => next());
    app.addHook("onError", (_request, _reply, _error, next) => next());
    app.addHook("onClose", async () => undefined);
  },
  { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "nothing" },
);
const rawMiddleware = () => (daybook ? built("fastify").auditMiddleware({ audit: audit() }) : nothing);

const WRAPPERS = {
  /** Every server has the plugin. */
  fastify(original) {
    return (options) => {
      const app = original(options);
      if (daybook) app.register(built("fastify").auditPlugin, { audit: audit() });
      else app.register(nothingPlugin);
      return app;
    };
  },
  /** Every engine runs the middleware first. */
  engine(original) {
    return (app, options, done) =>
      original(app, options, (error) => {
        if (!error) app.use(rawMiddleware());
        done(error);
      });
  },
  /** The middleware runs before the one that is tested. */
  connect(original) {
    return (...options) => {
      const tested = original(...options);
      const first = rawMiddleware();
      const both = (request, response, next) => first(request, response, () => tested(request, response, next));
      return Object.defineProperties(both, Object.getOwnPropertyDescriptors(tested));
    };
  },
  /** Every application has the middleware first. */
  express(original) {
    return () => {
      const app = original();
      app.use(daybook ? built("express").auditMiddleware({ audit: audit() }) : nothing);
      return app;
    };
  },
};

const load = Module._load;
let wrapped;
Module._load = function (request, parent, isMain) {
  const exported = load.call(this, request, parent, isMain);
  if (typeof exported !== "function" || Module._resolveFilename(request, parent, isMain) !== target) return exported;
  if (wrapped === undefined) {
    wrapped = WRAPPERS[kind](exported);
    for (const key of Reflect.ownKeys(exported)) {
      if (["length", "name", "prototype", "arguments", "caller"].includes(key)) continue;
      Object.defineProperty(wrapped, key, Object.getOwnPropertyDescriptor(exported, key));
    }
    for (const key of ["default", "fastify", "pinoHttp", "fastifyMiddie", "fastifyExpress"]) if (key in exported) wrapped[key] = wrapped;
  }
  return wrapped;
};
