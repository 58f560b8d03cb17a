import type { FilledStackOptions } from "./stack-options.ts";

export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long the expression has to hold. Default: not at all. */
  readonly for?: string;
  /** `critical` pages somebody, `warning` makes a ticket. */
  readonly severity: "critical" | "warning" | "none";
  /** Who is told. */
  readonly team: "sre" | "security" | "privacy";
  /** What it is about: a critical alert mutes the warnings of the same job, team and area. */
  readonly area: string;
  /** One line for a phone, in the template language of Prometheus; labels are the only variables. */
  readonly summary: string;
  /** What it means and what is at stake. */
  readonly description: string;
  /** How the value is written, in the template language of Prometheus. */
  readonly value: string;
  /** What the value is held against. */
  readonly limit: string;
  readonly dashboard: "health" | "performance" | "usage" | "compliance";
  /** The command that shows the records behind it. */
  readonly report: string;
}

/** 99.9 % of requests succeed; 99 % are answered within half a second. */
const ERROR_BUDGET = "0.001";
const SLOW_BUDGET = "0.01";

const PERCENT = "{{ $value | humanizePercentage }}";
const DURATION = "{{ $value | humanizeDuration }}";
const NUMBER = '{{ printf "%.0f" $value }}';

/** Every alert that ships, in the order of the page that explains them. */
export function alerts({ job, searchRoute }: FilledStackOptions): Alert[] {
  const search = `route=${JSON.stringify(searchRoute)}`;
  const errorsInLastHour = 'sum by (job) (increase(daybook_http_requests_total{code=~"5.."}[1h])) >= 10';
  const errorBurn = (long: string, short: string, factor: number) =>
    `job:daybook_http_errors:ratio_rate${long} > ${factor} * ${ERROR_BUDGET}\nand job:daybook_http_errors:ratio_rate${short} > ${factor} * ${ERROR_BUDGET}`;
  const up = `up{job=~"${job}.*"}`;
  const since = (metric: string) => `time() - max by (job) (${metric})`;
  const latency = { team: "sre", area: "latency", dashboard: "health" } as const;
  const errors = { team: "sre", area: "errors", dashboard: "health", report: "npx daybook report --event-type error --last 1h" } as const;
  const audit = { team: "security", area: "audit", dashboard: "health", report: "npx daybook doctor" } as const;
  const target = {
    severity: "critical",
    team: "sre",
    area: "target",
    for: "3m",
    dashboard: "health",
    report: "npx daybook doctor",
  } as const;
  const queue = { severity: "warning", team: "sre", area: "queue", dashboard: "performance", report: "npx daybook doctor" } as const;
  const integrity = { team: "security", area: "integrity", dashboard: "compliance", report: "npx daybook verify" } as const;
  const retention = {
    severity: "warning",
    team: "privacy",
    area: "retention",
    dashboard: "compliance",
    report: "npx daybook retention plan",
  } as const;
  const requests = { team: "privacy", area: "requests", dashboard: "compliance", report: "npx daybook gdpr requests" } as const;

  return [
    {
      name: "DaybookHighQueryLatency",
      expr: `histogram_quantile(0.95, sum by (job, le) (rate(daybook_http_request_duration_seconds_bucket{${search}}[5m]))) > 0.5
and sum by (job) (rate(daybook_http_request_duration_seconds_count{${search}}[5m])) > 0.2`,
      for: "5m",
      severity: "warning",
      ...latency,
      // Told beside the page about all requests: it says which of them.
      area: "search",
      summary: "Searches of {{ $labels.job }} are slow",
      description: "One search in twenty takes longer than the limit. Requests that are too few to say so do not count.",
      value: '{{ printf "%.2f" $value }} s at the 95th percentile',
      limit: "0.5 s",
      report: "npx daybook report --event-type query --last 1h",
    },
    {
      name: "DaybookLatencyBudgetBurn",
      expr: `job:daybook_http_slow:ratio_rate1h > 14.4 * ${SLOW_BUDGET}
and job:daybook_http_slow:ratio_rate5m > 14.4 * ${SLOW_BUDGET}
and sum by (job) (rate(daybook_http_request_duration_seconds_count[5m])) > 0.2`,
      severity: "critical",
      ...latency,
      summary: "{{ $labels.job }} answers too many requests slowly",
      description: "Requests over half a second use up the month's allowance within two days at this pace.",
      value: `${PERCENT} of requests over 0.5 s in the last hour`,
      limit: "14.4 %",
      report: "npx daybook report --event-type endpoint --last 1h",
    },
    {
      name: "DaybookErrorBurnPageFast",
      expr: `${errorBurn("1h", "5m", 14.4)}\nand ${errorsInLastHour}`,
      severity: "critical",
      ...errors,
      summary: "{{ $labels.job }} fails requests and the error budget goes within two days",
      description: "Answers of 500 and above, over the last hour and still.",
      value: `${PERCENT} of requests in the last hour`,
      limit: "1.44 %",
    },
    {
      name: "DaybookErrorBurnPageSlow",
      expr: `${errorBurn("6h", "30m", 6)}\nand ${errorsInLastHour}`,
      severity: "critical",
      ...errors,
      summary: "{{ $labels.job }} fails requests and the error budget goes within five days",
      description: "Answers of 500 and above, over the last six hours and still.",
      value: `${PERCENT} of requests in the last six hours`,
      limit: "0.6 %",
    },
    {
      name: "DaybookErrorBurnTicketFast",
      expr: errorBurn("1d", "2h", 3),
      severity: "warning",
      ...errors,
      summary: "{{ $labels.job }} fails more requests than its objective allows",
      description: "Answers of 500 and above, over the last day and still. Right after a first start the long window holds little data.",
      value: `${PERCENT} of requests in the last day`,
      limit: "0.3 %",
    },
    {
      name: "DaybookErrorBurnTicketSlow",
      expr: errorBurn("3d", "6h", 1),
      severity: "warning",
      ...errors,
      summary: "{{ $labels.job }} will miss its objective if nothing changes",
      description:
        "Answers of 500 and above, over the last three days and still. Right after a first start the long window holds little data.",
      value: `${PERCENT} of requests in the last three days`,
      limit: "0.1 %",
    },
    {
      name: "DaybookAuditWriteFailing",
      expr: "sum by (job, sink) (increase(daybook_audit_write_failures_total[5m])) > 0",
      severity: "critical",
      ...audit,
      summary: "Sink {{ $labels.sink }} of {{ $labels.job }} rejects audit events",
      description: "Events wait or are spooled; requests that must be recorded are answered 503 if the sink is a required one.",
      value: `${NUMBER} failed writes in 5 minutes`,
      limit: "0",
    },
    {
      name: "DaybookAuditSilent",
      // Requests to routes of level none, such as health checks, leave no record and are not missed.
      expr: `(sum by (job) (rate(daybook_http_requests_total[10m])) - (sum by (job) (rate(daybook_http_unrecorded_requests_total[10m])) or 0 * sum by (job) (rate(daybook_http_requests_total[10m])))) > 0.1
and sum by (job) (rate(daybook_audit_events_written_total[10m])) == 0`,
      for: "5m",
      severity: "critical",
      ...audit,
      summary: "{{ $labels.job }} serves requests and records nothing",
      description: "Each request should leave a record. Either the middleware is gone or the store takes nothing.",
      value: '{{ printf "%.2f" $value }} requests per second, no event written',
      limit: "above 0 events per second",
    },
    {
      name: "DaybookAuditGap",
      expr: `sum by (job) (increase(daybook_audit_events_accepted_total[15m]))
- sum by (job) (increase(daybook_audit_events_written_total[15m]))
- sum by (job) (increase(daybook_audit_events_dropped_total[15m]))
> 0.01 * sum by (job) (increase(daybook_audit_events_accepted_total[15m]))`,
      for: "10m",
      severity: "critical",
      ...audit,
      summary: "Audit events of {{ $labels.job }} pile up unwritten",
      description: "More than one accepted event in a hundred is neither written nor dropped.",
      value: `${NUMBER} events in 15 minutes`,
      limit: "1 % of what was accepted",
    },
    {
      name: "DaybookAuditAbsent",
      expr: `absent(daybook_audit_events_written_total{job=${JSON.stringify(job)}})`,
      for: "5m",
      severity: "critical",
      ...audit,
      summary: "Nothing is known about the audit trail of {{ $labels.job }}",
      description: "Its metrics are gone. Rules about rates are silent without them, so their silence means nothing now.",
      value: "no series",
      limit: "at least one",
    },
    {
      name: "DaybookTargetDown",
      // Without a label `instance` where every instance is down, so that it mutes what is told about the job as a whole, too.
      expr: `(${up} == 0 unless on (job) max by (job) (${up}) == 0)
or max by (job) (${up}) == 0`,
      ...target,
      summary: "{{ with $labels.instance }}Instance {{ . }}{{ else }}Every instance{{ end }} of {{ $labels.job }} does not answer",
      description: "Prometheus cannot scrape it. The application may be down, or only its metrics port.",
      value: "up is 0",
      limit: "1",
    },
    {
      name: "DaybookTargetMissing",
      expr: `absent(up{job=${JSON.stringify(job)}})`,
      ...target,
      summary: "Prometheus has no target for {{ $labels.job }}",
      description: "The list of targets is empty or could not be read.",
      value: "no target",
      limit: "at least one",
    },
    {
      name: "DaybookSpooling",
      expr: "max by (job) (daybook_audit_spool_bytes) > 0",
      for: "5m",
      ...queue,
      summary: "Audit events of {{ $labels.job }} wait in the spool file",
      description: "The store does not take events, or not as fast as they come. Nothing is lost while the spool has room.",
      value: "{{ $value | humanize1024 }}B spooled",
      limit: "0 B",
    },
    {
      name: "DaybookQueueSaturated",
      expr: "max by (job) (daybook_audit_queue_depth / daybook_audit_queue_capacity) > 0.8",
      for: "2m",
      ...queue,
      summary: "The audit queue of {{ $labels.job }} is nearly full",
      description: "When it is full, informational events are dropped first, and counted.",
      value: `${PERCENT} of the queue`,
      limit: "80 %",
    },
    {
      name: "DaybookDropped",
      expr: "sum by (job, reason) (increase(daybook_audit_events_dropped_total[10m])) > 0",
      severity: "critical",
      ...audit,
      summary: "{{ $labels.job }} dropped audit events ({{ $labels.reason }})",
      description: "These events will never be in the trail. A gap record says when and how many.",
      value: `${NUMBER} events in 10 minutes`,
      limit: "0",
      report: "npx daybook report --action trail.gap --last 1d",
    },
    {
      name: "DaybookStoreFullSoon",
      expr: `predict_linear(daybook_store_free_bytes[6h], 4 * 86400) < 0
and daybook_store_free_bytes / daybook_store_capacity_bytes < 0.25`,
      for: "1h",
      severity: "warning",
      team: "sre",
      area: "store",
      summary: "The audit store of {{ $labels.job }} is full in less than four days",
      description: "At the pace of the last six hours, with less than a quarter of the room left.",
      value: "{{ $value | humanize1024 }}B predicted to be free",
      limit: "0 B",
      dashboard: "health",
      report: "npx daybook doctor",
    },
    {
      name: "DaybookIntegrityBroken",
      expr: "min by (job) (daybook_integrity_last_result) == 0",
      severity: "critical",
      ...integrity,
      summary: "The audit trail of {{ $labels.job }} does not verify",
      description: "Records were altered, removed, inserted or reordered since they were written. Keep the file as it is.",
      value: "verification failed",
      limit: "clean",
    },
    {
      name: "DaybookIntegrityNotVerified",
      expr: `${since("daybook_integrity_last_success_timestamp_seconds")} > 26 * 3600`,
      severity: "warning",
      ...integrity,
      summary: "The audit trail of {{ $labels.job }} was not verified for over a day",
      description: "The nightly verification did not run or did not end.",
      value: `last clean ${DURATION} ago`,
      limit: "26 h",
    },
    {
      name: "DaybookClockJump",
      expr: "sum by (job) (increase(daybook_clock_jump_total[1h])) > 0",
      severity: "warning",
      team: "security",
      area: "clock",
      summary: "The clock of {{ $labels.job }} went back",
      description: "Order in the trail is not affected; times around the step are to be read with care.",
      value: `${NUMBER} steps in an hour`,
      limit: "0",
      dashboard: "compliance",
      report: "npx daybook report --action clock.jumped --last 1d",
    },
    {
      name: "DaybookAuditReadSpike",
      expr: `sum by (job) (rate(daybook_audit_reads_total[10m])) > 5 * sum by (job) (rate(daybook_audit_reads_total[1d] offset 10m))
and sum by (job) (increase(daybook_audit_reads_total[10m])) > 50`,
      severity: "warning",
      team: "security",
      area: "reads",
      summary: "The audit trail of {{ $labels.job }} is read far more than usual",
      description: "Five times the rate of the day before. Somebody may be copying it.",
      value: '{{ printf "%.2f" $value }} reads per second',
      limit: "5 times the day before, and 50 reads",
      dashboard: "compliance",
      report: "npx daybook report --action trail.read --last 1h",
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
    },
    {
      name: "DaybookRetentionOverdue",
      expr: `${since("daybook_retention_last_success_timestamp_seconds")} > 2 * 86400`,
      ...retention,
      summary: "The retention run of {{ $labels.job }} is overdue",
      description: "Records are kept longer than was promised if it does not run.",
      value: `last success ${DURATION} ago`,
      limit: "2 d",
    },
    {
      name: "DaybookRetentionBreach",
      expr: `max by (job, type) (daybook_retention_oldest_event_age_seconds)
> on (job, type) max by (job, type) (daybook_retention_limit_seconds) + 86400`,
      ...retention,
      summary: "{{ $labels.job }} keeps personal parts of type {{ $labels.type }} beyond their limit",
      description: "The oldest is more than a day over its limit and no hold explains it.",
      value: `${DURATION} old`,
      limit: "the limit of the type and one day",
    },
    {
      name: "DaybookErasureStuck",
      expr: "time() - min by (job) (daybook_erasure_pending_oldest_timestamp_seconds) > 86400",
      severity: "warning",
      team: "privacy",
      area: "erasure",
      summary: "An erasure of {{ $labels.job }} is pending for over a day",
      description: "The rows are gone, their bytes are not yet: a reader that was never closed, or residue in the file.",
      value: `pending for ${DURATION}`,
      limit: "1 d",
      dashboard: "compliance",
      report: "npx daybook gdpr status",
    },
    {
      name: "DaybookDsarDueSoon",
      expr: "min by (job) (daybook_dsar_next_due_timestamp_seconds) - time() < 7 * 86400",
      severity: "warning",
      ...requests,
      summary: "A request of a data subject of {{ $labels.job }} is due within a week",
      description: "The month of Article 12(3) GDPR runs from the day it was received.",
      value: `due in ${DURATION}`,
      limit: "7 d",
    },
    {
      name: "DaybookDsarOverdue",
      expr: "min by (job) (daybook_dsar_next_due_timestamp_seconds) - time() < 0",
      severity: "critical",
      ...requests,
      summary: "A request of a data subject of {{ $labels.job }} is overdue",
      description: "The time of Article 12(3) GDPR has run out.",
      value: `due ${DURATION}`,
      limit: "0 s",
    },
    {
      name: "DaybookReviewOverdue",
      expr: `${since("daybook_review_last_completed_timestamp_seconds")} > 26 * 3600`,
      severity: "warning",
      team: "security",
      area: "review",
      summary: "Nobody has reviewed the audit trail of {{ $labels.job }} for over a day",
      description: "The daily review is evidence of operation; a late one is marked as late.",
      value: `last review ${DURATION} ago`,
      limit: "26 h",
      dashboard: "compliance",
      report: "npx daybook review",
    },
    {
      name: "DaybookConsentWriteRejected",
      expr: 'sum by (job, reason) (increase(daybook_activity_rejected_total{reason!="withdrawn_in_flight"}[1h])) > 0',
      severity: "warning",
      team: "privacy",
      area: "consent",
      summary: "{{ $labels.job }} tried to write journal entries without consent ({{ $labels.reason }})",
      description: "They were refused. The application asks for consent too late, or not at all.",
      value: `${NUMBER} entries in an hour`,
      limit: "0",
      dashboard: "compliance",
      report: "npx daybook gdpr status",
    },
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
    },
    {
      name: "Watchdog",
      expr: "vector(1)",
      severity: "none",
      team: "sre",
      area: "watchdog",
      summary: "Alerting works",
      description: "Always firing. Whoever receives it raises the alarm when it stops coming.",
      value: NUMBER,
      limit: "1",
      dashboard: "health",
      report: "npx daybook doctor",
    },
  ];
}
