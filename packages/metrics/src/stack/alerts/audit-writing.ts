import type { FilledStackOptions } from "../stack-options.ts";
import { NUMBER, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alerts on events that do not reach the trail. */
export function auditWritingAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const auditLabels = { team: "security", area: "audit", dashboard: "health", report: "npx daybook doctor" } as const;
  const { answers, here, moment, of, written } = situations(options);
  return [
    {
      name: "DaybookAuditWriteFailing",
      expr: "sum by (job, sink) (increase(daybook_audit_write_failures_total[5m])) > 0",
      severity: "critical",
      ...auditLabels,
      summary: "Sink {{ $labels.sink }} of {{ $labels.job }} rejects audit events",
      description: "Events wait or are spooled; requests that must be recorded get 503 if the sink is required.",
      value: `${NUMBER} failed writes in 5 minutes`,
      limit: "0",
      test: {
        fires: {
          series: { [of("daybook_audit_write_failures_total", 'sink="sqlite"')]: "0x4 1x4" },
          at: "5m",
          labels: [{ job, sink: "sqlite" }],
          value: "1 failed writes in 5 minutes",
        },
        silent: {
          series: { [of("daybook_audit_write_failures_total", 'sink="sqlite"')]: "3x20" },
          at: "15m",
          because: "the failures are over",
        },
      },
    },
    {
      name: "DaybookAuditSilent",
      // Requests to routes of level none, such as health checks, leave no record and are not missed.
      expr: `(sum by (job) (rate(daybook_http_requests_total[10m])) - (sum by (job) (rate(daybook_http_unrecorded_requests_total[10m])) or 0 * sum by (job) (rate(daybook_http_requests_total[10m])))) > 0.1
and sum by (job) (rate(daybook_audit_events_written_total[10m])) == 0`,
      for: "5m",
      severity: "critical",
      ...auditLabels,
      summary: "{{ $labels.job }} serves requests and records nothing",
      description: "Each request should leave a record. Either the middleware is gone or the store takes nothing.",
      value: '{{ printf "%.2f" $value }} requests per second, no event written',
      limit: "above 0 events per second",
      test: {
        fires: {
          series: { ...answers(60, 0), ...written("500x60") },
          at: "20m",
          labels: here,
          value: "1.00 requests per second, no event written",
        },
        silent: {
          series: { ...answers(60, 0), ...moment("daybook_http_unrecorded_requests_total", "0+60x60"), ...written("500x60") },
          at: "20m",
          because: "at night only health checks come, which leave no record",
        },
      },
    },
    {
      name: "DaybookAuditGap",
      expr: `sum by (job) (increase(daybook_audit_events_accepted_total[15m]))
- sum by (job) (increase(daybook_audit_events_written_total[15m]))
- sum by (job) (increase(daybook_audit_events_dropped_total[15m]))
> 0.01 * sum by (job) (increase(daybook_audit_events_accepted_total[15m]))`,
      for: "10m",
      severity: "critical",
      ...auditLabels,
      summary: "Audit events of {{ $labels.job }} pile up unwritten",
      description: "More than one accepted event in a hundred is neither written nor dropped.",
      value: `${NUMBER} events in 15 minutes`,
      limit: "1 % of what was accepted",
      test: {
        fires: {
          series: {
            [of("daybook_audit_events_accepted_total", 'type="endpoint"')]: "0+100x60",
            ...written("0+90x60"),
            [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "0x60",
          },
          at: "40m",
          labels: here,
          value: "150 events in 15 minutes",
        },
        silent: {
          series: {
            [of("daybook_audit_events_accepted_total", 'type="endpoint"')]: "0+100x60",
            ...written("0+90x60"),
            [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "0+10x60",
          },
          at: "40m",
          because: "what is missing was dropped, which has an alert of its own",
        },
      },
    },
    {
      name: "DaybookAuditAbsent",
      expr: `absent(daybook_audit_events_written_total{job=${JSON.stringify(job)}})`,
      for: "5m",
      severity: "critical",
      ...auditLabels,
      summary: "Nothing is known about the audit trail of {{ $labels.job }}",
      description: "Its metrics are gone. Rules about rates are silent without them, so their silence means nothing now.",
      value: "no series",
      limit: "at least one",
      test: {
        fires: { series: { [of("up")]: "0x20" }, at: "10m", labels: here, value: "no series" },
        silent: { series: written("0x20"), at: "10m", because: "a trail without events still has its series" },
      },
    },
  ];
}
