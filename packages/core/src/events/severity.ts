const ASCENDING = ["info", "warning", "error", "critical"] as const;

/** One of `SEVERITIES`. */
export type Severity = (typeof ASCENDING)[number];

/** Severities, lowest first. */
export const SEVERITIES: readonly Severity[] = ASCENDING;
