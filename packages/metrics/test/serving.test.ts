import { createAuditLog, memoryStore } from "@daybook/core";
import { type OpenMetricsContentType, Registry, register } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMetrics, serveMetrics } from "../src/index.ts";
import { FRAMEWORKS, libraryApp } from "./support/library-app.ts";
import { missingProgram, run } from "./support/programs.ts";

const logWith = (metrics: ReturnType<typeof createMetrics>) => {
  const audit = createAuditLog({ store: memoryStore(), sinks: [metrics.events()], signals: false });
  metrics.watch(audit);
  onTestFinished(async () => void (await audit.close()));
  return audit;
};

describe.each(FRAMEWORKS)("metrics served by a route of %s", (framework) => {
  it("come as the text Prometheus reads", async () => {
    const metrics = createMetrics();
    const app = await libraryApp(framework, { audit: logWith(metrics), metrics });
    onTestFinished(() => app.close());
    const response = await fetch(`${app.url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toContain("# TYPE daybook_audit_events_accepted_total counter");
  });
});

describe("metrics on a port of their own", () => {
  it("are at /metrics on loopback, GET and HEAD only", async () => {
    const metrics = createMetrics();
    const server = await serveMetrics({ registry: metrics.registry, port: 0 });
    onTestFinished(() => server.close());
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/metrics`);
    expect(await (await fetch(server.url)).text()).toContain("process_cpu_seconds_total");
    expect(await (await fetch(server.url, { method: "HEAD" })).text()).toBe("");
    expect((await fetch(server.url, { method: "POST" })).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
  });

  it("say that the port is taken", async () => {
    const { registry } = createMetrics();
    const server = await serveMetrics({ registry, port: 0 });
    onTestFinished(() => server.close());
    await expect(serveMetrics({ registry, port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe("a metric that cannot be read", () => {
  const broken = () => {
    const metrics = createMetrics();
    metrics.gauge({ name: "broken_things", help: "h" }, () => {
      throw new Error("secret detail");
    });
    return metrics;
  };

  it("makes the port return 500 without a cause", async () => {
    const server = await serveMetrics({ registry: broken().registry, port: 0 });
    onTestFinished(() => server.close());
    const response = await fetch(server.url);
    expect([response.status, await response.text()]).toEqual([500, "a metric could not be read\n"]);
  });

  it.each(FRAMEWORKS)("makes a %s route return 500 without a cause", async (framework) => {
    const metrics = broken();
    const app = await libraryApp(framework, { audit: logWith(metrics), metrics });
    onTestFinished(() => app.close());
    const response = await fetch(`${app.url}/metrics`);
    expect([response.status, await response.text()]).toEqual([500, "a metric could not be read\n"]);
  });
});

describe("the registry", () => {
  it("is never the global one by default", async () => {
    const own = new Registry();
    const given = createMetrics({ registry: own });
    expect(given.registry).toBe(own);
    expect(createMetrics().registry).not.toBe(own);
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  it("may hold the process metrics already", () => {
    const registry = new Registry();
    createMetrics({ registry, processMetrics: true });
    expect(registry.getSingleMetric("process_cpu_seconds_total")).toBeDefined();
  });

  it("has to be of the OpenMetrics kind for exemplars", async () => {
    expect(() => createMetrics({ exemplars: true })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const metrics = createMetrics({ exemplars: true, registry });
    metrics.observe({
      route: "/a",
      method: "GET",
      status: 200,
      durationMs: 20,
      outcome: "success",
      recorded: true,
      traceId: "0af7651916cd43dd8448eb211c80319c",
      userId: "ada",
    });
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/_bucket\{le="0.025",route="\/a",method="GET"\} 1 # \{trace_id="0af7651916cd43dd8448eb211c80319c"\} 0.02 \d/);
    expect(text).not.toContain("ada");
  });
});

describe("what is served", () => {
  it.skipIf(missingProgram("promtool"))("passes promtool, which checks names, units and types", async () => {
    const metrics = createMetrics({ processMetrics: false });
    logWith(metrics);
    metrics.watchHealth(() => ({
      store: { rows: 1, lockWaitMs: 3 },
      verification: { ok: null, lastSuccessAt: null },
    }));
    metrics.topList();
    const { status, output } = await run("promtool", ["check", "metrics"], { input: await metrics.registry.metrics() });
    expect({ status, output }).toEqual({ status: 0, output: "" });
  });
});
