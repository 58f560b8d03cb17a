import { DaybookError } from "@daybook/core";

/** Options of `monitoringStack`. */
export interface StackOptions {
  /** Name of the scrape job, used in every rule and dashboard. Default `daybook`. */
  readonly job?: string;
  /** Host and port of the application's metrics, as the Prometheus container reaches them. Default `host.docker.internal:9464`. */
  readonly target?: string;
  /** Route template of the search that has its own latency alert. Default `/search`. */
  readonly searchRoute?: string;
  /** URL of Grafana that alerts link to. Default `http://localhost:3001`. */
  readonly grafanaUrl?: string;
  /** URL of the runbooks: alerts link to `<url>/<alert>.md`. Default: the runbooks of Daybook. */
  readonly runbooksUrl?: string;
}

/** @internal */
export type FilledStackOptions = Required<StackOptions>;

const DEFAULTS: FilledStackOptions = {
  job: "daybook",
  target: "host.docker.internal:9464",
  searchRoute: "/search",
  grafanaUrl: "http://localhost:3001",
  runbooksUrl: "https://github.com/daybook-audit/daybook/blob/main/docs/runbooks",
};

// The values are written into YAML, PromQL and file names without escapes.
const FORMS: Readonly<Record<keyof StackOptions, RegExp>> = {
  job: /^[A-Za-z][A-Za-z0-9_-]*$/,
  target: /^[A-Za-z0-9.-]+:\d{1,5}$/,
  searchRoute: /^\/[A-Za-z0-9_:./-]*$/,
  grafanaUrl: /^https?:\/\/[\w.:/-]*[\w]$/,
  runbooksUrl: /^https?:\/\/[\w.:/-]*[\w]$/,
};

/** @throws {DaybookError} `BAD_OPTION` */
export function filled(options: StackOptions): FilledStackOptions {
  const values = { ...DEFAULTS, ...options };
  for (const [name, form] of Object.entries(FORMS)) {
    const value = values[name as keyof StackOptions];
    if (!form.test(value)) throw new DaybookError("BAD_OPTION", `\`${name}\` of the monitoring stack cannot be ${JSON.stringify(value)}.`);
  }
  return values;
}
