import type { PreparedPart } from "@daybook/ledger";
import { BUCKET_ROWS, bucketOf } from "../database/schema.ts";
import { BucketSummary, type SummaryRow } from "./bucket-summary.ts";
import type { HeadFields } from "./head-fields.ts";
import type { BucketReference } from "./reference-chunks.ts";

/** Content of the filling bucket. References are in row order, outside of the JavaScript heap, and reused by the next bucket. */
class Collected {
  bucket = -1;
  count = 0;
  summary = new BucketSummary();
  /** The two 32-bit halves of each key. */
  high = new Uint32Array(BUCKET_ROWS);
  low = new Uint32Array(BUCKET_ROWS);
  /** Position of the row in the bucket, times 256, plus the part. */
  slots = new Uint32Array(BUCKET_ROWS);

  begin(bucket: number): this {
    this.bucket = bucket;
    this.count = 0;
    this.summary = new BucketSummary();
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
    const larger = (from: Uint32Array<ArrayBuffer>) => {
      const to = new Uint32Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.high = larger(this.high);
    this.low = larger(this.low);
    this.slots = larger(this.slots);
  }
}

/** A complete bucket. */
export interface CompleteBucket {
  readonly references: readonly BucketReference[];
  readonly summary: SummaryRow;
}

/**
 * Heads and references of the filling bucket, as long as this connection writes all of its rows. Then the bucket can
 * be closed without reading. If another process wrote, a manifest removed parts, a transaction was rolled back or a
 * tenant is named, the rest of the bucket is not followed and its rows are read.
 */
export class OpenBucket {
  readonly #collected = new Collected();
  #filling: Collected | undefined;
  /** Seq of the next expected row. */
  #next = -1;

  /** Call it when a transaction continues with this row. */
  continueAt(seq: number): void {
    if (seq !== this.#next) this.forget();
    this.#next = seq;
  }

  /** Call it when the collected content may differ from the stored one. */
  forget(): void {
    this.#filling = undefined;
  }

  /** @param removes true if the entry may have removed parts of earlier ones */
  add(seq: number, fields: HeadFields, parts: readonly PreparedPart[], removes: boolean): void {
    this.#next = seq + 1;
    if (seq % BUCKET_ROWS === 0) this.#filling = this.#collected.begin(bucketOf(seq));
    if (removes) this.forget();
    const filling = this.#filling;
    if (filling === undefined) return;
    filling.summary.add(seq % BUCKET_ROWS, fields);
    for (let part = 1; part < parts.length; part++) {
      const { sub, text } = parts[part] as PreparedPart;
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

  /** The bucket with its references in order, once it is full; undefined if something in it is unknown. */
  complete(bucket: number): CompleteBucket | undefined {
    if (this.#filling?.bucket !== bucket || this.#next !== (bucket + 1) * BUCKET_ROWS) return undefined;
    const { high, low, slots, count, summary } = this.#filling;
    this.#filling = undefined;
    const order = new Uint32Array(count).map((_, i) => i);
    order.sort((a, b) => at(high, a) - at(high, b) || at(low, a) - at(low, b) || at(slots, a) - at(slots, b));
    const references = Array.from(order, (i) => ({
      key: (BigInt(at(high, i)) << 32n) | BigInt(at(low, i)),
      position: at(slots, i) >>> 8,
      part: at(slots, i) & 0xff,
    }));
    return { references, summary: summary.row() };
  }
}

/** A number at a position below the length; typed arrays are dense. */
const at = (numbers: Uint32Array, i: number): number => numbers[i] as number;
