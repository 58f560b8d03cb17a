import type { FilledStackOptions } from "../stack-options.ts";
import { DURATION, since, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alerts on personal data that stays longer than promised. */
export function retentionAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const retentionLabels = {
    severity: "warning",
    team: "privacy",
    area: "retention",
    dashboard: "compliance",
    report: "npx daybook retention plan",
  } as const;
  const { here, moment, of } = situations(options);
  return [
    {
      name: "DaybookRetentionOverdue",
      expr: `${since("daybook_retention_last_success_timestamp_seconds")} > 2 * 86400`,
      ...retentionLabels,
      summary: "The retention run of {{ $labels.job }} is overdue",
      description: "Records are kept longer than was promised if it does not run.",
      value: `last success ${DURATION} ago`,
      limit: "2 d",
      test: {
        long: true,
        fires: {
          series: moment("daybook_retention_last_success_timestamp_seconds", "0x60"),
          interval: "1h",
          at: "50h",
          labels: here,
          value: "last success 2d 2h 0m 0s ago",
        },
        silent: {
          series: moment("daybook_retention_last_success_timestamp_seconds", "_x60"),
          interval: "1h",
          at: "50h",
          because: "it has not run yet",
        },
      },
    },
    {
      name: "DaybookRetentionBreach",
      expr: `max by (job, type) (daybook_retention_oldest_event_age_seconds)
> on (job, type) max by (job, type) (daybook_retention_limit_seconds) + 86400`,
      ...retentionLabels,
      summary: "{{ $labels.job }} keeps personal parts of type {{ $labels.type }} beyond their limit",
      description: "The oldest is more than a day over its limit and no hold explains it.",
      value: `${DURATION} old`,
      limit: "the limit of the type and one day",
      test: {
        fires: {
          series: {
            [of("daybook_retention_oldest_event_age_seconds", 'type="query"')]: "180000x5",
            [of("daybook_retention_limit_seconds", 'type="query"')]: "86400x5",
            [of("daybook_retention_oldest_event_age_seconds", 'type="error"')]: "180000x5",
            [of("daybook_retention_limit_seconds", 'type="error"')]: "31536000x5",
          },
          at: "2m",
          labels: [{ job, type: "query" }],
          value: "2d 2h 0m 0s old",
        },
        silent: {
          series: {
            [of("daybook_retention_oldest_event_age_seconds", 'type="query"')]: "100000x5",
            [of("daybook_retention_limit_seconds", 'type="query"')]: "86400x5",
          },
          at: "2m",
          because: "the nightly run has a day to catch up",
        },
      },
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
      test: {
        long: true,
        fires: {
          series: moment("daybook_erasure_pending_oldest_timestamp_seconds", "0x30"),
          interval: "1h",
          at: "25h",
          labels: here,
          value: "pending for 1d 1h 0m 0s",
        },
        silent: {
          series: moment("daybook_erasure_pending_oldest_timestamp_seconds", "_x30"),
          interval: "1h",
          at: "25h",
          because: "nothing is pending",
        },
      },
    },
  ];
}
