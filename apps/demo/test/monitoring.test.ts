import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderForFile, missingProgram, until } from "../../../packages/metrics/test/support/programs.ts";
import { firing, query, startAlertmanager, startPrometheus, webhookReceiver } from "../../../packages/metrics/test/support/prometheus.ts";
import { Person } from "../src/person.ts";
import { runTraffic } from "../src/traffic.ts";
import { FRAMEWORKS, openAlexandria } from "./support/open-alexandria.ts";

const ANSWER = JSON.stringify({ choices: [{ message: { content: "Seven, says the handbook [1]." } }] });

/** A slow model. */
async function slowModel(takesMs: () => number) {
  const server = createServer(async (request, response) => {
    request.resume();
    await wait(takesMs());
    response.setHeader("content-type", "application/json").end(ANSWER);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, model: "slow" };
}

const skip = missingProgram("prometheus", "alertmanager");

describe.skipIf(skip).each(FRAMEWORKS)("Alexandria on %s, watched by Prometheus and Alertmanager", (framework) => {
  it("raises and resolves the alert for slow searches", {
    timeout: 240_000,
  }, async () => {
    const folder = folderForFile();
    let takesMs = 0;
    const model = await slowModel(() => takesMs);
    const { alexandria, tokens } = await openAlexandria(framework, { folder: join(folder, framework), model });
    const receiver = await webhookReceiver();
    const alertmanager = await startAlertmanager(join(folder, `am-${framework}`), receiver.url);
    const prometheus = await startPrometheus(join(folder, `prom-${framework}`), {
      targets: [new URL(alexandria.metricsUrl).host],
      alertmanager: new URL(alertmanager.url).host,
      searchRoute: "/",
    });
    const stop = new AbortController();
    const people = ["mira", "jonas", "tove", "somebody"].map((name) => new Person(name, alexandria.url));
    for (const person of people) {
      const token = tokens.get(person.name);
      if (token !== undefined) await person.signIn(token);
    }
    const traffic = runTraffic(people, 40, stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await traffic;
      await prometheus.stop();
      await alertmanager.stop();
      await receiver.close();
    });

    const value = async (expr: string) => Number((await query(prometheus.url, expr))[0]?.value[1] ?? Number.NaN);
    await until(async () => (await value("sum(daybook_http_requests_total)")) > 50, "requests are counted");
    expect(await value('up{job="daybook"}')).toBe(1);
    expect(await value("sum(daybook_collection_chunks)")).toBeGreaterThan(10);
    expect(await value("daybook_store_rows")).toBeGreaterThan(50);
    expect(await firing(prometheus.url)).not.toContain("DaybookHighQueryLatency");

    takesMs = 900;
    const told = (status: "firing" | "resolved") => receiver.told("chat", "DaybookHighQueryLatency", status)[0];
    const alert = await until(() => told("firing"), "the alert arrives", 90_000);
    expect(alert.annotations).toMatchObject({
      summary: "Searches of daybook are slow",
      value: expect.stringMatching(/^\d\.\d\d s at the 95th percentile$/),
      runbook_url: expect.stringMatching(/DaybookHighQueryLatency\.md$/),
      dashboard_url: expect.stringMatching(/\/d\/daybook-health$/),
    });
    expect(alert.labels.severity).toBe("warning");
    takesMs = 0;
    await until(() => told("resolved"), "the alert is resolved", 90_000);
    expect(receiver.raw.join("\n")).not.toMatch(/mira|jonas|tove|ferryman|opening|borrow/);
  });
});
