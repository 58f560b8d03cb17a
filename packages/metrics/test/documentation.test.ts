import { readFileSync } from "node:fs";
import { createAuditLog, memoryStore } from "@daybook/core";
import { describe, expect, it, onTestFinished } from "vitest";
import * as surface from "../src/index.ts";
import { alerts } from "../src/stack/alerts/all-alerts.ts";
import { DASHBOARDS } from "../src/stack/monitoring-stack.ts";
import { recordingRules } from "../src/stack/recording-rules.ts";
import { filled } from "../src/stack/stack-options.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const README = read("packages/metrics/README.md");

function everything(): { name: string; labels: string[] }[] {
  const metrics = surface.createMetrics({ processMetrics: false });
  const audit = createAuditLog({ store: memoryStore(), sinks: [metrics.events()], signals: false });
  onTestFinished(async () => void (await audit.close()));
  metrics.watch(audit);
  metrics.topList();
  metrics.gauge(surface.collectionChunks);
  metrics.gauge(surface.collectionBytes);
  return (metrics.registry.getMetricsAsArray() as unknown as { name: string; labelNames: string[] }[]).map(({ name, labelNames }) => ({
    name,
    labels: labelNames,
  }));
}

describe("the README", () => {
  it("lists every metric with its labels, and no other", () => {
    const documented = new Map<string, string>();
    for (const [, names, labels] of README.matchAll(/^\| (`daybook_[^|]*) \|([^|]*)\|/gm)) {
      for (const [, name] of names!.matchAll(/`(daybook_\w+)`/g)) {
        documented.set(name!, [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label).join());
      }
    }
    const real = new Map(everything().map(({ name, labels }) => [name, labels.join()]));
    expect(Object.fromEntries([...documented].sort())).toEqual(Object.fromEntries([...real].sort()));
  });

  it("names every option", () => {
    for (const option of [
      "registry",
      "routes",
      "maxSeries",
      "buckets",
      "exemplars",
      "processMetrics",
      "maxUsers",
      "healthTimeoutMs",
      "clock",
    ]) {
      expect(README).toMatch(new RegExp(`\\n\\| \`${option}\` +\\|`));
    }
    for (const option of Object.keys(filled({}))) expect(README).toContain(`\n| \`${option}\`, \`--`);
  });
});

describe("rules and dashboards", () => {
  it("ask for metrics that exist only", () => {
    const known = new Set([
      ...everything().flatMap(({ name }) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]),
      ...recordingRules.map(({ record }) => record),
    ]);
    const expressions = [
      ...alerts(filled({})).map(({ expr }) => expr),
      ...recordingRules.map(({ expr }) => expr),
      ...DASHBOARDS.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)))),
    ];
    const asked = new Set(expressions.flatMap((expr) => [...expr.matchAll(/(?:job:)?daybook_[\w:]+/g)].map(([name]) => name)));
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("the runbooks", () => {
  const index = read("docs/runbooks/README.md");
  const page = read("docs/deployment/monitoring.md");

  it.each(alerts(filled({})).map(({ name }) => name))("have a page for %s, listed in their index and in the guide", (name) => {
    expect(read(`docs/runbooks/${name}.md`)).toMatch(/\n## What it means\n[\s\S]+\n## Look\n[\s\S]+\n## Put it right\n/);
    expect(index).toContain(`[${name}](${name}.md)`);
    expect(page).toContain(`](../runbooks/${name}.md)`);
  });
});

describe("the front door", () => {
  it("offers these names", () => {
    expect(Object.keys(surface).sort()).toEqual([
      "ALERT_EVENTS",
      "Metrics",
      "REJECTION_REASONS",
      "alertFired",
      "alertHandler",
      "alertRecorder",
      "alertResolved",
      "bytesIngested",
      "chunksIngested",
      "collectionBytes",
      "collectionChunks",
      "createMetrics",
      "fastifyAlertHandler",
      "fastifyMetricsHandler",
      "fileHealth",
      "itemsIngested",
      "journalHealth",
      "metricsHandler",
      "queryDuration",
      "serveMetrics",
      "storeHealth",
    ]);
  });
});
