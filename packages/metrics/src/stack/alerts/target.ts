import type { FilledStackOptions } from "../stack-options.ts";
import type { TestedAlert } from "./alert.ts";
import { situations } from "./situations.ts";

/** Alerts on scrape targets that are down or missing. */
export function targetAlerts(options: FilledStackOptions): TestedAlert[] {
  const { job } = options;
  const up = `up{job=~"${job}.*"}`;
  const targetLabels = {
    severity: "critical",
    team: "sre",
    area: "target",
    for: "3m",
    dashboard: "health",
    report: "npx daybook doctor",
  } as const;
  const { here, of, target, target2 } = situations(options);
  return [
    {
      name: "DaybookTargetDown",
      // Without a label `instance` if every instance is down, so that it also mutes the alerts of the whole job.
      expr: `(${up} == 0 unless on (job) max by (job) (${up}) == 0)
or max by (job) (${up}) == 0`,
      ...targetLabels,
      summary: "{{ with $labels.instance }}Instance {{ . }}{{ else }}Every instance{{ end }} of {{ $labels.job }} does not answer",
      description: "Prometheus cannot scrape it. The application may be down, or only its metrics port.",
      value: "up is 0",
      limit: "1",
      test: {
        fires: {
          series: { [`up{${target}}`]: "1x5 0x20", [`up{${target2}}`]: "1x25", [`up{job="${job}-worker",instance="w:9464"}`]: "0x25" },
          at: "10m",
          // One instance of two, and the only one of another job: the second has no instance, so that it mutes all of its job.
          labels: [{ job, instance: "a:9464" }, { job: `${job}-worker` }],
          value: "up is 0",
        },
        silent: {
          series: { [`up{${target}}`]: "1x5 0x2 1x20", [`up{${target2}}`]: "1x25" },
          at: "8m",
          because: "a restart takes two minutes",
        },
      },
    },
    {
      name: "DaybookTargetMissing",
      expr: `absent(up{job=${JSON.stringify(job)}})`,
      ...targetLabels,
      summary: "Prometheus has no target for {{ $labels.job }}",
      description: "The list of targets is empty or could not be read.",
      value: "no target",
      limit: "at least one",
      test: {
        fires: { series: { 'up{job="prometheus",instance="p"}': "1x20" }, at: "5m", labels: here, value: "no target" },
        silent: { series: { [of("up")]: "0x20" }, at: "5m", because: "the target is there, and down" },
      },
    },
  ];
}
