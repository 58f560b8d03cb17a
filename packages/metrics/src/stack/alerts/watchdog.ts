import type { FilledStackOptions } from "../stack-options.ts";
import { NUMBER, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alert that always fires, so that its silence shows that alerting is broken. */
export function watchdogAlerts(options: FilledStackOptions): TestedAlert[] {
  const { of } = situations(options);
  return [
    {
      name: "Watchdog",
      expr: "vector(1)",
      severity: "none",
      team: "sre",
      area: "watchdog",
      summary: "Alerting works",
      description: "Always firing. Its receiver raises the alarm when it stops coming.",
      value: NUMBER,
      limit: "1",
      dashboard: "health",
      report: "npx daybook doctor",
      test: {
        fires: { series: { [of("up")]: "1x5" }, at: "1m", labels: [{}], value: "1" },
      },
    },
  ];
}
