/** One alerting rule. */
export interface Alert {
  readonly name: string;
  /** PromQL; the alert is pending while it returns a series. */
  readonly expr: string;
  /** How long the expression must return a series before the alert fires. Default: not at all. */
  readonly for?: string;
  /** `critical` pages the team, `warning` makes a ticket. */
  readonly severity: "critical" | "warning" | "none";
  /** The team that Alertmanager notifies. */
  readonly team: "sre" | "security" | "privacy";
  /** The subject: a critical alert mutes the warnings of the same job, team and area. */
  readonly area: string;
  /** One line for a phone, in the template language of Prometheus; labels are the only variables. */
  readonly summary: string;
  /** The meaning of the alert and its consequences. */
  readonly description: string;
  /** Text of the value, in the template language of Prometheus. */
  readonly value: string;
  /** The limit that the value exceeds. */
  readonly limit: string;
  readonly dashboard: "health" | "performance" | "usage" | "compliance";
  /** The command that shows the records behind it. */
  readonly report: string;
}

/** Series that Prometheus reads, in the notation of promtool: their values at every interval. */
export interface Situation {
  readonly series: Readonly<Record<string, string>>;
  /** Time of evaluation. */
  readonly at: string;
  /** Default 1m, or 30m for a long test. */
  readonly interval?: string;
}

/** A firing and a silent case of an alert. */
export interface AlertTest {
  /** The alert takes hours or days to fire, so the test evaluates every hour instead of every minute. */
  readonly long?: true;
  readonly fires: Situation & {
    /** Labels of each firing alert, without severity, team and area. */
    readonly labels: readonly Readonly<Record<string, string>>[];
    /** The value as the annotation writes it. */
    readonly value: string;
  };
  /** Absent only for the watchdog, which must never be silent. */
  readonly silent?: Situation & { /** Why the alert must not fire. */ readonly because: string };
}

/** An alert with its two test cases. */
export interface TestedAlert extends Alert {
  readonly test: AlertTest;
}

/** The value of an alert as a percentage, in the template language of Prometheus. */
export const PERCENT = "{{ $value | humanizePercentage }}";
/** The value of an alert as a duration. */
export const DURATION = "{{ $value | humanizeDuration }}";
/** The value of an alert as a whole number. */
export const NUMBER = '{{ printf "%.0f" $value }}';

/** PromQL for the seconds since the latest time in a metric, for each job. */
export const since = (metric: string): string => `time() - max by (job) (${metric})`;
