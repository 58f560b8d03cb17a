import type { FilledStackOptions } from "../stack-options.ts";

/** Series for the test cases of alerts: one job, one instance unless the case says otherwise. */
export function situations({ job, searchRoute }: FilledStackOptions) {
  const target = `job="${job}",instance="a:9464"`;
  const target2 = `job="${job}",instance="b:9464"`;
  const of = (metric: string, labels = "") => `${metric}{${target}${labels === "" ? "" : `,${labels}`}}`;
  const search = `route="${searchRoute}",method="GET"`;
  /** Requests of one route per minute: all of them, and those within half a second. */
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

  return { target, target2, of, latency, answers, written, moment, dueAfterDays, here };
}
