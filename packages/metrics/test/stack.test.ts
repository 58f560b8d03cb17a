import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { alerts } from "../src/stack/alerts/all-alerts.ts";
import { filled } from "../src/stack/stack-options.ts";
import { monitoringStack } from "../src/stack.ts";
import { folderForFile, missingProgram, run } from "./support/programs.ts";
import { missingSharedData, sharedData } from "./support/shared-data.ts";

const files = monitoringStack();
const folder = folderForFile();
const at = (path: string) => join(folder, path);
const ALERTS = alerts(filled({}));

beforeAll(() => {
  for (const [path, text] of files) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  }
  writeFileSync(at(".env"), "GRAFANA_ADMIN_PASSWORD=for-the-test\n");
});

interface Rule {
  readonly alert?: string;
  readonly annotations: Record<"summary" | "description" | "value" | "limit" | "runbook_url" | "dashboard_url" | "report", string>;
  readonly labels: { readonly severity: string };
}
interface Route {
  readonly receiver: string;
  readonly group_wait: string;
  readonly group_by?: readonly string[];
}
interface Dashboard {
  readonly title: string;
  readonly panels: readonly {
    readonly type: string;
    readonly title: string;
    readonly description: string;
    readonly gridPos: Record<"x" | "y" | "w" | "h", number>;
    readonly fieldConfig: { readonly defaults: { readonly unit: string } };
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly datasource: { readonly uid: string } }[];
  }[];
}

describe("the alert rules", () => {
  it("are those the compliance of the trail asks for", () => {
    expect(ALERTS.map(({ name }) => name)).toEqual([
      "DaybookHighQueryLatency",
      "DaybookLatencyBudgetBurn",
      "DaybookErrorBurnPageFast",
      "DaybookErrorBurnPageSlow",
      "DaybookErrorBurnTicketFast",
      "DaybookErrorBurnTicketSlow",
      "DaybookAuditWriteFailing",
      "DaybookAuditSilent",
      "DaybookAuditGap",
      "DaybookAuditAbsent",
      "DaybookTargetDown",
      "DaybookTargetMissing",
      "DaybookSpooling",
      "DaybookQueueSaturated",
      "DaybookDropped",
      "DaybookStoreFullSoon",
      "DaybookIntegrityBroken",
      "DaybookIntegrityNotVerified",
      "DaybookClockJump",
      "DaybookAuditReadSpike",
      "DaybookExpectedSilence",
      "DaybookRetentionOverdue",
      "DaybookRetentionBreach",
      "DaybookErasureStuck",
      "DaybookDsarDueSoon",
      "DaybookDsarOverdue",
      "DaybookReviewOverdue",
      "DaybookConsentWriteRejected",
      "DaybookDetectorFinding",
      "Watchdog",
    ]);
  });

  it("each have a firing and a silent test", () => {
    for (const { name, test } of ALERTS) expect(Object.keys(test.fires.series).length, name).toBeGreaterThan(0);
    expect(ALERTS.filter(({ test }) => test.silent === undefined).map(({ name }) => name)).toEqual(["Watchdog"]);
  });

  it("each have all annotations, a runbook, a dashboard", () => {
    const rules = (parse(files.get("prometheus/rules/daybook.yml")!) as { groups: { rules: Rule[] }[] }).groups.flatMap(
      ({ rules }) => rules,
    );
    const dashboards = [...files.keys()].flatMap((path) => /^grafana\/dashboards\/(.*)\.json$/.exec(path)?.[1] ?? []);
    for (const rule of rules.filter((each) => each.alert !== undefined)) {
      const { summary, description, value, limit, runbook_url, dashboard_url, report } = rule.annotations;
      for (const text of [summary, description, value, limit, report]) expect(text, rule.alert).toMatch(/\S/);
      expect(["critical", "warning", "none"]).toContain(rule.labels.severity);
      const runbook = /^https:\/\/github\.com\/daybook-audit\/daybook\/blob\/main\/(docs\/runbooks\/\w+\.md)$/.exec(runbook_url)?.[1];
      expect(readFileSync(new URL(`../../../${runbook}`, import.meta.url), "utf8"), rule.alert).toMatch(new RegExp(`^# ${rule.alert}\n`));
      expect(dashboards).toContain(/^http:\/\/localhost:3001\/d\/([\w-]+)$/.exec(dashboard_url)?.[1]);
    }
  });

  it("carry no label that could hold a person", () => {
    const text = files.get("prometheus/rules/daybook.yml")!;
    expect(text).not.toMatch(/\$labels\.(user|actor|ip|path|session|email)/);
  });

  it.skipIf(missingProgram("promtool"))("are accepted by promtool, with the configuration around them", async () => {
    const checks = await Promise.all([
      run("promtool", ["check", "rules", "--lint=all", "--lint-fatal", at("prometheus/rules/daybook.yml")]),
      run("promtool", ["check", "config", at("prometheus/prometheus.yml")]),
    ]);
    expect(checks.map(({ status, output }) => (status === 0 ? "" : output))).toEqual(["", ""]);
  });

  it.each(["daybook_test.yml", "daybook_long_test.yml"])("are tested in a fixed group order by %s", (name) => {
    const { groups } = parse(files.get("prometheus/rules/daybook.yml")!) as { groups: { name: string }[] };
    const { group_eval_order: order } = parse(files.get(`prometheus/rules/${name}`)!) as { group_eval_order?: string[] };
    expect(groups.length).toBeGreaterThan(1);
    expect(order).toEqual(groups.map((group) => group.name));
  });

  it.skipIf(missingProgram("promtool")).each(["daybook_test.yml", "daybook_long_test.yml"])(
    "fire and stay silent as %s says",
    async (name) => {
      const { status, output } = await run("promtool", ["test", "rules", name], { cwd: at("prometheus/rules") });
      expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining("SUCCESS") });
    },
    180_000,
  );
});

