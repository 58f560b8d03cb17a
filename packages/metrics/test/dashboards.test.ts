import { join } from "node:path";
import { anomalyDetected, answerGenerated, contentIngested, createAuditLog, queryReceived, trailRead } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import { type OpenMetricsContentType, Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectionBytes, collectionChunks, createMetrics, fileHealth, serveMetrics } from "../src/index.ts";
import { DASHBOARDS } from "../src/stack/monitoring-stack.ts";
import { libraryApp } from "./support/library-app.ts";
import { folderForFile, missingProgram, until } from "./support/programs.ts";
import { query, startPrometheus } from "./support/prometheus.ts";

const skip = missingProgram("prometheus");
const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** Variables of the dashboards as Grafana would fill them in. */
const filledIn = (expr: string) =>
  expr.replaceAll('"$job"', '"daybook"').replaceAll('"$instance"', '".*"').replaceAll("$__rate_interval", "10s");

const queries = DASHBOARDS.flatMap(({ title, rows }) =>
  rows.flatMap(({ panels }) =>
    panels.flatMap((panel) =>
      panel.kind === "logs" ? [] : panel.queries.map(({ expr }): [string, string, string] => [title, panel.title, expr]),
    ),
  ),
);

describe.skipIf(skip)("dashboards over a library with everything switched on", () => {
  const folder = folderForFile();
  const stops: (() => Promise<unknown>)[] = [];
  let prometheus = "";

  beforeAll(async () => {
    const path = join(folder, "audit.db");
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    let hours = 0;
    const metrics = createMetrics({ registry, exemplars: true, clock: { now: () => Date.now() + hours * 3_600_000 } });
    const audit = createAuditLog({
      store: await openSqliteStore({ path, worker: false, onNotice: () => undefined }),
      sinks: [metrics.events()],
      signals: false,
      onProblem: () => undefined,
    });
    metrics.watch(audit);
    metrics.watchHealth(fileHealth(path));
    const now = Date.now();
    let lookedAt = 0;
    metrics.watchHealth(() => {
      lookedAt++;
      return {
        store: { rows: audit.stats().written, lockWaitMs: lookedAt * 10, keysBesideData: false },
        checkpoint: { at: now, tookMs: 20 },
        verification: { ok: true, lastSuccessAt: now },
        retention: { lastSuccessAt: now, types: { query: { oldestAgeMs: 5_000, limitMs: 9_000 } } },
        erasures: { pending: 1, oldestPendingAt: now },
        requests: { overdue: 0, dueIn7Days: 1, dueIn30Days: 2, later: 0, nextDueAt: now + 86_400_000 },
        holds: 1,
        review: { lastCompletedAt: now },
        restoreDrill: { lastAt: now },
        consents: { personal_diary: { given: 7, asked: 9 } },
        journal: {
          noConsent: { personal_diary: lookedAt },
          rejected: { no_consent_at_write: 0, late_event: 0, wrong_version: 0, withdrawn_in_flight: lookedAt },
        },
        verdicts: { enumeration: { right: 3, wrong: 1 } },
      };
    });
    metrics.gauge(collectionChunks, () => [[1_200, { collection: "tales" }]]);
    metrics.gauge(collectionBytes, () => [[480_000, { collection: "tales" }]]);
    const reads = metrics.topList();
    for (let user = 0; user < 6; user++) reads.used("The Prince", `reader-${user}`);
    const app = await libraryApp("fastify", { audit, metrics, broken: () => true });
    const exporter = await serveMetrics({ registry: metrics.registry, port: 0 });
    const server = await startPrometheus(folder, { targets: [`127.0.0.1:${exporter.port}`] });
    prometheus = server.url;
    let traffic = true;
    const requests = (async () => {
      for (let n = 0; traffic; n++) {
        await app.get(`/books/${n}`, { "x-user": `reader-${n % 7}`, traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
        await app.get("/search");
        await app.get("/admin");
        if (n % 5 === 0) await app.get("/upload", {}, "POST");
        audit.record(contentIngested, { data: { source: "shelf", status: "added", count: 12, bytes: 4_000 } });
        audit.record(queryReceived, { data: { length: 9, strategy: "bm25", durationMs: 40 } });
        audit.record(answerGenerated, { data: { model: "m", tokensIn: 900, tokensOut: 80 } });
        if (n % 20 === 0) audit.record(anomalyDetected, { data: { detector: "enumeration" } });
        if (n % 20 === 0) audit.record(trailRead, { data: { verb: "report" } });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    stops.push(
      async () => {
        traffic = false;
        await requests;
      },
      () => server.stop(),
      () => app.close(),
      () => exporter.close(),
      () => audit.close(),
    );
    // An hour passes for those who count people, once Prometheus has seen them before it: an increase needs a beginning.
    await until(async () => (await query(prometheus, "daybook_requests_per_user_count"))[0], "no user was counted yet");
    hours = 1;
    await until(
      async () => (await query(prometheus, "increase(daybook_requests_per_user_count[1d]) > 0"))[0],
      "an hour of people was counted",
      60_000,
    );
    await until(async () => (await query(prometheus, "max(job:daybook_http_errors:ratio_rate3d)"))[0], "the rules were evaluated");
  }, 120_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  it("have Prometheus queries on every panel but logs", () => {
    expect(queries.length).toBeGreaterThan(75);
  });

  it.each(queries)("%s / %s has series: %s", async (_dashboard, _panel, expr) => {
    const found = await until(
      async () => {
        const samples = await query(prometheus, filledIn(expr));
        return samples.length > 0 ? samples : undefined;
      },
      "there are series",
      15_000,
    );
    expect(found.length).toBeLessThan(60);
  });

  it("find the trace of a request at its bucket", async () => {
    const found = await until(async () => {
      const response = await fetch(
        `${prometheus}/api/v1/query_exemplars?${new URLSearchParams({
          query: "daybook_http_request_duration_seconds_bucket",
          start: String(Date.now() / 1_000 - 120),
          end: String(Date.now() / 1_000 + 1),
        })}`,
      );
      const { data } = (await response.json()) as { data: { exemplars: { labels: Record<string, string> }[] }[] };
      return data?.flatMap(({ exemplars }) => exemplars)[0];
    }, "an exemplar is stored");
    expect(found.labels).toEqual({ trace_id: TRACE });
  });

  it("read no person and no path out of Prometheus", async () => {
    const response = await fetch(`${prometheus}/api/v1/series?${new URLSearchParams({ "match[]": '{job="daybook"}' })}`);
    const { data } = (await response.json()) as { data: Record<string, string>[] };
    expect(data.length).toBeGreaterThan(300);
    expect(JSON.stringify(data)).not.toMatch(/reader-\d|books\/\d/);
  });
});
