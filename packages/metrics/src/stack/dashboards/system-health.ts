import { CHOSEN, type DashboardSpec } from "./dashboard.ts";

const requests = `daybook_http_requests_total{${CHOSEN}}`;
const buckets = `daybook_http_request_duration_seconds_bucket{${CHOSEN}}`;
const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}{${CHOSEN}}[$__rate_interval]))`;
const quantile = (q: number) => `histogram_quantile(${q}, sum by (le) (rate(${buckets}[$__rate_interval])))`;

export const systemHealth: DashboardSpec = {
  uid: "daybook-health",
  title: "Daybook / System health",
  description: "Is it up, is it fast, does it fail, and does the audit trail take everything in?",
  rows: [
    {
      title: "At a glance",
      panels: [
        {
          kind: "stat",
          title: "Instances up",
          description: "Targets that answered the last scrape.",
          unit: "short",
          redBelow: 1,
          queries: [{ expr: `sum(up{${CHOSEN}})` }],
          alert: "DaybookTargetDown",
        },
        {
          kind: "stat",
          title: "Requests per minute",
          description: "All routes.",
          unit: "short",
          queries: [{ expr: `sum(rate(${requests}[$__rate_interval])) * 60` }],
        },
        {
          kind: "stat",
          title: "Errors, last hour",
          description: "Share of answers of 500 and above; the objective allows 0.1 %.",
          unit: "percentunit",
          red: 0.001,
          queries: [{ expr: 'max(job:daybook_http_errors:ratio_rate1h{job=~"$job"})' }],
          alert: "DaybookErrorBurnPageFast",
        },
        {
          kind: "stat",
          title: "p95 latency",
          description: "All routes.",
          unit: "s",
          red: 0.5,
          queries: [{ expr: quantile(0.95) }],
          alert: "DaybookLatencyBudgetBurn",
        },
        {
          kind: "stat",
          title: "Events dropped, last hour",
          description: "Audit events that will never be in the trail.",
          unit: "short",
          red: 1,
          queries: [{ expr: `sum(increase(daybook_audit_events_dropped_total{${CHOSEN}}[1h]))` }],
          alert: "DaybookDropped",
        },
        {
          kind: "stat",
          title: "Last clean verification",
          description: "Age of the last verification of the trail that found nothing.",
          unit: "s",
          red: 26 * 3600,
          queries: [{ expr: `time() - max(daybook_integrity_last_success_timestamp_seconds{${CHOSEN}})` }],
          alert: "DaybookIntegrityNotVerified",
        },
      ],
    },
    {
      title: "Requests",
      panels: [
        {
          kind: "timeseries",
          title: "Request rate by route",
          description: "Route templates; (unmatched) is what no route answers.",
          unit: "reqps",
          stacked: true,
          queries: [{ expr: rate("daybook_http_requests_total", "route"), legend: "{{route}}" }],
        },
        {
          kind: "timeseries",
          title: "Error ratio by route",
          description: "Answers of 500 and above; the line is the objective of 99.9 %.",
          unit: "percentunit",
          red: 0.001,
          queries: [
            {
              expr: `sum by (route) (rate(daybook_http_requests_total{${CHOSEN},code=~"5.."}[$__rate_interval])) / sum by (route) (rate(${requests}[$__rate_interval]))`,
              legend: "{{route}}",
            },
          ],
          alert: "DaybookErrorBurnPageFast",
        },
        {
          kind: "timeseries",
          title: "Latency",
          description: "Of all requests; the line is the limit of half a second.",
          unit: "s",
          red: 0.5,
          queries: [
            { expr: quantile(0.5), legend: "p50" },
            { expr: quantile(0.95), legend: "p95" },
            { expr: quantile(0.99), legend: "p99" },
          ],
          alert: "DaybookLatencyBudgetBurn",
        },
        {
          kind: "timeseries",
          title: "p95 latency by route",
          description: "Where the time goes.",
          unit: "s",
          red: 0.5,
          queries: [{ expr: `histogram_quantile(0.95, sum by (route, le) (rate(${buckets}[$__rate_interval])))`, legend: "{{route}}" }],
          alert: "DaybookHighQueryLatency",
        },
        {
          kind: "timeseries",
          title: "Answers by status",
          description: "aborted: the client left before the answer was complete.",
          unit: "reqps",
          stacked: true,
          queries: [{ expr: `${rate("daybook_http_requests_total", "code")} > 0`, legend: "{{code}}" }],
        },
        {
          kind: "timeseries",
          title: "Error budget burn",
          description: "Error ratio over the windows the alerts look at, in multiples of the budget; 14.4 and 6 page.",
          unit: "short",
          red: 6,
          queries: ["5m", "1h", "6h", "3d"].map((window) => ({
            expr: `max by (job) (job:daybook_http_errors:ratio_rate${window}{job=~"$job"}) / 0.001`,
            legend: window,
          })),
          alert: "DaybookErrorBurnPageSlow",
        },
      ],
    },
    {
      title: "Audit trail",
      panels: [
        {
          kind: "timeseries",
          title: "Accepted and written",
          description: "Events per second. Whatever lies between the two waits, is spooled or was dropped.",
          unit: "cps",
          queries: [
            { expr: `sum(rate(daybook_audit_events_accepted_total{${CHOSEN}}[$__rate_interval]))`, legend: "accepted" },
            { expr: `sum(rate(daybook_audit_events_written_total{${CHOSEN}}[$__rate_interval]))`, legend: "written" },
          ],
          alert: "DaybookAuditGap",
        },
        {
          kind: "timeseries",
          title: "Dropped by reason",
          description: "Events per second that will never be in the trail.",
          unit: "cps",
          queries: [{ expr: rate("daybook_audit_events_dropped_total", "reason"), legend: "{{reason}}" }],
          alert: "DaybookDropped",
        },
        {
          kind: "timeseries",
          title: "Failed writes by sink",
          description: "Each is tried again.",
          unit: "cps",
          queries: [{ expr: rate("daybook_audit_write_failures_total", "sink"), legend: "{{sink}}" }],
          alert: "DaybookAuditWriteFailing",
        },
        {
          kind: "timeseries",
          title: "Waiting events",
          description: "In memory and in the spool file.",
          unit: "short",
          queries: [
            { expr: `sum(daybook_audit_queue_depth{${CHOSEN}})`, legend: "queued" },
            { expr: `sum(daybook_audit_spool_events{${CHOSEN}})`, legend: "spooled" },
          ],
          alert: "DaybookSpooling",
        },
        {
          kind: "timeseries",
          title: "Time to store a batch",
          description: "Mean of each sink.",
          unit: "s",
          queries: [
            {
              expr: `${rate("daybook_audit_flush_seconds_total", "sink")} / ${rate("daybook_audit_flushes_total", "sink")}`,
              legend: "{{sink}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Room for the store",
          description: "Free and in all.",
          unit: "bytes",
          queries: [
            { expr: `min(daybook_store_free_bytes{${CHOSEN}})`, legend: "free" },
            { expr: `min(daybook_store_capacity_bytes{${CHOSEN}})`, legend: "capacity" },
          ],
          alert: "DaybookStoreFullSoon",
        },
      ],
    },
    {
      title: "Records",
      panels: [
        {
          kind: "logs",
          title: "Denials and errors",
          description: "What otlpSink sent to Loki; the trace of a line leads to its request.",
          unit: "short",
          width: 24,
          queries: [{ expr: '{service_name=~".+"} | severity_text=~"warning|error|critical"' }],
        },
      ],
    },
  ],
};