describe("the routes of Alertmanager", () => {
  const route = async (...labels: string[]) => {
    const { status, output, stdout } = await run("amtool", [
      "config",
      "routes",
      "test",
      "--config.file",
      at("alertmanager/alertmanager.yml"),
      ...labels,
    ]);
    expect(status, output).toBe(0);
    return stdout.trim();
  };

  it.skipIf(missingProgram("amtool"))("are a configuration amtool accepts, templates included", async () => {
    const text = files.get("alertmanager/alertmanager.yml")!.replaceAll("/etc/alertmanager/templates", at("alertmanager/templates"));
    writeFileSync(at("alertmanager/local.yml"), text);
    const { status, output } = await run("amtool", ["check-config", at("alertmanager/local.yml")]);
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining("1 templates") });
  });

  it.skipIf(missingProgram("amtool")).each([
    [["alertname=Watchdog", "severity=none", "team=sre"], "dead-man"],
    [["team=privacy", "severity=warning"], "daybook,privacy"],
    [["team=privacy", "severity=critical"], "daybook,privacy"],
    [["team=security", "severity=critical"], "daybook,security-pager,sre-pager"],
    [["team=security", "severity=warning"], "daybook,chat"],
    [["team=sre", "severity=critical"], "daybook,sre-pager"],
    [["team=sre", "severity=warning"], "daybook,chat"],
  ])("lead %j to %s", async (labels, receivers) => {
    expect(await route(...labels)).toBe(receivers);
  });

  it.skipIf(missingProgram("amtool"))(
    "send every alert to its own team",
    async () => {
      const asked = new Map<string, string[]>();
      for (const { name, team, severity } of ALERTS) {
        // No route but the heartbeat's asks for a name.
        const labels = [`team=${team}`, `severity=${severity}`, ...(name === "Watchdog" ? ["alertname=Watchdog"] : [])];
        const receivers = asked.get(labels.join()) ?? (await route(...labels)).split(",");
        asked.set(labels.join(), receivers);
        const expected =
          name === "Watchdog" ? "dead-man" : team === "privacy" ? "privacy" : severity === "warning" ? "chat" : `${team}-pager`;
        expect(receivers, name).toContain(expected);
        if (team === "privacy") expect(receivers).toEqual(["daybook", "privacy"]);
      }
    },
    60_000,
  );

  it("wait at most 30 s, 10 s for pages", () => {
    const { route: top } = parse(files.get("alertmanager/alertmanager.yml")!) as { route: Route & { routes: Route[] } };
    const wait = (receiver: string) => top.routes.find((each) => each.receiver === receiver)?.group_wait;
    expect([top.group_wait, wait("dead-man"), wait("security-pager"), wait("sre-pager")]).toEqual(["30s", "0s", "10s", "10s"]);
    expect(top.routes[0]).toMatchObject({ receiver: "dead-man", repeat_interval: "1m" });
    expect(top.group_by).toEqual(["alertname", "job"]);
  });

  it("take every secret from a file", () => {
    const text = files.get("alertmanager/alertmanager.yml")!;
    expect(text).not.toMatch(
      /^\s*(?:slack_api_url|api_url|routing_key|service_key|smtp_auth_password|credentials|password|bearer_token):/m,
    );
    expect(text.match(/_file: \/etc\/alertmanager\/secrets\/\w+/g)).toHaveLength(6);
  });
});

