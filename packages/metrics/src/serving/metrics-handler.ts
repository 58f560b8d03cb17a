import type { Registry, RegistryContentType } from "prom-client";

type Scraped = Registry<RegistryContentType>;

// The response names no cause, which may be private; Prometheus sees a failed scrape as `up == 0`.
const UNREADABLE = "a metric could not be read\n";
const PLAIN = "text/plain; charset=utf-8";

/** The part of a response of Node or Express that is used. */
export interface ResponseLike {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text?: string): unknown;
}

/**
 * Serves metrics as a handler of Express or of Node's own `http`: `app.get("/metrics", metricsHandler(metrics.registry))`. Every
 * client of the route can read them; `serveMetrics` serves them on a separate port.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { createMetrics, metricsHandler } from "@daybook/metrics";
 *
 * createServer(metricsHandler(createMetrics().registry)).listen(9464, "127.0.0.1");
 * ```
 */
export function metricsHandler(
  registry: Scraped,
): (request: { readonly method?: string | undefined }, response: ResponseLike) => Promise<void> {
  return async (request, response) => {
    let text: string;
    try {
      text = await registry.metrics();
    } catch {
      response.writeHead(500, { "content-type": PLAIN });
      response.end(UNREADABLE);
      return;
    }
    response.writeHead(200, { "content-type": registry.contentType, "cache-control": "no-store" });
    response.end(request.method === "HEAD" ? undefined : text);
  };
}

/** The part of a Fastify reply that is used. */
export interface ReplyLike {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
}

/** Serves metrics as a handler of Fastify: `app.get("/metrics", fastifyMetricsHandler(metrics.registry))`. */
export function fastifyMetricsHandler(registry: Scraped): (request: unknown, reply: ReplyLike) => Promise<string> {
  return async (_request, reply) => {
    reply.header("cache-control", "no-store");
    try {
      const text = await registry.metrics();
      reply.header("content-type", registry.contentType);
      return text;
    } catch {
      reply.code(500);
      reply.header("content-type", PLAIN);
      return UNREADABLE;
    }
  };
}
