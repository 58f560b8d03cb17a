import type { Server } from "node:http";
import { auditPlugin } from "@daybook/fastify";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { notFoundPage, serverErrorPage } from "../pages/error-pages.ts";
import { CONTENT_SECURITY_POLICY } from "../pages/layout.ts";
import { handleRequest } from "./answer-request.ts";
import { type House, libraryRoutes } from "./library-routes.ts";
import { pageContext } from "./page-context-of.ts";
import type { WebRequest, WebResponse } from "./route.ts";
import { visitors } from "./visitors.ts";

/** The library on Fastify. */
export async function fastifyServer(house: House, uploadLimitBytes: number): Promise<{ listen(port: number): Promise<Server> }> {
  const { audit, metrics, sessions, library } = house;
  const visitorOf = visitors(sessions, library);
  const app = fastify({ bodyLimit: uploadLimitBytes });

  // One line: every request, denial, quota hit and error is in the trail from here on.
  await app.register(auditPlugin, { audit, user: (request) => visitorOf(request.raw).reader?.id, observe: metrics.observe });

  app.addHook("onRequest", async (_request, reply) => {
    reply.headers({ "content-security-policy": CONTENT_SECURITY_POLICY, "x-content-type-options": "nosniff" });
  });
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    async (_request: FastifyRequest, body: string) => body,
  );
  const webRequest = (request: FastifyRequest): WebRequest => {
    const mark = request.originalUrl.indexOf("?");
    return {
      params: request.params as Record<string, string>,
      query: new URLSearchParams(mark < 0 ? "" : request.originalUrl.slice(mark + 1)),
      form: new URLSearchParams(typeof request.body === "string" ? request.body : ""),
      ...visitorOf(request.raw),
    };
  };
  for (const route of libraryRoutes(house)) {
    app.route({
      method: route.method,
      url: route.path,
      config: route.audit === undefined ? {} : { audit: route.audit },
      handler: async (request, reply) => send(reply, await handleRequest(route, webRequest(request), audit)),
    });
  }
  app.setNotFoundHandler(async (request, reply) => send(reply, { status: 404, body: notFoundPage(pageContext(visitorOf(request.raw))) }));
  app.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500;
    return send(reply, { status, body: serverErrorPage(pageContext(visitorOf(request.raw))) });
  });

  return {
    async listen(port) {
      await app.listen({ port, host: "127.0.0.1" });
      return app.server as Server;
    },
  };
}

function send(
  reply: FastifyReply,
  { status, body = "", type = "text/html; charset=utf-8", location, headers = {} }: WebResponse,
): FastifyReply {
  reply.status(status ?? (location === undefined ? 200 : 303)).headers(headers);
  return location === undefined ? reply.type(type).send(body) : reply.header("location", location).send();
}
