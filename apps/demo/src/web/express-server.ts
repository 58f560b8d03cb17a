import type { Server } from "node:http";
import { auditErrorMiddleware, auditMiddleware } from "@daybook/express";
import express, { type ErrorRequestHandler, type Request, type Response } from "express";
import { notFoundPage, serverErrorPage } from "../pages/error-pages.ts";
import { CONTENT_SECURITY_POLICY } from "../pages/layout.ts";
import { handleRequest } from "./answer-request.ts";
import { type House, libraryRoutes } from "./library-routes.ts";
import { pageContext } from "./page-context-of.ts";
import type { WebRequest, WebResponse } from "./route.ts";
import { visitors } from "./visitors.ts";

/** The library on Express. */
export function expressServer(house: House, uploadLimitBytes: number): { listen(port: number): Promise<Server> } {
  const { audit, metrics, sessions, library } = house;
  const visitorOf = visitors(sessions, library);
  const routes = libraryRoutes(house);
  const app = express();
  app.disable("x-powered-by");
  const policy = routes.flatMap(({ method, path, audit: level }) => (level === undefined ? [] : [{ method, path, level }]));

  // One line: every request, denial, quota hit and error is in the trail from here on.
  app.use(auditMiddleware({ audit, policy, user: (request) => visitorOf(request).reader?.id, observe: metrics.observe }));

  app.use((_request, response, next) => {
    response.setHeader("content-security-policy", CONTENT_SECURITY_POLICY);
    response.setHeader("x-content-type-options", "nosniff");
    next();
  });
  app.use(express.text({ type: "application/x-www-form-urlencoded", limit: uploadLimitBytes }));
  const webRequest = (request: Request): WebRequest => {
    const mark = request.originalUrl.indexOf("?");
    return {
      params: request.params as Record<string, string>,
      query: new URLSearchParams(mark < 0 ? "" : request.originalUrl.slice(mark + 1)),
      form: new URLSearchParams(typeof request.body === "string" ? request.body : ""),
      ...visitorOf(request),
    };
  };
  for (const route of routes) {
    app[route.method === "GET" ? "get" : "post"](route.path, async (request: Request, response: Response) => {
      send(response, await handleRequest(route, webRequest(request), audit));
    });
  }
  app.use((request, response) => send(response, { status: 404, body: notFoundPage(pageContext(visitorOf(request))) }));
  app.use(auditErrorMiddleware());
  const answerError: ErrorRequestHandler = (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const status = typeof error.status === "number" && error.status >= 400 && error.status < 500 ? error.status : 500;
    send(response, { status, body: serverErrorPage(pageContext(visitorOf(request))) });
  };
  app.use(answerError);

  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        const server = app.listen(port, "127.0.0.1", (error) => (error === undefined ? resolve(server) : reject(error)));
      }),
  };
}

function send(response: Response, { status, body = "", type = "text/html; charset=utf-8", location, headers = {} }: WebResponse): void {
  response.status(status ?? (location === undefined ? 200 : 303)).set(headers);
  if (location !== undefined) response.location(location).end();
  else response.type(type).send(body);
}
