import type { FilledStackOptions } from "../stack-options.ts";
import { DURATION, since, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alert on a daily review that is late. */
export function reviewAlerts(options: FilledStackOptions): TestedAlert[] {
  const { here, moment } = situations(options);
  return [
    {
      name: "DaybookReviewOverdue",
      expr: `${since("daybook_review_last_completed_timestamp_seconds")} > 26 * 3600`,
      severity: "warning",
      team: "security",
      area: "review",
      summary: "The review of the audit trail of {{ $labels.job }} is overdue by more than a day",
      description: "The daily review is evidence of operation; a late one is marked as late.",
      value: `last review ${DURATION} ago`,
      limit: "26 h",
      dashboard: "compliance",
      report: "npx daybook review",
      test: {
        long: true,
        fires: {
          series: moment("daybook_review_last_completed_timestamp_seconds", "0x30"),
          interval: "1h",
          at: "27h",
          labels: here,
          value: "last review 1d 3h 0m 0s ago",
        },
        silent: {
          series: moment("daybook_review_last_completed_timestamp_seconds", "0x30"),
          interval: "1h",
          at: "25h",
          because: "a review at nine may come at ten the day after",
        },
      },
    },
  ];
}
