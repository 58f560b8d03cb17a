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

export const filled = (options: StackOptions): FilledStackOptions => ({
  job: "daybook",
  target: "host.docker.internal:9464",
  searchRoute: "/search",
  grafanaUrl: "http://localhost:3001",
  runbooksUrl: "https://github.com/daybook-audit/daybook/blob/main/docs/runbooks",
  ...options,
});
