import type { FilledStackOptions } from "../stack-options.ts";
import { DURATION, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alerts on requests of data subjects, which are due within a month (GDPR Art. 12(3)). */
export function privacyRequestsAlerts(options: FilledStackOptions): TestedAlert[] {
  const requestsLabels = { team: "privacy", area: "requests", dashboard: "compliance", report: "npx daybook gdpr requests" } as const;
  const { dueAfterDays, here, moment } = situations(options);
  return [
    {
      name: "DaybookDsarDueSoon",
      expr: "min by (job) (daybook_dsar_next_due_timestamp_seconds) - time() < 7 * 86400",
      severity: "warning",
      ...requestsLabels,
      summary: "A request of a data subject of {{ $labels.job }} is due within a week",
      description: "The month of Article 12(3) GDPR runs from the day it was received.",
      value: `due in ${DURATION}`,
      limit: "7 d",
      test: {
        long: true,
        fires: { series: dueAfterDays(8), at: "36h", labels: here, value: "due in 6d 12h 0m 0s" },
        silent: { series: dueAfterDays(8), at: "12h", because: "there is more than a week left" },
      },
    },
    {
      name: "DaybookDsarOverdue",
      expr: "min by (job) (daybook_dsar_next_due_timestamp_seconds) - time() < 0",
      severity: "critical",
      ...requestsLabels,
      summary: "A request of a data subject of {{ $labels.job }} is overdue",
      description: "The time of Article 12(3) GDPR has run out.",
      value: `due ${DURATION}`,
      limit: "0 s",
      test: {
        long: true,
        fires: { series: dueAfterDays(1), at: "36h", labels: here, value: "due -12h 0m 0s" },
        silent: { series: moment("daybook_dsar_next_due_timestamp_seconds", "_x80"), at: "36h", because: "no request is open" },
      },
    },
  ];
}
