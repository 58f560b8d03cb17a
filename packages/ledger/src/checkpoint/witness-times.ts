import type { TrustedCheckpoint } from "./trusted-checkpoints.ts";

/** Earliest and latest time at which an entry can have been written, ms since the Unix epoch; infinite if no witness limits it. */
export interface TimeBounds {
  readonly low: number;
  readonly high: number;
}

/**
 * Time bounds of entries from trusted cosignatures: an entry in the cosigned tree existed before its time, an entry beyond that tree was
 * written after it.
 */
export class WitnessTimes {
  readonly #sizes: number[] = [];
  /** Latest time on any checkpoint up to here. */
  readonly #latest: number[] = [];
  /** Earliest time on any checkpoint from here on. */
  readonly #earliest: number[] = [];

  constructor(checkpoints: readonly TrustedCheckpoint[]) {
    const cosigned = checkpoints.filter((checkpoint) => checkpoint.cosigned.length > 0);
    let latest = Number.NEGATIVE_INFINITY;
    for (const { size, cosigned: lines } of cosigned) {
      latest = Math.max(latest, ...lines.map(({ time }) => time * 1000));
      this.#sizes.push(size);
      this.#latest.push(latest);
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const { cosigned: lines } of cosigned.toReversed()) {
      earliest = Math.min(earliest, ...lines.map(({ time }) => time * 1000));
      this.#earliest.push(earliest);
    }
    this.#earliest.reverse();
  }

  /** True if no witness cosigned a checkpoint. */
  get empty(): boolean {
    return this.#sizes.length === 0;
  }

  bounds(seq: number): TimeBounds {
    let low = 0;
    let high = this.#sizes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sizes[middle] ?? Number.POSITIVE_INFINITY) <= seq) low = middle + 1;
      else high = middle;
    }
    return { low: this.#latest[low - 1] ?? Number.NEGATIVE_INFINITY, high: this.#earliest[low] ?? Number.POSITIVE_INFINITY };
  }
}
