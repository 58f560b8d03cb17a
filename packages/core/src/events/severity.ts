const ASCENDING = ["info", "warning", "error", "critical"] as const;

export type Severity = (typeof ASCENDING)[number];

export const SEVERITIES: readonly Severity[] = ASCENDING;
