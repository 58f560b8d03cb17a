/** All reasons for which an event is dropped. */
export const DROP_REASONS = ["queue_full", "refused", "quarantined", "sink_failed", "closed", "exit", "spool_lost"] as const;

/**
 * Why an event was not stored. `queue_full`: the bound was reached. `refused`: the sink cannot store it. `quarantined`: it is in no
 * catalogue or does not fit its schema. `sink_failed`: the sink did not store it in time. `closed`: the log was closed before.
 * `exit`: the process ended first. `spool_lost`: it lay in a spool file that was damaged.
 */
export type DropReason = (typeof DROP_REASONS)[number];

/** Counters of one sink since it was opened. At every moment accepted = written + spooled + queued + the sum of dropped. */
export interface DeliveryCounters {
  readonly accepted: number;
  readonly written: number;
  /** Events in the spool, which the sink gets when it takes events again. Includes those that earlier runs left there. */
  readonly spooled: number;
  readonly queued: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** Figures of one sink's delivery since it was opened, beyond its counters: for metrics. */
export interface DeliveryMeter {
  readonly sink: string;
  readonly required: boolean;
  /** Most events of one delivery class in the queue. */
  readonly capacity: number;
  /** Writes the sink rejected; the events were tried again or given up. */
  readonly failedWrites: number;
  /** Batches the sink stored. */
  readonly flushes: number;
  /** Milliseconds the sink took for them. */
  readonly flushMs: number;
  /** By type of event; only types that were recorded. */
  readonly types: ReadonlyMap<string, { readonly accepted: number; readonly written: number }>;
}

/**
 * Counts where the events of one sink are. Every change moves an event from one place to another, so that at each moment
 * accepted = written + spooled + queued + dropped.
 */
export class DeliveryAccount {
  accepted = 0;
  written = 0;
  spooled = 0;
  failedWrites = 0;
  flushes = 0;
  flushMs = 0;
  readonly dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
  readonly #types = new Map<string, { accepted: number; written: number }>();

  accept(type: string): void {
    this.accepted++;
    this.#of(type).accepted++;
  }

  write(type: string): void {
    this.written++;
    this.#of(type).written++;
  }

  counters(queued: number): DeliveryCounters {
    return { accepted: this.accepted, written: this.written, spooled: this.spooled, queued, dropped: { ...this.dropped } };
  }

  figures(): Pick<DeliveryMeter, "failedWrites" | "flushes" | "flushMs" | "types"> {
    const { failedWrites, flushes, flushMs } = this;
    return { failedWrites, flushes, flushMs, types: new Map(Array.from(this.#types, ([type, counts]) => [type, { ...counts }])) };
  }

  #of(type: string): { accepted: number; written: number } {
    let counts = this.#types.get(type);
    if (counts === undefined) {
      counts = { accepted: 0, written: 0 };
      this.#types.set(type, counts);
    }
    return counts;
  }
}
