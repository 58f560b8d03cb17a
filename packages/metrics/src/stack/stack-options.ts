import { DaybookError } from "@daybook/core";

export interface StackOptions {
  /** Name of the scrape job; in every rule and dashboard. Default `daybook`. */
  readonly job?: string;
  /** Where the application serves its metrics, as the Prometheus container sees it. Default `host.docker.internal:9464`. */
  readonly target?: string;
  /** Route template of the search whose latency has an alert of its own. Default `/search`. */
  readonly searchRoute?: string;
  /** Where people open Grafana; alerts link there. Default `http://localhost:3001`. */
  readonly grafanaUrl?: string;
  /** Folder of the runbooks; alerts link to `<folder>/<alert>.md`. Default: those of Daybook. */
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

// They are written into YAML, PromQL and file names.
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
