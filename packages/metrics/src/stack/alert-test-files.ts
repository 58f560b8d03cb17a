import type { Situation, TestedAlert } from "./alerts/alert.ts";
import { alerts } from "./alerts/all-alerts.ts";
import { annotations, GROUPS } from "./rules-file.ts";
import type { FilledStackOptions } from "./stack-options.ts";

/** The files for `promtool test rules`: cases that take minutes, and cases that take hours or days. */
export function alertTestsFiles(options: FilledStackOptions): { readonly short: string; readonly long: string } {
  const cases = (long: boolean) =>
    alerts(options)
      .filter(({ test }) => (test.long ?? false) === long)
      .flatMap((alert) => alertCases(alert, options));
  return { short: testsText("1m", cases(false)), long: testsText("1h", cases(true)) };
}

function alertCases(alert: TestedAlert, options: FilledStackOptions): string[] {
  const { fires, silent, long } = alert.test;
  const labels = { severity: alert.severity, team: alert.team, area: alert.area };
  const fixed = annotations(alert, options);
  const expected = fires.labels.map((own) => ({
    exp_labels: { ...own, ...labels },
    exp_annotations: { ...fixed, summary: filledIn(alert.summary, own), value: fires.value },
  }));
  const interval = long ? "30m" : "1m";
  const firing = caseText(`${alert.name} fires`, { interval, ...fires }, alert.name, expected);
  return silent === undefined
    ? [firing]
    : [firing, caseText(`${alert.name} is silent: ${silent.because}`, { interval, ...silent }, alert.name, [])];
}

// The alerts read what the records write: promtool evaluates groups in no fixed order unless it is given one.
const testsText = (evaluation: string, cases: readonly string[]) => `# promtool test rules *_test.yml
rule_files:
  - daybook.yml
evaluation_interval: ${evaluation}
group_eval_order:
${GROUPS.map((name) => `  - ${name}`).join("\n")}
tests:
${cases.join("\n")}
`;

function caseText(name: string, { series, at, interval }: Situation, alert: string, expected: readonly object[]): string {
  const lines = Object.entries(series).map(([key, values]) => `      - series: '${key}'\n        values: "${values}"`);
  return `  - name: ${JSON.stringify(name)}
    interval: ${interval}
    input_series:
${lines.join("\n")}
    alert_rule_test:
      - eval_time: ${at}
        alertname: ${alert}
        exp_alerts:${expected.length === 0 ? " []" : expected.map((each) => `\n          - ${JSON.stringify(each)}`).join("")}`;
}

/** A summary as Prometheus fills it in. */
function filledIn(summary: string, labels: Readonly<Record<string, string>>): string {
  return summary
    .replace(/\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}/, (_, name: string, yes: string, no: string) =>
      labels[name] === undefined ? no : yes.replace("{{ . }}", labels[name]),
    )
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "");
}
