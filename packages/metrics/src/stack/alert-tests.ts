import { type Alert, alerts } from "./alerts.ts";
import { annotations, GROUPS } from "./rules-file.ts";
import type { FilledStackOptions } from "./stack-options.ts";

/** What Prometheus sees, in the notation of promtool: a series and its values at every interval. */
export interface Situation {
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** Default 1m, of a long one 30m. */
  readonly interval?: string;
}

export interface AlertTest {
  /** It takes hours or days to show: evaluated every hour instead of every minute. */
  readonly long?: true;
  readonly fires: Situation & {
    /** Labels beside severity, team and area, for each alert. */
    readonly labels: readonly Readonly<Record<string, string>>[];
    /** The value as the annotation writes it. */
    readonly value: string;
  };
  /** Every alert has one but the watchdog, whose silence is the alarm. */
  readonly silent?: Situation & { /** Why nobody should be called. */ readonly because: string };
}

/** A firing and a silent case of every alert. Job `daybook`, one instance unless said otherwise. */
export function alertTests({ job, searchRoute }: FilledStackOptions): Record<string, AlertTest> {
  const target = `job="${job}",instance="a:9464"`;
  const target2 = `job="${job}",instance="b:9464"`;
  const of = (metric: string, labels = "") => `${metric}{${target}${labels === "" ? "" : `,${labels}`}}`;
  const search = `route="${searchRoute}",method="GET"`;
  /** Requests of one route: per minute in all, and those within half a second. */
  const latency = (perMinute: number, fast: number, labels = search) => ({
    [of("daybook_http_request_duration_seconds_bucket", `${labels},le="0.5"`)]: `0+${fast}x150`,
    [of("daybook_http_request_duration_seconds_bucket", `${labels},le="1"`)]: `0+${fast}x150`,
    [of("daybook_http_request_duration_seconds_bucket", `${labels},le="2.5"`)]: `0+${perMinute}x150`,
    [of("daybook_http_request_duration_seconds_bucket", `${labels},le="+Inf"`)]: `0+${perMinute}x150`,
    [of("daybook_http_request_duration_seconds_count", labels)]: `0+${perMinute}x150`,
  });
  const answers = (good: number, bad: number) => ({
    [of("daybook_http_requests_total", `${search},code="200"`)]: `0+${good}x160`,
    [of("daybook_http_requests_total", `${search},code="500"`)]: `0+${bad}x160`,
  });
  const written = (value: string) => ({ [of("daybook_audit_events_written_total", 'type="endpoint"')]: value });
  const moment = (metric: string, value: string) => ({ [of(metric)]: value });
  const dueAfterDays = (days: number) => moment("daybook_dsar_next_due_timestamp_seconds", `${days * 86_400}x80`);
  const here = [{ job }];

  return {
    DaybookHighQueryLatency: {
      fires: { series: latency(60, 0), at: "10m", labels: here, value: "2.42 s at the 95th percentile" },
      silent: { series: latency(6, 0), at: "10m", because: "one slow search every ten seconds says nothing about the service" },
    },
    DaybookLatencyBudgetBurn: {
      fires: { series: latency(60, 45), at: "2h", labels: here, value: "25% of requests over 0.5 s in the last hour" },
      silent: { series: latency(60, 57), at: "2h", because: "5 % slow requests are within what the month allows at this pace" },
    },
    DaybookErrorBurnPageFast: {
      fires: { series: answers(98, 2), at: "90m", labels: here, value: "2% of requests in the last hour" },
      silent: { series: answers(0, 0.1), at: "90m", because: "every request fails, but there were only six in the hour" },
    },
    DaybookErrorBurnPageSlow: {
      long: true,
      fires: { series: answers(990, 10), interval: "10m", at: "7h", labels: here, value: "1% of requests in the last six hours" },
      silent: { series: answers(996, 4), interval: "10m", at: "7h", because: "0.4 % is for a ticket" },
    },
    DaybookErrorBurnTicketFast: {
      long: true,
      fires: { series: answers(996, 4), at: "25h", labels: here, value: "0.4% of requests in the last day" },
      silent: { series: answers(998, 2), at: "25h", because: "0.2 % is for the slow ticket" },
    },
    DaybookErrorBurnTicketSlow: {
      long: true,
      fires: { series: answers(998, 2), at: "73h", labels: here, value: "0.2% of requests in the last three days" },
      silent: { series: answers(9995, 5), at: "73h", because: "0.05 % is inside the objective" },
    },
    DaybookAuditWriteFailing: {
      fires: {
        series: { [of("daybook_audit_write_failures_total", 'sink="sqlite"')]: "0x4 1x4" },
        at: "5m",
        labels: [{ job, sink: "sqlite" }],
        value: "1 failed writes in 5 minutes",
      },
      silent: {
        series: { [of("daybook_audit_write_failures_total", 'sink="sqlite"')]: "3x20" },
        at: "15m",
        because: "the failures are over",
      },
    },
    DaybookAuditSilent: {
      fires: {
        series: { ...answers(60, 0), ...written("500x60") },
        at: "20m",
        labels: here,
        value: "1.00 requests per second, no event written",
      },
      silent: {
        series: { ...answers(60, 0), ...moment("daybook_http_unrecorded_requests_total", "0+60x60"), ...written("500x60") },
        at: "20m",
        because: "at night only health checks come, which leave no record",
      },
    },
    DaybookAuditGap: {
      fires: {
        series: {
          [of("daybook_audit_events_accepted_total", 'type="endpoint"')]: "0+100x60",
          ...written("0+90x60"),
          [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "0x60",
        },
        at: "40m",
        labels: here,
        value: "150 events in 15 minutes",
      },
      silent: {
        series: {
          [of("daybook_audit_events_accepted_total", 'type="endpoint"')]: "0+100x60",
          ...written("0+90x60"),
          [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "0+10x60",
        },
        at: "40m",
        because: "what is missing was dropped, which has an alert of its own",
      },
    },
    DaybookAuditAbsent: {
      fires: { series: { [of("up")]: "0x20" }, at: "10m", labels: here, value: "no series" },
      silent: { series: written("0x20"), at: "10m", because: "a trail without events still has its series" },
    },
    DaybookTargetDown: {
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
    DaybookTargetMissing: {
      fires: { series: { 'up{job="prometheus",instance="p"}': "1x20" }, at: "5m", labels: here, value: "no target" },
      silent: { series: { [of("up")]: "0x20" }, at: "5m", because: "the target is there, and down" },
    },
    DaybookSpooling: {
      fires: { series: moment("daybook_audit_spool_bytes", "0x2 2048x20"), at: "10m", labels: here, value: "2kiB spooled" },
      silent: { series: moment("daybook_audit_spool_bytes", "0x2 2048x2 0x20"), at: "10m", because: "the spool was written to the store" },
    },
    DaybookQueueSaturated: {
      fires: {
        series: { ...moment("daybook_audit_queue_depth", "9000x20"), ...moment("daybook_audit_queue_capacity", "10000x20") },
        at: "5m",
        labels: here,
        value: "90% of the queue",
      },
      silent: {
        series: { ...moment("daybook_audit_queue_depth", "9000 100x20"), ...moment("daybook_audit_queue_capacity", "10000x20") },
        at: "5m",
        because: "a burst was written within a minute",
      },
    },
    DaybookDropped: {
      fires: {
        series: { [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "0x9 3x5" },
        at: "10m",
        labels: [{ job, reason: "queue_full" }],
        value: "3 events in 10 minutes",
      },
      silent: {
        series: { [of("daybook_audit_events_dropped_total", 'reason="queue_full"')]: "30x30" },
        at: "20m",
        because: "it was told when it happened",
      },
    },
    DaybookStoreFullSoon: {
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
    DaybookIntegrityBroken: {
      fires: { series: moment("daybook_integrity_last_result", "1 0"), at: "1m", labels: here, value: "verification failed" },
      silent: { series: moment("daybook_integrity_last_result", "_x5"), at: "5m", because: "nothing has been verified yet" },
    },
    DaybookIntegrityNotVerified: {
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
    DaybookClockJump: {
      fires: { series: moment("daybook_clock_jump_total", "0x3 1x10"), at: "5m", labels: here, value: "1 steps in an hour" },
      silent: { series: moment("daybook_clock_jump_total", "1x120"), at: "90m", because: "the step was long ago" },
    },
    DaybookAuditReadSpike: {
      long: true,
      fires: {
        series: moment("daybook_audit_reads_total", "0+5x288 1540+100x12"),
        interval: "5m",
        at: "25h",
        labels: here,
        value: "0.33 reads per second",
      },
      silent: {
        series: moment("daybook_audit_reads_total", "0x288 0+20x12"),
        interval: "5m",
        at: "25h",
        because: "forty reads in ten minutes are an auditor at work",
      },
    },
    DaybookExpectedSilence: {
      long: true,
      fires: {
        series: { [of("daybook_audit_events_written_total", 'type="authentication"')]: "0+15x330 4950x360" },
        interval: "15m",
        // A week after an hour with 60 sign-ins.
        at: "170h",
        labels: [{ job, type: "authentication" }],
        value: "0 events in an hour",
      },
      silent: {
        series: { [of("daybook_audit_events_written_total", 'type="authentication"')]: "0x690" },
        interval: "15m",
        at: "170h",
        because: "nobody signed in a week ago either",
      },
    },
    DaybookRetentionOverdue: {
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
    DaybookRetentionBreach: {
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
    DaybookErasureStuck: {
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
    DaybookDsarDueSoon: {
      long: true,
      fires: { series: dueAfterDays(8), at: "36h", labels: here, value: "due in 6d 12h 0m 0s" },
      silent: { series: dueAfterDays(8), at: "12h", because: "there is more than a week left" },
    },
    DaybookDsarOverdue: {
      long: true,
      fires: { series: dueAfterDays(1), at: "36h", labels: here, value: "due -12h 0m 0s" },
      silent: { series: moment("daybook_dsar_next_due_timestamp_seconds", "_x80"), at: "36h", because: "no request is open" },
    },
    DaybookReviewOverdue: {
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
    DaybookConsentWriteRejected: {
      fires: {
        series: { [of("daybook_activity_rejected_total", 'reason="no_consent_at_write"')]: "0x3 2x10" },
        at: "5m",
        labels: [{ job, reason: "no_consent_at_write" }],
        value: "2 entries in an hour",
      },
      silent: {
        series: { [of("daybook_activity_rejected_total", 'reason="withdrawn_in_flight"')]: "0x3 2x10" },
        at: "5m",
        because: "somebody withdrew while entries were on their way, which is ordinary",
      },
    },
    DaybookDetectorFinding: {
      fires: {
        series: { [of("daybook_detector_findings_total", 'rule="enumeration",severity="critical"')]: "0x3 1x10" },
        at: "4m",
        labels: [{ job, rule: "enumeration" }],
        value: "1 findings in 5 minutes",
      },
      silent: {
        series: { [of("daybook_detector_findings_total", 'rule="novelty",severity="warning"')]: "0x3 1x10" },
        at: "4m",
        because: "a new address is a hint and no alarm",
      },
    },
    Watchdog: {
      fires: { series: { [of("up")]: "1x5" }, at: "1m", labels: [{}], value: "1" },
    },
  };
}

/** The files for `promtool test rules`: cases that take minutes, and cases that take hours or days. */
export function alertTestsFiles(options: FilledStackOptions): { readonly short: string; readonly long: string } {
  const tests = alertTests(options);
  const cases = (long: boolean) =>
    alerts(options)
      .filter(({ name }) => (tests[name]!.long ?? false) === long)
      .flatMap((alert) => alertCases(alert, tests[alert.name]!, options));
  return { short: testsText("1m", cases(false)), long: testsText("1h", cases(true)) };
}

function alertCases(alert: Alert, { fires, silent, long }: AlertTest, options: FilledStackOptions): string[] {
  const labels = { severity: alert.severity, team: alert.team, area: alert.area };
  const fixed = annotations(alert, options);
  const expected = fires.labels.map((own) => ({
    exp_labels: { ...own, ...labels },
    exp_annotations: { ...fixed, summary: filledIn(alert.summary, own), value: fires.value },
  }));
  const interval = long ? "30m" : "1m";
  const firing = caseText(`${alert.name} fires`, { interval, ...fires }, alert.name, expected);
  return silent === undefined
    ? [firing]
    : [firing, caseText(`${alert.name} is silent: ${silent.because}`, { interval, ...silent }, alert.name, [])];
}

// The alerts read what the records write: promtool evaluates groups in no fixed order unless it is given one.
const testsText = (evaluation: string, cases: readonly string[]) => `# promtool test rules *_test.yml
rule_files:
  - daybook.yml
evaluation_interval: ${evaluation}
group_eval_order:
${GROUPS.map((name) => `  - ${name}`).join("\n")}
tests:
${cases.join("\n")}
`;

function caseText(name: string, { series, at, interval }: Situation, alert: string, expected: readonly object[]): string {
  const lines = Object.entries(series).map(([key, values]) => `      - series: '${key}'\n        values: "${values}"`);
  return `  - name: ${JSON.stringify(name)}
    interval: ${interval}
    input_series:
${lines.join("\n")}
    alert_rule_test:
      - eval_time: ${at}
        alertname: ${alert}
        exp_alerts:${expected.length === 0 ? " []" : expected.map((each) => `\n          - ${JSON.stringify(each)}`).join("")}`;
}

/** A summary as Prometheus fills it in. */
function filledIn(summary: string, labels: Readonly<Record<string, string>>): string {
  return summary
    .replace(/\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}/, (_, name: string, yes: string, no: string) =>
      labels[name] === undefined ? no : yes.replace("{{ . }}", labels[name]),
    )
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "");
}
