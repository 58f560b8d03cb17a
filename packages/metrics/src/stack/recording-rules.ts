export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

const ERROR_WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];
const SLOW_WINDOWS = ["5m", "1h"];

/** Ratios over long windows, computed once for all alerts and panels that look at them. */
export const recordingRules: readonly RecordingRule[] = [
  ...ERROR_WINDOWS.map((window) => ({
    record: `job:daybook_http_errors:ratio_rate${window}`,
    expr: `sum by (job) (rate(daybook_http_requests_total{code=~"5.."}[${window}]))
/ sum by (job) (rate(daybook_http_requests_total[${window}]))`,
  })),
  ...SLOW_WINDOWS.map((window) => ({
    record: `job:daybook_http_slow:ratio_rate${window}`,
    expr: `1 - sum by (job) (rate(daybook_http_request_duration_seconds_bucket{le="0.5"}[${window}]))
/ sum by (job) (rate(daybook_http_request_duration_seconds_count[${window}]))`,
  })),
];
