import { CHOSEN, type DashboardSpec } from "./dashboard.ts";

export const usage: DashboardSpec = {
  uid: "daybook-usage",
  title: "Daybook / Usage",
  description: "How much the application is used. People appear as counts and distributions only, lists from five people on.",
  rows: [
    {
      title: "People",
      panels: [
        ...(["5m", "1h", "24h"] as const).map((window) => ({
          kind: "stat" as const,
          title: `Active users, ${window}`,
          description: "Different signed-in users, each instance counting its own.",
          unit: "short",
          queries: [{ expr: `max(daybook_active_users{${CHOSEN},window="${window}"})` }],
        })),
        {
          kind: "stat",
          title: "Refused per minute",
          description: "Denials and exceeded quotas that were recorded.",
          unit: "short",
          queries: [{ expr: `sum(rate(daybook_audit_events_accepted_total{${CHOSEN},type="access_control"}[$__rate_interval])) * 60` }],
        },
        {
          kind: "timeseries",
          title: "Active users",
          description: "Different signed-in users of each window.",
          unit: "short",
          queries: [{ expr: `max by (window) (daybook_active_users{${CHOSEN}})`, legend: "{{window}}" }],
        },
        {
          kind: "timeseries",
          title: "Requests per user and hour",
          description: "Distribution over users, of hours that have ended: half of the users made fewer than p50.",
          unit: "short",
          queries: [0.5, 0.9, 0.99].map((q) => ({
            expr: `histogram_quantile(${q}, sum by (le) (increase(daybook_requests_per_user_bucket{${CHOSEN}}[1d])))`,
            legend: `p${q * 100}`,
          })),
        },
        {
          kind: "bargauge",
          title: "Most used, by people",
          description: "Items that at least five different people used in the current window; less popular ones are not told.",
          unit: "short",
          queries: [{ expr: `topk(10, max by (resource) (daybook_top_resources{${CHOSEN}}))`, legend: "{{resource}}", instant: true }],
        },
      ],
    },
    {
      title: "JournalEntry",
      panels: [
        {
          kind: "timeseries",
          title: "Requests per minute",
          description: "By method.",
          unit: "short",
          stacked: true,
          queries: [
            { expr: `sum by (method) (rate(daybook_http_requests_total{${CHOSEN}}[$__rate_interval])) * 60`, legend: "{{method}}" },
          ],
        },
        {
          kind: "bargauge",
          title: "Busiest routes, last hour",
          description: "Requests by route template.",
          unit: "short",
          queries: [
            { expr: `topk(10, sum by (route) (increase(daybook_http_requests_total{${CHOSEN}}[1h])))`, legend: "{{route}}", instant: true },
          ],
        },
        {
          kind: "timeseries",
          title: "Events per minute by type",
          description: "What the trail took in.",
          unit: "short",
          stacked: true,
          queries: [
            { expr: `sum by (type) (rate(daybook_audit_events_accepted_total{${CHOSEN}}[$__rate_interval])) * 60 > 0`, legend: "{{type}}" },
          ],
        },
        {
          kind: "timeseries",
          title: "Queries per minute",
          description: "Questions asked, by search strategy.",
          unit: "short",
          queries: [
            {
              expr: `sum by (strategy) (rate(daybook_query_duration_seconds_count{${CHOSEN}}[$__rate_interval])) * 60`,
              legend: "{{strategy}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Opt-in rate by purpose",
          description: "People whose consent is in force, of those who were asked.",
          unit: "percentunit",
          queries: [
            {
              expr: `max by (purpose) (daybook_consents_given{${CHOSEN}}) / max by (purpose) (daybook_consents_asked{${CHOSEN}})`,
              legend: "{{purpose}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Journal entries left out",
          description: "Not written because consent was missing, per minute, by purpose.",
          unit: "short",
          queries: [
            { expr: `sum by (purpose) (rate(daybook_activity_suppressed_total{${CHOSEN}}[$__rate_interval])) * 60`, legend: "{{purpose}}" },
          ],
        },
      ],
    },
  ],
};
