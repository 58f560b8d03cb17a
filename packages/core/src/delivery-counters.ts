export const DROP_REASONS = ["queue_full", "refused", "quarantined", "sink_failed", "closed", "exit"] as const;

/**
 * Why an event was not stored. `queue_full`: the bound was reached. `refused`: the sink cannot store it. `quarantined`: it is in no
 * catalogue or does not fit its schema. `sink_failed`: the sink did not store it in time. `closed`: the log was closed before.
 * `exit`: the process ended first.
 */
export type DropReason = (typeof DROP_REASONS)[number];

/** Of one sink, since it was opened. At every moment accepted = written + queued + the sum of dropped. */
export interface DeliveryCounters {
  readonly accepted: number;
  readonly written: number;
  readonly queued: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}
