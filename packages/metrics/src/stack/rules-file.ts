import type { Alert } from "./alerts/alert.ts";
import { alerts } from "./alerts/all-alerts.ts";
import { recordingRules } from "./recording-rules.ts";
import type { FilledStackOptions } from "./stack-options.ts";

/** Annotations of an alert as they stand in the rules, before Prometheus fills in labels and value. */
export function annotations(alert: Alert, { grafanaUrl, runbooksUrl }: FilledStackOptions): Record<string, string> {
  return {
    summary: alert.summary,
    description: alert.description,
    value: alert.value,
    limit: alert.limit,
    runbook_url: `${runbooksUrl}/${alert.name}.md`,
    dashboard_url: `${grafanaUrl}/d/daybook-${alert.dashboard}`,
    report: alert.report,
  };
}

/** A text in YAML's double quotes, whose escapes are those of JSON. */
const quoted = JSON.stringify;
const block = (text: string, indent: string) => `|-\n${text.replaceAll(/^/gm, indent)}`;

const RECORDS = "daybook-records";
const ALERTS = "daybook-alerts";

/** Names of the rule groups in the order of evaluation: alerts read the series that records write. */
export const GROUPS: readonly string[] = [RECORDS, ALERTS];

/** The file of recording and alerting rules. */
export function rulesFile(options: FilledStackOptions): string {
  return `# Recording and alerting rules of the Daybook audit trail. daybook_test.yml beside it has a firing and a silent case for each
# alert: promtool test rules daybook_test.yml
groups:
  - name: ${RECORDS}
    rules:
${recordingRules.map(recordText).join("\n")}
  - name: ${ALERTS}
    rules:
${alerts(options)
  .map((alert) => alertText(alert, options))
  .join("\n")}
`;
}

const recordText = ({ record, expr }: (typeof recordingRules)[number]) => `      - record: ${record}
        expr: ${block(expr, "          ")}`;

function alertText(alert: Alert, options: FilledStackOptions): string {
  const lines = Object.entries(annotations(alert, options)).map(([name, text]) => `          ${name}: ${quoted(text)}`);
  return `      - alert: ${alert.name}
        expr: ${block(alert.expr, "          ")}
${alert.for === undefined ? "" : `        for: ${alert.for}\n`}        labels:
          severity: ${alert.severity}
          team: ${alert.team}
          area: ${alert.area}
        annotations:
${lines.join("\n")}`;
}
