import type { FilledStackOptions } from "../stack-options.ts";
import type { TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alert on a store that runs out of room. */
export function storeRoomAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const { moment } = situations(options);
  return [
    {
      name: "DaybookStoreFullSoon",
      expr: `predict_linear(daybook_store_free_bytes[6h], 4 * 86400) < 0
and daybook_store_free_bytes / daybook_store_capacity_bytes < 0.25`,
      for: "1h",
      severity: "warning",
      team: "sre",
      area: "store",
      summary: "The audit store of {{ $labels.job }} is full in less than four days",
      description: "At the pace of the last six hours, with less than a quarter of the room left.",
      value: "{{ $value | humanize1024 }}B predicted to be free",
      limit: "0 B",
      dashboard: "health",
      report: "npx daybook doctor",
      test: {
        long: true,
        fires: {
          series: {
            ...moment("daybook_store_free_bytes", "2000000000-30000000x16"),
            ...moment("daybook_store_capacity_bytes", "10000000000x16"),
          },
          at: "8h",
          labels: [{ job, instance: "a:9464" }],
          value: "-3.949GiB predicted to be free",
        },
        silent: {
          series: {
            ...moment("daybook_store_free_bytes", "9000000000-60000000x16"),
            ...moment("daybook_store_capacity_bytes", "10000000000x16"),
          },
          at: "8h",
          because: "an import fills the disk quickly, and three quarters of it are free",
        },
      },
    },
  ];
}
