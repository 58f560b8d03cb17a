import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { monitoringStack } from "../../src/stack.ts";
import { freePort, type Running, start } from "./programs.ts";

/** The one factor by which every window, `for`, interval and wait is shortened in the copies tests run: a minute becomes a second. */
export const FASTER = 60;

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const shorter = (number: string, unit: string) => `${Math.max(1, Math.round((Number(number) * UNIT_MS[unit]!) / FASTER))}ms`;

/** The rules as they ship, with ranges, offsets and `for` divided by the factor. */
export const fasterRules = (rules: string): string =>
  rules
    .replaceAll(/\[(\d+)([smhdw])\]/g, (_, number, unit) => `[${shorter(number, unit)}]`)
    .replaceAll(/\boffset (\d+)([smhdw])\b/g, (_, number, unit) => `offset ${shorter(number, unit)}`)
    .replaceAll(/^(\s+for: )(\d+)([smhdw])$/gm, (_, key, number, unit) => `${key}${shorter(number, unit)}`);

/** Prometheus on loopback, scraping every second. */
export async function startPrometheus(
  folder: string,
  {
    port,
    targets,
    alertmanager,
    job = "daybook",
    searchRoute = "/search",
  }: { port?: number; targets: string[]; alertmanager?: string; job?: string; searchRoute?: string },
): Promise<Running> {
  mkdirSync(join(folder, "rules"), { recursive: true });
  writeFileSync(join(folder, "rules/daybook.yml"), fasterRules(monitoringStack({ job, searchRoute }).get("prometheus/rules/daybook.yml")!));
  writeFileSync(
    join(folder, "prometheus.yml"),
    stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: ["rules/daybook.yml"],
      ...(alertmanager === undefined ? {} : { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
      scrape_configs: [{ job_name: job, static_configs: [{ targets }] }],
    }),
  );
  const listen = `127.0.0.1:${port ?? (await freePort())}`;
  return start(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "prometheus-data")}`,
      `--web.listen-address=${listen}`,
      "--enable-feature=exemplar-storage",
      // Alerts sent before Alertmanager is discovered are sent again after this time, by default a minute.
      "--rules.alert.resend-delay=1s",
      "--log.level=warn",
    ],
    `http://${listen}`,
    "/-/ready",
    folder,
  );
}

/** Alertmanager with the routes and inhibitions that ship; every receiver is a webhook to `/<name>` of the given address. */
export async function startAlertmanager(folder: string, webhook: string): Promise<Running> {
  const { templates, ...shipped } = parse(monitoringStack().get("alertmanager/alertmanager.yml")!) as {
    templates: string[];
    receivers: { name: string }[];
  };
  const config = {
    ...shipped,
    global: { resolve_timeout: "5s" },
    receivers: shipped.receivers.map(({ name }) => ({ name, webhook_configs: [{ url: `${webhook}/${name}`, send_resolved: true }] })),
  };
  const text = stringify(config, { aliasDuplicateObjects: false }).replaceAll(
    /^(\s*(?:- )?(?:group_wait|group_interval|repeat_interval): )(\d+)([smh])$/gm,
    (_, key, number, unit) => `${key}${number === "0" ? "0s" : shorter(number, unit)}`,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "alertmanager.yml"), text);
  const listen = `127.0.0.1:${await freePort()}`;
  return start(
    "alertmanager",
    [
      `--config.file=${join(folder, "alertmanager.yml")}`,
      `--storage.path=${join(folder, "alertmanager-data")}`,
      `--web.listen-address=${listen}`,
      "--cluster.listen-address=",
      "--log.level=warn",
    ],
    `http://${listen}`,
    "/-/ready",
    folder,
  );
}

export interface Notification {
  readonly receiver: string;
  readonly status: "firing" | "resolved";
  readonly alerts: readonly {
    readonly status: "firing" | "resolved";
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly startsAt: string;
  }[];
}

/** Receives what Alertmanager sends, as a chat or a pager would. */
export async function webhookReceiver() {
  const notifications: Notification[] = [];
  const raw: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      raw.push(text);
      notifications.push({ ...(JSON.parse(text) as Notification), receiver: request.url!.slice(1) });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    notifications,
    raw,
    /** Alerts that a receiver got, newest last. */
    told: (receiver: string, alertname: string, status: "firing" | "resolved") =>
      notifications
        .filter((each) => each.receiver === receiver)
        .flatMap((each) => each.alerts)
        .filter((alert) => alert.labels.alertname === alertname && alert.status === status),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** An instant query. */
export async function query(prometheus: string, expr: string): Promise<Sample[]> {
  const response = await fetch(`${prometheus}/api/v1/query`, { method: "POST", body: new URLSearchParams({ query: expr }) });
  const answer = (await response.json()) as { status: string; error?: string; data: { resultType: string; result: Sample[] } };
  if (answer.status !== "success") throw new Error(`${expr}: ${answer.error}`);
  return answer.data.result;
}

/** Names of alerts Prometheus has firing. */
export const firing = async (prometheus: string): Promise<string[]> =>
  [...new Set((await query(prometheus, 'ALERTS{alertstate="firing"}')).map(({ metric }) => metric.alertname!))].sort();
