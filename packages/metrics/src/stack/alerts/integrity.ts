import type { FilledStackOptions } from "../stack-options.ts";
import { DURATION, NUMBER, since, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alerts on the proof of the trail and on its clock. */
export function integrityAlerts(options: FilledStackOptions): TestedAlert[] {
  const integrityLabels = { team: "security", area: "integrity", dashboard: "compliance", report: "npx daybook verify" } as const;
  const { here, moment } = situations(options);
  return [
    {
      name: "DaybookIntegrityBroken",
      expr: "min by (job) (daybook_integrity_last_result) == 0",
      severity: "critical",
      ...integrityLabels,
      summary: "The audit trail of {{ $labels.job }} does not verify",
      description: "Records were altered, removed, inserted or reordered since they were written. Keep the file as it is.",
      value: "verification failed",
      limit: "clean",
      test: {
        fires: { series: moment("daybook_integrity_last_result", "1 0"), at: "1m", labels: here, value: "verification failed" },
        silent: { series: moment("daybook_integrity_last_result", "_x5"), at: "5m", because: "nothing has been verified yet" },
      },
    },
    {
      name: "DaybookIntegrityNotVerified",
      expr: `${since("daybook_integrity_last_success_timestamp_seconds")} > 26 * 3600`,
      severity: "warning",
      ...integrityLabels,
      summary: "The audit trail of {{ $labels.job }} was not verified for over a day",
      description: "The nightly verification did not run or did not end.",
      value: `last clean ${DURATION} ago`,
      limit: "26 h",
      test: {
        long: true,
        fires: {
          series: moment("daybook_integrity_last_success_timestamp_seconds", "0x30"),
          interval: "1h",
          at: "27h",
          labels: here,
          value: "last clean 1d 3h 0m 0s ago",
        },
        silent: {
          series: moment("daybook_integrity_last_success_timestamp_seconds", "0x22 82800x8"),
          interval: "1h",
          at: "30h",
          because: "it was verified at the end of the first day",
        },
      },
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
      test: {
        fires: { series: moment("daybook_clock_jump_total", "0x3 1x10"), at: "5m", labels: here, value: "1 steps in an hour" },
        silent: { series: moment("daybook_clock_jump_total", "1x120"), at: "90m", because: "the step was long ago" },
      },
    },
  ];
}
