import type { PreparedPart } from "@daybook/ledger";
import { BUCKET_ROWS, bucketOf } from "../database/schema.ts";

/** The occurrence of a person or a tenant. */
export interface Reference {
  readonly key: bigint;
  readonly seq: number;
  readonly part: number;
}

/** References of a bucket in row order, outside of the JavaScript heap, and reused by the bucket after the next. */
class Collected {
  bucket = -1;
  count = 0;
  /** The two 32-bit halves of each key. */
  high = new Int32Array(BUCKET_ROWS);
  low = new Uint32Array(BUCKET_ROWS);
  /** Position of the row in the bucket, times 256, plus the part. */
  slots = new Uint32Array(BUCKET_ROWS);

  begin(bucket: number): this {
    this.bucket = bucket;
    this.count = 0;
    return this;
  }

  push(high: number, low: number, slot: number): void {
    if (this.count === this.slots.length) this.#grow();
    this.high[this.count] = high;
    this.low[this.count] = low;
    this.slots[this.count] = slot;
    this.count++;
  }

  #grow(): void {
    const { high, low, slots } = this;
    this.high = new Int32Array(high.length * 2);
    this.low = new Uint32Array(low.length * 2);
    this.slots = new Uint32Array(slots.length * 2);
    this.high.set(high);
    this.low.set(low);
    this.slots.set(slots);
  }
}

/**
 * The references of the filling bucket, as long as this connection writes all of its rows. Then the bucket can be
 * closed without reading. If another process wrote, a manifest removed parts, a transaction was rolled back or a
 * tenant is named, the rest of the bucket is not followed and its rows are read.
 */
export class OpenBucket {
  #one: Collected | undefined;
  #other: Collected | undefined;
  #filling: Collected | undefined;
  #full: Collected | undefined;
  /** Seq of the next expected row. */
  #next = -1;

  /** Call it when a transaction continues with this row. */
  continueAt(seq: number): void {
    if (seq !== this.#next) this.forget();
    this.#next = seq;
  }

  /** Call it when the collected references may differ from the stored ones. */
  forget(): void {
    this.#filling = undefined;
    this.#full = undefined;
  }

  /** @param removes true if the entry may have removed parts of earlier ones */
  add(seq: number, parts: readonly PreparedPart[], removes: boolean): void {
    this.#next = seq + 1;
    if (seq % BUCKET_ROWS === 0) {
      this.#full = this.#filling;
      this.#filling = this.#unused().begin(bucketOf(seq));
    }
    if (removes) this.forget();
    const filling = this.#filling;
    if (filling === undefined) return;
    for (let part = 1; part < parts.length; part++) {
      const { sub, text } = parts[part]!;
      if (text.includes('"tenant":')) {
        this.#filling = undefined;
        return;
      }
      if (sub === undefined) continue;
      const at = sub.indexOf(".") + 1;
      const high = Number.parseInt(sub.slice(at, at + 8), 16);
      const low = Number.parseInt(sub.slice(at + 8, at + 16), 16);
      filling.push(high, low, (seq % BUCKET_ROWS) * 256 + part);
    }
  }

  /**
   * The references of a bucket in index order; undefined if some are unknown. Valid until the bucket after the next
   * begins.
   */
  complete(bucket: number): Iterable<Reference> | undefined {
    if (this.#full?.bucket !== bucket) return undefined;
    const { high, low, slots, count } = this.#full;
    this.#full = undefined;
    const order = new Uint32Array(count).map((_, i) => i).sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]! || slots[a]! - slots[b]!);
    const first = bucket * BUCKET_ROWS;
    return (function* () {
      for (const i of order) {
        yield {
          key: (BigInt(high[i]!) << 32n) | BigInt(low[i]!),
          seq: first + (slots[i]! >>> 8),
          part: slots[i]! & 0xff,
        };
      }
    })();
  }

  /** A buffer that is neither filling nor full. */
  #unused(): Collected {
    this.#one ??= new Collected();
    if (this.#one !== this.#full) return this.#one;
    this.#other ??= new Collected();
    return this.#other;
  }
}
