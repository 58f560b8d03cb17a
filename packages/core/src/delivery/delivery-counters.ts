export const DROP_REASONS = ["queue_full", "refused", "quarantined", "sink_failed", "closed", "exit", "spool_lost"] as const;

/**
 * Why an event was not stored. `queue_full`: the bound was reached. `refused`: the sink cannot store it. `quarantined`: it is in no
 * catalogue or does not fit its schema. `sink_failed`: the sink did not store it in time. `closed`: the log was closed before.
 * `exit`: the process ended first. `spool_lost`: it lay in a spool file that was damaged.
 */
export type DropReason = (typeof DROP_REASONS)[number];

/** Of one sink, since it was opened. At every moment accepted = written + spooled + queued + the sum of dropped. */
export interface DeliveryCounters {
  readonly accepted: number;
  readonly written: number;
  /** On disk in the spool, to be written when the sink takes events again. Includes what earlier runs left there. */
  readonly spooled: number;
  readonly queued: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}
