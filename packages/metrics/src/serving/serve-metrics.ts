import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry, RegistryContentType } from "prom-client";
import { metricsHandler } from "./metrics-handler.ts";

/** Options of `serveMetrics`. */
export interface ServeMetricsOptions {
  /** The metrics to serve. */
  readonly registry: Registry<RegistryContentType>;
  /** Port; 0 takes a free one. Default 9464, which OpenTelemetry uses for metrics. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`. In a container: `0.0.0.0`, on a network with Prometheus only. */
  readonly host?: string;
}

/** A running metrics server. */
export interface MetricsServer {
  /** URL of the metrics. */
  readonly url: string;
  /** Port it listens on. */
  readonly port: number;
  /** Stops the server and closes its connections. It can be called twice. */
  close(): Promise<void>;
}

/** Serves metrics at `/metrics` on a separate port. It does not keep the process running. Rejects if the port is in use. */
export async function serveMetrics({ registry, port = 9464, host = "127.0.0.1" }: ServeMetricsOptions): Promise<MetricsServer> {
  const scrape = metricsHandler(registry);
  const server = createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") response.writeHead(405, { allow: "GET, HEAD" }).end();
    else if (path === "/metrics") void scrape(request, response);
    else response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("metrics are at /metrics\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  server.unref();
  const address = server.address() as AddressInfo;
  const named = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${named}:${address.port}/metrics`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
