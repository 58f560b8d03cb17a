import type { FilledStackOptions } from "../stack-options.ts";
import { NUMBER, PERCENT, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alerts on events that are queued, spooled or dropped. */
export function queueAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const queueLabels = { severity: "warning", team: "sre", area: "queue", dashboard: "performance", report: "npx daybook doctor" } as const;
  const auditLabels = { team: "security", area: "audit", dashboard: "health" } as const;
  const { here, moment, of } = situations(options);
  return [
    {
      name: "DaybookSpooling",
      expr: "max by (job) (daybook_audit_spool_bytes) > 0",
      for: "5m",
      ...queueLabels,
      summary: "Audit events of {{ $labels.job }} wait in the spool file",
      description: "The store does not take events, or not as fast as they come. Nothing is lost while the spool has room.",
      value: "{{ $value | humanize1024 }}B spooled",
      limit: "0 B",
      test: {
        fires: { series: moment("daybook_audit_spool_bytes", "0x2 2048x20"), at: "10m", labels: here, value: "2kiB spooled" },
        silent: {
          series: moment("daybook_audit_spool_bytes", "0x2 2048x2 0x20"),
          at: "10m",
          because: "the spool was written to the store",
        },
      },
    },
    {
      name: "DaybookQueueSaturated",
      expr: "max by (job) (daybook_audit_queue_depth / daybook_audit_queue_capacity) > 0.8",
      for: "2m",
      ...queueLabels,
      summary: "The audit queue of {{ $labels.job }} is nearly full",
      description: "When it is full, informational events are dropped first, and counted.",
      value: `${PERCENT} of the queue`,
      limit: "80 %",
      test: {
        fires: {
          series: { ...moment("daybook_audit_queue_depth", "9000x20"), ...moment("daybook_audit_queue_capacity", "10000x20") },
          at: "5m",
          labels: here,
          value: "90% of the queue",
        },
        silent: {
          series: { ...moment("daybook_audit_queue_depth", "9000 100x20"), ...moment("daybook_audit_queue_capacity", "10000x20") },
          at: "5m",
          because: "a burst was written within a minute",
        },
      },
    },
    {
      name: "DaybookDropped",
      expr: "sum by (job, reason) (increase(daybook_audit_events_dropped_total[10m])) > 0",
      severity: "critical",
      ...auditLabels,
      summary: "{{ $labels.job }} dropped audit events ({{ $labels.reason }})",
      description: "These events will never be in the trail. A gap record says when and how many.",
      value: `${NUMBER} events in 10 minutes`,
      limit: "0",
      report: "npx daybook report --action trail.gap --last 1d",
      test: {
        fires: {
          series: { [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "0x9 3x5" },
          at: "10m",
          labels: [{ job, reason: "queue_full" }],
          value: "3 events in 10 minutes",
        },
        silent: {
          series: { [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "30x30" },
          at: "20m",
          because: "the alert fired when it happened",
        },
      },
    },
  ];
}
