import { join } from "node:path";
import { type AuditLog, createAuditLog } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMetrics, type Metrics, type MetricsServer, serveMetrics } from "../src/index.ts";
import { type App, libraryApp } from "./support/library-app.ts";
import { moody } from "./support/moody-store.ts";
import { folderForFile, missingProgram, type Running, until } from "./support/programs.ts";
import { FASTER, firing, query, startAlertmanager, startPrometheus, webhookReceiver } from "./support/prometheus.ts";

const skip = missingProgram("prometheus", "alertmanager");

/** Minutes of the rules are seconds here: every window, `for` and wait is divided by the one factor. */
describe.skipIf(skip)(`a library watched by Prometheus and Alertmanager, ${FASTER} times as fast`, () => {
  const folder = folderForFile();
  const stops: (() => Promise<unknown>)[] = [];
  let trail: ReturnType<typeof moody>;
  let audit: AuditLog;
  let metrics: Metrics;
  let app: App;
  let exporter: MetricsServer;
  let prometheus: Running;
  let alertmanager: Running;
  let receiver: Awaited<ReturnType<typeof webhookReceiver>>;
  let searchMs = 0;
  let failing = 0;
  let traffic = true;

  beforeAll(async () => {
    trail = moody(await openSqliteStore({ path: join(folder, "audit.db"), worker: false, onNotice: () => undefined }));
    audit = createAuditLog({ store: trail.store, signals: false, onProblem: () => undefined, deadlineMs: 60_000 });
    metrics = createMetrics({ routes: ["GET /search", "GET /books/:id", "POST /upload"] });
    metrics.watch(audit);
    exporter = await serveMetrics({ registry: metrics.registry, port: 0 });
    let uploads = 0;
    app = await libraryApp("express", { audit, metrics, searchMs: () => searchMs, broken: () => uploads++ % 100 < failing });
    receiver = await webhookReceiver();
    alertmanager = await startAlertmanager(folder, receiver.url);
    prometheus = await startPrometheus(folder, { targets: [`127.0.0.1:${exporter.port}`], alertmanager: new URL(alertmanager.url).host });
    const requests = (async () => {
      for (let n = 0; traffic; n++) {
        void app.get(`/books/${n}`, { "x-user": `reader-${n % 9}@example.org` });
        void app.get("/upload", {}, "POST");
        if (n % 4 === 0) void app.get(`/search?q=a+very+private+question+${n}`, { "x-user": `reader-${n % 9}@example.org` });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    stops.push(
      async () => {
        traffic = false;
        await requests;
        searchMs = 0;
        trail.release();
      },
      () => prometheus.stop(),
      () => alertmanager.stop(),
      () => app.close(),
      () => exporter.close(),
      () => audit.close(),
      () => receiver.close(),
    );
  }, 90_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  const arrives = (name: string, receiverName: string, status: "firing" | "resolved" = "firing", after = 0) =>
    until(() => receiver.told(receiverName, name, status)[after], `${name} (${status}) arrives at ${receiverName}`, 60_000);
  /** Notifications beside the heartbeat. */
  const told = () => receiver.notifications.filter((each) => each.receiver !== "dead-man").length;
  const calm = (name: string) => until(async () => !(await firing(prometheus.url)).includes(name), `${name} no longer fires`, 60_000);

  const absentTold = () => receiver.told("security-pager", "DaybookAuditAbsent", "firing").length;

  it("is scraped, and only the heartbeat fires", async () => {
    await until(async () => (await query(prometheus.url, "sum(daybook_http_requests_total)"))[0], "requests are counted");
    await arrives("Watchdog", "dead-man");
    // A machine that is busy starting everything may be slow for a moment, and be told so; then there is quiet for five seconds.
    let quietSince = performance.now();
    let toldBefore = told();
    await until(
      async () => {
        const names = await firing(prometheus.url);
        if (names.join() !== "Watchdog" || told() !== toldBefore) {
          quietSince = performance.now();
          toldBefore = told();
        }
        return performance.now() - quietSince > 5_000;
      },
      "only the heartbeat arrives for five seconds",
      60_000,
    );
  }, 120_000);

  it("notifies the chat of slow searches and their end", async () => {
    searchMs = 700;
    const alert = await arrives("DaybookHighQueryLatency", "chat");
    expect(alert.labels).toEqual({
      alertname: "DaybookHighQueryLatency",
      job: "daybook",
      severity: "warning",
      team: "sre",
      area: "search",
    });
    expect(alert.annotations).toMatchObject({
      summary: "Searches of daybook are slow",
      value: expect.stringMatching(/^0\.\d\d s at the 95th percentile$/),
      limit: "0.5 s",
      runbook_url: expect.stringMatching(/\/docs\/runbooks\/DaybookHighQueryLatency\.md$/),
      dashboard_url: "http://localhost:3001/d/daybook-health",
      report: "npx daybook report --event-type query --last 1h",
    });
    expect(Number.parseFloat(alert.annotations.value!)).toBeGreaterThan(0.5);
    expect(Math.abs(Date.now() - Date.parse(alert.startsAt))).toBeLessThan(60_000);
    await arrives("DaybookHighQueryLatency", "daybook");
    searchMs = 0;
    await arrives("DaybookHighQueryLatency", "chat", "resolved");
  }, 120_000);

  it("pages SRE if the error budget burns", async () => {
    failing = 40;
    const alert = await arrives("DaybookErrorBurnPageFast", "sre-pager");
    expect(alert.labels).toMatchObject({ job: "daybook", severity: "critical", team: "sre" });
    expect(alert.annotations.value).toMatch(/^[\d.]+% of requests in the last hour$/);
    failing = 0;
    await arrives("DaybookErrorBurnPageFast", "sre-pager", "resolved");
  }, 120_000);

  it("pages security and SRE at a failed write", async () => {
    expect(audit.meters()[0]!.failedWrites).toBe(0);
    trail.mode = "fails";
    await until(() => audit.meters()[0]!.failedWrites >= 1, "a write fails");
    trail.mode = "well";
    const alert = await arrives("DaybookAuditWriteFailing", "security-pager");
    expect(alert.labels).toMatchObject({ job: "daybook", sink: "sqlite", severity: "critical", team: "security" });
    await arrives("DaybookAuditWriteFailing", "sre-pager");
    await calm("DaybookAuditWriteFailing");
  }, 120_000);

  it("pages security when requests leave no record", async () => {
    trail.mode = "hangs";
    const alert = await arrives("DaybookAuditSilent", "security-pager");
    expect(alert.annotations.value).toMatch(/^\d+\.\d\d requests per second, no event written$/);
    trail.mode = "well";
    trail.release();
    await calm("DaybookAuditSilent");
    await calm("DaybookAuditGap");
  }, 120_000);

  it("alerts on a target down and mutes others", async () => {
    await calm("DaybookTargetDown");
    const before = { down: receiver.told("sre-pager", "DaybookTargetDown", "firing").length, absent: absentTold() };
    await exporter.close();
    const alert = await arrives("DaybookTargetDown", "sre-pager", "firing", before.down);
    expect(alert.annotations.summary).toBe("Every instance of daybook does not answer");
    const beats = receiver.told("dead-man", "Watchdog", "firing").length;
    // Another source alerts about the same job: an ordinary page, and a privacy alert.
    const now = new Date().toISOString();
    const post = (labels: Record<string, string>) => ({ labels: { job: "daybook", ...labels }, annotations: {}, startsAt: now });
    const posted = await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([
        post({ alertname: "AnotherPage", team: "sre", severity: "critical", area: "errors" }),
        post({ alertname: "DaybookErasureStuck", team: "privacy", severity: "warning", area: "erasure" }),
      ]),
    });
    expect(posted.status).toBe(200);
    await arrives("DaybookErasureStuck", "privacy");
    await until(async () => (await firing(prometheus.url)).includes("DaybookAuditAbsent"), "the missing metrics are noticed", 60_000);
    await until(() => receiver.told("dead-man", "Watchdog", "firing").length > beats + 1, "the heartbeat goes on");
    // Prometheus sends an alert to Alertmanager after it fires, so the states are complete a moment later.
    const expected = {
      DaybookTargetDown: "active",
      Watchdog: "active",
      DaybookErasureStuck: "active",
      AnotherPage: "suppressed",
      DaybookAuditAbsent: "suppressed",
    };
    const states = await until(async () => {
      const found = await statesOf(alertmanager.url);
      return Object.keys(expected).every((name) => name in found) && found;
    }, "Alertmanager knows all alerts");
    expect(states).toMatchObject(expected);
    expect(receiver.told("sre-pager", "AnotherPage", "firing")).toEqual([]);
    expect(absentTold()).toBe(before.absent);
  }, 120_000);

  it("sends no personal data in notifications", () => {
    expect(receiver.raw.length).toBeGreaterThan(10);
    expect(receiver.raw.join("\n")).not.toMatch(/reader-|example\.org|private|question/);
  });
});

/** State of each alert that Alertmanager knows: `active` or `suppressed`. */
async function statesOf(url: string): Promise<Record<string, string>> {
  const response = await fetch(`${url}/api/v2/alerts`);
  const alerts = (await response.json()) as { labels: Record<string, string>; status: { state: string } }[];
  return Object.fromEntries(alerts.map(({ labels, status }) => [labels.alertname ?? "", status.state]));
}

describe.skipIf(skip)("an alert that is worse", () => {
  it("mutes only warnings of its own team", async () => {
    const folder = join(folderForFile(), "inhibition");
    const receiver = await webhookReceiver();
    const alertmanager = await startAlertmanager(folder, receiver.url);
    try {
      const post = (labels: Record<string, string>) => ({ labels: { job: "daybook", ...labels }, startsAt: new Date().toISOString() });
      await fetch(`${alertmanager.url}/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify([
          post({ alertname: "Page", team: "sre", severity: "critical", area: "errors" }),
          post({ alertname: "SameArea", team: "sre", severity: "warning", area: "errors" }),
          post({ alertname: "OtherArea", team: "sre", severity: "warning", area: "store" }),
          post({ alertname: "OtherTeam", team: "security", severity: "warning", area: "errors" }),
          post({ alertname: "OtherJob", team: "sre", severity: "warning", area: "errors", job: "other" }),
        ]),
      });
      await until(() => receiver.told("chat", "OtherJob", "firing")[0], "the other warnings arrive");
      const alerts = (await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()) as {
        labels: Record<string, string>;
        status: { state: string };
      }[];
      expect(Object.fromEntries(alerts.map(({ labels, status }) => [labels.alertname, status.state]))).toEqual({
        Page: "active",
        SameArea: "suppressed",
        OtherArea: "active",
        OtherTeam: "active",
        OtherJob: "active",
      });
    } finally {
      await alertmanager.stop();
      await receiver.close();
    }
  }, 60_000);
});
