import type { FilledStackOptions } from "../stack-options.ts";
import { PERCENT, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Share of requests that may take longer than half a second. */
const SLOW_BUDGET = "0.01";

/** Alerts on slow responses: 99 % are to come within half a second. */
export function latencyAlerts(options: FilledStackOptions): TestedAlert[] {
  const search = `route=${JSON.stringify(options.searchRoute)}`;
  const latencyLabels = { team: "sre", area: "latency", dashboard: "health" } as const;
  const { here, latency } = situations(options);
  return [
    {
      name: "DaybookHighQueryLatency",
      expr: `histogram_quantile(0.95, sum by (job, le) (rate(daybook_http_request_duration_seconds_bucket{${search}}[5m]))) > 0.5
and sum by (job) (rate(daybook_http_request_duration_seconds_count{${search}}[5m])) > 0.2`,
      for: "5m",
      severity: "warning",
      ...latencyLabels,
      // An area of its own, so that the page about all requests does not mute it.
      area: "search",
      summary: "Searches of {{ $labels.job }} are slow",
      description: "One search in twenty takes longer than the limit. Requests that are too few to say so do not count.",
      value: '{{ printf "%.2f" $value }} s at the 95th percentile',
      limit: "0.5 s",
      report: "npx daybook report --event-type query --last 1h",
      test: {
        fires: { series: latency(60, 0), at: "10m", labels: here, value: "2.42 s at the 95th percentile" },
        silent: { series: latency(6, 0), at: "10m", because: "one slow search every ten seconds says nothing about the service" },
      },
    },
    {
      name: "DaybookLatencyBudgetBurn",
      expr: `job:daybook_http_slow:ratio_rate1h > 14.4 * ${SLOW_BUDGET}
and job:daybook_http_slow:ratio_rate5m > 14.4 * ${SLOW_BUDGET}
and sum by (job) (rate(daybook_http_request_duration_seconds_count[5m])) > 0.2`,
      severity: "critical",
      ...latencyLabels,
      summary: "{{ $labels.job }} answers too many requests slowly",
      description: "Requests over half a second use up the month's allowance within two days at this pace.",
      value: `${PERCENT} of requests over 0.5 s in the last hour`,
      limit: "14.4 %",
      report: "npx daybook report --event-type endpoint --last 1h",
      test: {
        fires: { series: latency(60, 45), at: "2h", labels: here, value: "25% of requests over 0.5 s in the last hour" },
        silent: { series: latency(60, 57), at: "2h", because: "5 % slow requests are within what the month allows at this pace" },
      },
    },
  ];
}
