import type { FilledStackOptions } from "../stack-options.ts";
import { PERCENT, type TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Share of requests that may fail. */
const ERROR_BUDGET = "0.001";

/** Alerts on failed requests: 99.9 % are to succeed. The windows and factors are those of multi-window burn rates. */
export function errorsAlerts(options: FilledStackOptions): TestedAlert[] {
  const errorsInLastHour = 'sum by (job) (increase(daybook_http_requests_total{code=~"5.."}[1h])) >= 10';
  const errorBurn = (long: string, short: string, factor: number) =>
    `job:daybook_http_errors:ratio_rate${long} > ${factor} * ${ERROR_BUDGET}\nand job:daybook_http_errors:ratio_rate${short} > ${factor} * ${ERROR_BUDGET}`;
  const errorsLabels = {
    team: "sre",
    area: "errors",
    dashboard: "health",
    report: "npx daybook report --event-type error --last 1h",
  } as const;
  const { answers, here } = situations(options);
  return [
    {
      name: "DaybookErrorBurnPageFast",
      expr: `${errorBurn("1h", "5m", 14.4)}\nand ${errorsInLastHour}`,
      severity: "critical",
      ...errorsLabels,
      summary: "{{ $labels.job }} fails requests and the error budget goes within two days",
      description: "Answers of 500 and above, over the last hour and still.",
      value: `${PERCENT} of requests in the last hour`,
      limit: "1.44 %",
      test: {
        fires: { series: answers(98, 2), at: "90m", labels: here, value: "2% of requests in the last hour" },
        silent: { series: answers(0, 0.1), at: "90m", because: "every request fails, but there were only six in the hour" },
      },
    },
    {
      name: "DaybookErrorBurnPageSlow",
      expr: `${errorBurn("6h", "30m", 6)}\nand ${errorsInLastHour}`,
      severity: "critical",
      ...errorsLabels,
      summary: "{{ $labels.job }} fails requests and the error budget goes within five days",
      description: "Answers of 500 and above, over the last six hours and still.",
      value: `${PERCENT} of requests in the last six hours`,
      limit: "0.6 %",
      test: {
        long: true,
        fires: { series: answers(990, 10), interval: "10m", at: "7h", labels: here, value: "1% of requests in the last six hours" },
        silent: { series: answers(996, 4), interval: "10m", at: "7h", because: "0.4 % is for a ticket" },
      },
    },
    {
      name: "DaybookErrorBurnTicketFast",
      expr: errorBurn("1d", "2h", 3),
      severity: "warning",
      ...errorsLabels,
      summary: "{{ $labels.job }} fails more requests than its objective allows",
      description: "Answers of 500 and above, over the last day and still. Right after a first start the long window holds little data.",
      value: `${PERCENT} of requests in the last day`,
      limit: "0.3 %",
      test: {
        long: true,
        fires: { series: answers(996, 4), at: "25h", labels: here, value: "0.4% of requests in the last day" },
        silent: { series: answers(998, 2), at: "25h", because: "0.2 % is for the slow ticket" },
      },
    },
    {
      name: "DaybookErrorBurnTicketSlow",
      expr: errorBurn("3d", "6h", 1),
      severity: "warning",
      ...errorsLabels,
      summary: "{{ $labels.job }} will miss its objective if nothing changes",
      description:
        "Answers of 500 and above, over the last three days and still. Right after a first start the long window holds little data.",
      value: `${PERCENT} of requests in the last three days`,
      limit: "0.1 %",
      test: {
        long: true,
        fires: { series: answers(998, 2), at: "73h", labels: here, value: "0.2% of requests in the last three days" },
        silent: { series: answers(9995, 5), at: "73h", because: "0.05 % is inside the objective" },
      },
    },
  ];
}
