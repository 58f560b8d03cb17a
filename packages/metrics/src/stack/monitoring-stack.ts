import { alertTestsFiles } from "./alert-test-files.ts";
import { alertmanagerFile, alertTemplates } from "./alertmanager.ts";
import { composeFile } from "./compose.ts";
import { compliance } from "./dashboards/compliance.ts";
import { type DashboardSpec, dashboard } from "./dashboards/dashboard.ts";
import { performance } from "./dashboards/performance.ts";
import { systemHealth } from "./dashboards/system-health.ts";
import { usage } from "./dashboards/usage.ts";
import { dashboardProviderFile, datasourcesFile } from "./grafana.ts";
import { collectorFile, lokiFile } from "./logs.ts";
import { prometheusFile, targetsFile } from "./prometheus.ts";
import { rulesFile } from "./rules-file.ts";
import { filled, type StackOptions } from "./stack-options.ts";
import { readmeFile, secretsReadmeFile } from "./stack-readme.ts";

export const DASHBOARDS: readonly DashboardSpec[] = [systemHealth, performance, usage, compliance];

/**
 * The files of a monitoring stack: Prometheus with alert rules and their tests, Alertmanager, Grafana with dashboards, Loki and a
 * collector, as one docker-compose project.
 * @returns text by path, relative to the folder of the stack, with `/` as separator
 * @throws {DaybookError} `BAD_OPTION`: a value that cannot stand in YAML, PromQL or a file name
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from "node:fs";
 * import { dirname, join } from "node:path";
 * import { monitoringStack } from "@daybook/metrics/stack";
 *
 * for (const [path, text] of monitoringStack({ job: "library" })) {
 *   mkdirSync(dirname(join("monitoring", path)), { recursive: true });
 *   writeFileSync(join("monitoring", path), text);
 * }
 * ```
 */
export function monitoringStack(options: StackOptions = {}): Map<string, string> {
  const values = filled(options);
  const tests = alertTestsFiles(values);
  return new Map([
    ["README.md", readmeFile(values)],
    ["docker-compose.yml", composeFile],
    [".gitignore", ".env\nsecrets/*\n!secrets/README.md\n"],
    ["prometheus/prometheus.yml", prometheusFile(values)],
    [`prometheus/targets/${values.job}.yml`, targetsFile(values)],
    ["prometheus/rules/daybook.yml", rulesFile(values)],
    ["prometheus/rules/daybook_test.yml", tests.short],
    ["prometheus/rules/daybook_long_test.yml", tests.long],
    ["alertmanager/alertmanager.yml", alertmanagerFile],
    ["alertmanager/templates/daybook.tmpl", alertTemplates],
    ["loki/loki.yml", lokiFile],
    ["collector/collector.yml", collectorFile],
    ["grafana/provisioning/datasources/daybook.yml", datasourcesFile],
    ["grafana/provisioning/dashboards/daybook.yml", dashboardProviderFile],
    ...DASHBOARDS.map((spec): [string, string] => [
      `grafana/dashboards/${spec.uid}.json`,
      `${JSON.stringify(dashboard(spec, values), null, 2)}\n`,
    ]),
    ["secrets/README.md", secretsReadmeFile],
  ]);
}
