import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry, RegistryContentType } from "prom-client";
import { metricsHandler } from "./metrics-handler.ts";

export interface ServeMetricsOptions {
  readonly registry: Registry<RegistryContentType>;
  /** Default 9464, the port OpenTelemetry uses for this; 9090 is Prometheus' own. 0 takes a free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. In a container, `0.0.0.0` and a network that only Prometheus is on. */
  readonly host?: string;
}

export interface MetricsServer {
  /** Address of the metrics. */
  readonly url: string;
  readonly port: number;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** Serves metrics at `/metrics` on a port of their own. Does not keep the process running. */
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
