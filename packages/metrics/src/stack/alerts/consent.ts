import type { FilledStackOptions } from "../stack-options.ts";
import { NUMBER, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alert on journal entries without consent. */
export function consentAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const { of } = situations(options);
  return [
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
      test: {
        fires: {
          series: { [of("daybook_activity_rejected_total", 'reason="no_consent_at_write"')]: "0x3 2x10" },
          at: "5m",
          labels: [{ job, reason: "no_consent_at_write" }],
          value: "2 entries in an hour",
        },
        silent: {
          series: { [of("daybook_activity_rejected_total", 'reason="withdrawn_in_flight"')]: "0x3 2x10" },
          at: "5m",
          because: "a person withdrew while entries were queued, which is ordinary",
        },
      },
    },
  ];
}