describe("the compose file", () => {
  it.skipIf(missingProgram("docker-compose"))("is accepted by docker-compose", async () => {
    const { status, output } = await run("docker-compose", ["-f", at("docker-compose.yml"), "config", "-q"], { cwd: folder });
    expect({ status, output }).toEqual({ status: 0, output: "" });
  });

  const { services } = parse(files.get("docker-compose.yml")!) as {
    services: Record<string, { image: string; ports?: string[]; volumes?: string[] }>;
  };

  it("pins every image to a version", () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/:v?\d+\.\d+\.\d+/);
  });

  it("publishes ports on loopback only", () => {
    for (const { ports = [] } of Object.values(services)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it("mounts only files of the stack", () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes.filter((volume) => volume.startsWith("./")));
    expect(mounted.length).toBeGreaterThan(5);
    for (const volume of mounted) {
      const path = volume.slice(2).split(":")[0]!;
      expect(
        [...files.keys()].some((file) => file.startsWith(`${path}/`)),
        volume,
      ).toBe(true);
    }
  });
});

describe("the dashboards", () => {
  const dashboards = [...files]
    .filter(([path]) => path.startsWith("grafana/dashboards/"))
    .map(([path, text]) => [path, JSON.parse(text) as Dashboard] as const);

  it("are System health, Performance, Usage and Compliance", () => {
    expect(dashboards.map(([, { title }]) => title)).toEqual([
      "Daybook / System health",
      "Daybook / Performance",
      "Daybook / Usage",
      "Daybook / Compliance",
    ]);
  });

  it.skipIf(missingSharedData("monitoring/grafana-jsonschema")).each(dashboards)("%s fits Grafana's own schema", (_, model) => {
    const schema = JSON.parse(readFileSync(sharedData("monitoring/grafana-jsonschema/dashboard.jsonschema.json"), "utf8"));
    const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
    validate(model);
    expect((validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)).toEqual([]);
  });

  it.each(dashboards)("%s has complete panels that do not overlap", (_, model) => {
    const panels = model.panels.filter((panel) => panel.type !== "row");
    expect(panels.length).toBeGreaterThan(5);
    expect(model).not.toHaveProperty("id");
    for (const panel of panels) {
      expect(panel.description, panel.title).toMatch(/\.$/);
      expect(panel.fieldConfig.defaults.unit, panel.title).toMatch(/\S/);
      for (const each of [panel, ...panel.targets]) expect(["$datasource", "$logs"], panel.title).toContain(each.datasource.uid);
    }
    const cells = model.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...model.panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });
});

describe("options of the stack", () => {
  it("reach rules, targets, links and dashboards", () => {
    const own = monitoringStack({
      job: "library",
      target: "app:9464",
      searchRoute: "/api/find",
      grafanaUrl: "https://grafana.example.org",
      runbooksUrl: "https://wiki.example.org/runbooks",
    });
    expect(own.get("prometheus/targets/library.yml")).toContain("- app:9464");
    expect(own.get("prometheus/prometheus.yml")).toContain("job_name: library");
    const rules = own.get("prometheus/rules/daybook.yml")!;
    for (const text of [
      'route="/api/find"',
      'job="library"',
      'up{job=~"library.*"} == 0',
      "https://wiki.example.org/runbooks/Watchdog.md",
      "https://grafana.example.org/d/daybook-health",
    ]) {
      expect(rules).toContain(text);
    }
    expect(own.get("grafana/dashboards/daybook-health.json")).toContain("https://wiki.example.org/runbooks/DaybookTargetDown.md");
  });
});
