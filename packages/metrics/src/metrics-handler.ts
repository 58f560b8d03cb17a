import type { Registry, RegistryContentType } from "prom-client";

type Scraped = Registry<RegistryContentType>;

/** The part of a response of Node or Express that is used. */
export interface ResponseLike {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text?: string): unknown;
}

/**
 * Serves metrics as a handler of Express or of Node's own `http`: `app.get("/metrics", metricsHandler(metrics.registry))`. Whoever
 * can reach the route can read them; a port of their own (`serveMetrics`) keeps them apart from the application.
 */
export function metricsHandler(
  registry: Scraped,
): (request: { readonly method?: string | undefined }, response: ResponseLike) => Promise<void> {
  return async (request, response) => {
    let text: string;
    try {
      text = await registry.metrics();
    } catch {
      // What exactly failed is for the log of whoever declared the metric; a scrape that fails is seen as `up == 0`.
      response.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
      response.end("a metric could not be read\n");
      return;
    }
    response.writeHead(200, { "content-type": registry.contentType, "cache-control": "no-store" });
    response.end(request.method === "HEAD" ? undefined : text);
  };
}

/** The part of a Fastify reply that is used. */
export interface ReplyLike {
  header(name: string, value: string): unknown;
}

/** Serves metrics as a handler of Fastify: `app.get("/metrics", fastifyMetricsHandler(metrics.registry))`. */
export function fastifyMetricsHandler(registry: Scraped): (request: unknown, reply: ReplyLike) => Promise<string> {
  return async (_request, reply) => {
    const text = await registry.metrics();
    reply.header("content-type", registry.contentType);
    reply.header("cache-control", "no-store");
    return text;
  };
}
