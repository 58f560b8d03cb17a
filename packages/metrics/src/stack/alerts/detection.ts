import type { FilledStackOptions } from "../stack-options.ts";
import { NUMBER, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alert on findings of the detectors. */
export function detectionAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const { of } = situations(options);
  return [
    {
      name: "DaybookDetectorFinding",
      expr: 'sum by (job, rule, severity) (increase(daybook_detector_findings_total{severity=~"high|critical"}[5m])) > 0',
      severity: "critical",
      team: "security",
      area: "detection",
      summary: "{{ $labels.job }} sees behaviour like an attack ({{ $labels.rule }})",
      description: "A detector of the audit trail found it. Who it is about stands in the trail only.",
      value: `${NUMBER} findings in 5 minutes`,
      limit: "0",
      dashboard: "compliance",
      report: "npx daybook report --event-type suspicious_activity --last 1h",
      test: {
        fires: {
          series: { [of("daybook_detector_findings_total", 'rule="enumeration",severity="critical"')]: "0x3 1x10" },
          at: "4m",
          labels: [{ job, rule: "enumeration" }],
          value: "1 findings in 5 minutes",
        },
        silent: {
          series: { [of("daybook_detector_findings_total", 'rule="novelty",severity="warning"')]: "0x3 1x10" },
          at: "4m",
          because: "a new address is a hint and no alarm",
        },
      },
    },
  ];
}
