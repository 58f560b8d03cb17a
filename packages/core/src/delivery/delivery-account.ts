import { type DeliveryCounters, DROP_REASONS, type DropReason } from "./delivery-counters.ts";

/**
 * What became of the events of one sink. Every change moves an event from one place to another, so that at each moment
 * accepted = written + spooled + queued + dropped.
 */
export class DeliveryAccount {
  accepted = 0;
  written = 0;
  spooled = 0;
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

  types(): ReadonlyMap<string, { readonly accepted: number; readonly written: number }> {
    return new Map(Array.from(this.#types, ([type, counts]) => [type, { ...counts }]));
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
