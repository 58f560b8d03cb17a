import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createAuditLog, memorySink } from "@daybook/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMetrics, type MetricsOptions } from "../src/index.ts";
import { type App, FRAMEWORKS, type Framework, libraryApp } from "./support/library-app.ts";
import { until } from "./support/programs.ts";
import { nonZero, scrape, total } from "./support/scrape.ts";
import { missingSharedData, sharedData } from "./support/shared-data.ts";

async function measured(framework: Framework, options: MetricsOptions = {}, searchMs = () => 0) {
  const metrics = createMetrics({ processMetrics: false, ...options });
  // These tests do not read records.
  const audit = createAuditLog({
    sinks: [{ sink: memorySink({ maxEvents: 100 }), required: true }],
    signals: false,
    onProblem: () => undefined,
  });
  metrics.watch(audit);
  const app = await libraryApp(framework, { audit, metrics, searchMs });
  onTestFinished(async () => {
    await app.close();
    await audit.close();
  });
  return { metrics, app, audit };
}

async function inParallel(app: App, requests: readonly [path: string, headers: Record<string, string>][]): Promise<void> {
  const waiting = [...requests];
  const workers = Array.from({ length: 32 }, async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await app.get(...next);
  });
  await Promise.all(workers);
}

/** Some requests end a moment after their client has the response. */
const settled = (metrics: Parameters<typeof scrape>[0], requests: number) =>
  until(async () => {
    const all = await scrape(metrics);
    return total(all, "daybook_http_requests_total") === requests ? all : undefined;
  }, `${requests} requests are counted`);

describe.each(FRAMEWORKS)("requests to %s", (framework) => {
  it("are counted and timed by route template", async () => {
    const { metrics, app } = await measured(framework);
    await app.get("/books/1");
    await app.get("/books/2?secret=1");
    await app.get("/search");
    await app.get("/admin");
    await app.get("/nowhere/in/particular");
    await app.get("/upload", {}, "POST");
    await app.get("/health");
    const all = await settled(metrics, 7);
    expect(nonZero(all, "daybook_http_requests_total")).toEqual({
      '{route="/books/:id",method="GET",code="200"}': 2,
      '{route="/search",method="GET",code="200"}': 1,
      '{route="/admin",method="GET",code="403"}': 1,
      '{route="(unmatched)",method="GET",code="404"}': 1,
      '{route="/upload",method="POST",code="201"}': 1,
      '{route="/health",method="GET",code="200"}': 1,
    });
    expect(all.get('daybook_http_request_duration_seconds_count{route="/books/:id",method="GET"}')).toBe(2);
    expect(all.get("daybook_http_unrecorded_requests_total")).toBe(1);
  });

  it("are timed precisely, with a bucket at 0.5 s", async () => {
    let ms = 5;
    const { metrics, app } = await measured(framework, {}, () => ms);
    await app.get("/search");
    ms = 550;
    await app.get("/search");
    const all = await settled(metrics, 2);
    const labels = 'route="/search",method="GET"';
    const sum = all.get(`daybook_http_request_duration_seconds_sum{${labels}}`)!;
    expect(sum).toBeGreaterThan(0.55);
    expect(sum * 1_000).not.toBe(Math.round(sum * 1_000));
    expect(all.get(`daybook_http_request_duration_seconds_bucket{le="0.5",${labels}}`)).toBe(1);
    expect(all.get(`daybook_http_request_duration_seconds_bucket{le="+Inf",${labels}}`)).toBe(2);
  });

  it("count as aborted if the client gives up", async () => {
    const { metrics, app } = await measured(framework, {}, () => 200);
    const { port } = new URL(app.url);
    const given = request({ host: "127.0.0.1", port, path: "/search" }).on("error", () => undefined);
    given.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    given.destroy();
    const all = await settled(metrics, 1);
    expect(nonZero(all, "daybook_http_requests_total")).toEqual({ '{route="/search",method="GET",code="aborted"}': 1 });
  });

  it.skipIf(missingSharedData("user-agents"))(
    "of scanners, bots and users add no series",
    async () => {
      const { metrics, app, audit } = await measured(framework, { routes: ["GET /books/:id", "GET /search"] });
      const patterns = JSON.parse(readFileSync(sharedData("user-agents/crawler-user-agents.json"), "utf8")) as { instances: string[] }[];
      const agents = patterns.flatMap((pattern) => pattern.instances).filter((agent) => /^[\x20-\x7e]+$/.test(agent));
      expect(agents.length).toBeGreaterThan(2_100);
      await app.get("/books/1", { "x-user": "first" });
      const before = await settled(metrics, 1);
      const methods = ["GET", "POST", "PUT", "DELETE", "PROPFIND"];
      await inParallel(app, [
        ...Array.from({ length: 5_000 }, (_, i): [string, Record<string, string>] => [
          `/${i % 7 === 0 ? "books/9/../" : ""}wp-${i}/.env?x=${i}`,
          {},
        ]),
        ...agents.map((agent, i): [string, Record<string, string>] => [`/books/${i}`, { "user-agent": agent }]),
        ...Array.from({ length: 1_000 }, (_, i): [string, Record<string, string>] => ["/search", { "x-user": `user-${i}@example.org` }]),
      ]);
      for (const method of methods) await app.get("/scan", {}, method);
      const after = await settled(metrics, 1 + 5_000 + agents.length + 1_000 + methods.length);
      expect(after.size - before.size).toBe(0);
      expect(after.get('daybook_active_users{window="5m"}')).toBe(1_001);
      expect(JSON.stringify([...after.keys()])).not.toMatch(/user-\d|example\.org|bot|wp-/);
      expect(audit.stats().accepted).toBeGreaterThan(8_000);
    },
    60_000,
  );
});

