import type { PreparedPart } from "@daybook/ledger";
import { BUCKET_ROWS, bucketOf } from "./schema.ts";

/** Where a person or a tenant appears. */
export interface Reference {
  readonly key: bigint;
  readonly seq: number;
  readonly part: number;
}

/** References of a bucket in the order of its rows. */
interface Collected {
  readonly bucket: number;
  /** The two halves of each key: signed, and unsigned. */
  readonly high: number[];
  readonly low: number[];
  /** Place of the row in the bucket, times 256, plus the part. */
  readonly slots: number[];
}

/**
 * The references of the bucket that is filling, as long as this connection writes all of it: then the bucket is closed without a
 * look at its rows. Where another process wrote in between, an entry of the ledger may have removed parts, a transaction was rolled
 * back or a tenant is named, the rest of the bucket is not followed and its rows are read.
 */
export class OpenBucket {
  #filling: Collected | undefined;
  #full: Collected | undefined;
  /** Seq of the row that is expected next. */
  #next = -1;

  /** A transaction goes on with this row. */
  continueAt(seq: number): void {
    if (seq !== this.#next) this.forget();
    this.#next = seq;
  }

  /** What was collected may not be what is stored. */
  forget(): void {
    this.#filling = undefined;
    this.#full = undefined;
  }

  /** @param removes the entry may have removed parts of earlier ones */
  add(seq: number, parts: readonly PreparedPart[], removes: boolean): void {
    this.#next = seq + 1;
    if (seq % BUCKET_ROWS === 0) {
      this.#full = this.#filling;
      this.#filling = { bucket: bucketOf(seq), high: [], low: [], slots: [] };
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
      filling.high.push(Number.parseInt(sub.slice(at, at + 8), 16) | 0);
      filling.low.push(Number.parseInt(sub.slice(at + 8, at + 16), 16));
      filling.slots.push((seq % BUCKET_ROWS) * 256 + part);
    }
  }

  /** The references of a bucket in the order of their index; undefined where not all of them are known. */
  complete(bucket: number): Iterable<Reference> | undefined {
    if (this.#full?.bucket !== bucket) return undefined;
    const { high, low, slots } = this.#full;
    this.#full = undefined;
    const order = Uint32Array.from(slots.keys()).sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]! || slots[a]! - slots[b]!);
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
}
