/** What one sink's delivery did since it was opened, beyond its counters: for metrics. */
export interface DeliveryMeter {
  readonly sink: string;
  readonly required: boolean;
  /** Events of one delivery class that may wait. */
  readonly capacity: number;
  /** Writes the sink rejected; the events were tried again or given up. */
  readonly failedWrites: number;
  /** Batches the sink stored, and the milliseconds it took over them. */
  readonly flushes: number;
  readonly flushMs: number;
  /** By type of event; only types that were recorded. */
  readonly types: ReadonlyMap<string, { readonly accepted: number; readonly written: number }>;
}