describe("the bound on series", () => {
  it("counts further series under (other)", async () => {
    const metrics = createMetrics({ processMetrics: false, maxSeries: 300 });
    const before = (await scrape(metrics)).size;
    const seen = (route: string, status: number) =>
      metrics.observe({
        route,
        status,
        method: "GET",
        durationMs: 1,
        outcome: "success",
        recorded: true,
        traceId: undefined,
        userId: undefined,
      });
    for (let i = 0; i < 1_000; i++) seen(`/r${i}`, 200 + (i % 5) * 100);
    const after = await scrape(metrics);
    expect(after.size).toBeLessThanOrEqual(before + 300);
    expect(total(after, "daybook_http_requests_total")).toBe(1_000);
    expect(after.get('daybook_http_requests_total{route="(other)",method="OTHER",code="500"}')).toBeGreaterThan(150);
    expect(after.get('daybook_metrics_folded_total{metric="daybook_http_requests_total"}')).toBeGreaterThan(900);
  });

  it("does not grow with invented statuses and methods", async () => {
    const metrics = createMetrics({ processMetrics: false, routes: ["GET /a"] });
    const before = (await scrape(metrics)).size;
    for (let status = 100; status < 600; status++) {
      metrics.observe({
        route: "/a",
        status,
        method: "GET",
        durationMs: 1,
        outcome: "success",
        recorded: true,
        traceId: undefined,
        userId: undefined,
      });
    }
    const after = await scrape(metrics);
    // The registered codes of HTTP that are not among the usual ones.
    expect(after.size - before).toBeLessThan(50);
    expect(total(after, "daybook_http_requests_total")).toBe(500);
  });

  it("is refused for too many or malformed routes", () => {
    expect(() => createMetrics({ maxSeries: 300, routes: Array.from({ length: 20 }, (_, i) => `GET /r${i}`) })).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", hint: expect.stringContaining("maxSeries") }),
    );
    expect(() => createMetrics({ routes: ["/books"] })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});

describe("counting users", () => {
  const at = (start: number) => {
    let now = start;
    return { clock: { now: () => now }, pass: (ms: number) => (now += ms) };
  };
  const HOUR = 3_600_000;
  const seen = (metrics: ReturnType<typeof createMetrics>, userId: string) =>
    metrics.observe({
      route: "/a",
      status: 200,
      method: "GET",
      durationMs: 1,
      outcome: "success",
      recorded: true,
      traceId: undefined,
      userId,
    });
  const windows = (all: ReadonlyMap<string, number>) =>
    ["5m", "1h", "24h"].map((window) => all.get(`daybook_active_users{window="${window}"}`));

  it("forgets them with the window", async () => {
    const { clock, pass } = at(100 * HOUR);
    const metrics = createMetrics({ processMetrics: false, clock });
    seen(metrics, "ada");
    seen(metrics, "bob");
    seen(metrics, "ada");
    expect(windows(await scrape(metrics))).toEqual([2, 2, 2]);
    pass(10 * 60_000);
    seen(metrics, "eve");
    expect(windows(await scrape(metrics))).toEqual([1, 3, 3]);
    pass(2 * HOUR);
    expect(windows(await scrape(metrics))).toEqual([0, 0, 3]);
    pass(24 * HOUR);
    expect(windows(await scrape(metrics))).toEqual([0, 0, 0]);
  });

  it("counts at most `maxUsers` users", async () => {
    const metrics = createMetrics({ processMetrics: false, maxUsers: 50 });
    for (let i = 0; i < 500; i++) seen(metrics, `u${i}`);
    expect(windows(await scrape(metrics))).toEqual([50, 50, 50]);
  });

  it("shows their activity as a distribution each hour", async () => {
    const { clock, pass } = at(100 * HOUR);
    const metrics = createMetrics({ processMetrics: false, clock });
    for (let i = 0; i < 7; i++) seen(metrics, "ada");
    seen(metrics, "bob");
    expect((await scrape(metrics)).get("daybook_requests_per_user_count")).toBe(0);
    pass(HOUR);
    const all = await scrape(metrics);
    // The second scrape after the hour shows it: metrics are read one after the other.
    const after = await scrape(metrics);
    expect(all.get('daybook_active_users{window="24h"}')).toBe(2);
    expect([after.get("daybook_requests_per_user_count"), after.get("daybook_requests_per_user_sum")]).toEqual([2, 8]);
    expect(after.get('daybook_requests_per_user_bucket{le="1"}')).toBe(1);
  });
});
