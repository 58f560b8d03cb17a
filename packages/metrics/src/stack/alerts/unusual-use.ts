import type { FilledStackOptions } from "../stack-options.ts";
import { NUMBER, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alerts on reads of the trail and on events that differ from the usual. */
export function unusualUseAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const { here, moment, of } = situations(options);
  return [
    {
      name: "DaybookAuditReadSpike",
      expr: `sum by (job) (rate(daybook_audit_reads_total[10m])) > 5 * sum by (job) (rate(daybook_audit_reads_total[1d] offset 10m))
and sum by (job) (increase(daybook_audit_reads_total[10m])) > 50`,
      severity: "warning",
      team: "security",
      area: "reads",
      summary: "The audit trail of {{ $labels.job }} is read far more than usual",
      description: "Five times the rate of the day before. The trail may be being copied.",
      value: '{{ printf "%.2f" $value }} reads per second',
      limit: "5 times the day before, and 50 reads",
      dashboard: "compliance",
      report: "npx daybook report --action trail.read --last 1h",
      test: {
        long: true,
        fires: {
          series: moment("daybook_audit_reads_total", "0+5x288 1540+100x12"),
          interval: "5m",
          at: "25h",
          labels: here,
          value: "0.33 reads per second",
        },
        silent: {
          series: moment("daybook_audit_reads_total", "0x288 0+20x12"),
          interval: "5m",
          at: "25h",
          because: "forty reads in ten minutes are an auditor at work",
        },
      },
    },
    {
      name: "DaybookExpectedSilence",
      expr: `sum by (job, type) (increase(daybook_audit_events_written_total{type=~"authentication|access_control"}[1h])) == 0
and on (job, type) sum by (job, type) (increase(daybook_audit_events_written_total{type=~"authentication|access_control"}[1h] offset 1w)) > 20`,
      for: "15m",
      severity: "warning",
      team: "security",
      area: "silence",
      summary: "{{ $labels.job }} records no events of type {{ $labels.type }}",
      description: "The same hour last week had more than 20. Sign-ins or refusals may go unrecorded.",
      value: `${NUMBER} events in an hour`,
      limit: "above 0",
      dashboard: "compliance",
      report: "npx daybook report --event-type authentication --last 1d",
      test: {
        long: true,
        fires: {
          series: { [of("daybook_audit_events_written_total", 'type="authentication"')]: "0+15x330 4950x360" },
          interval: "15m",
          // A week after an hour with 60 sign-ins.
          at: "170h",
          labels: [{ job, type: "authentication" }],
          value: "0 events in an hour",
        },
        silent: {
          series: { [of("daybook_audit_events_written_total", 'type="authentication"')]: "0x690" },
          interval: "15m",
          at: "170h",
          because: "no user signed in a week ago either",
        },
      },
    },
  ];
}
