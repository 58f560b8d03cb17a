import { BUCKET_ROWS, bucketOf, PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { lastBucketOf } from "./bucket-index.ts";

/** Chunks of one bucket. References are spread over them by the first bits of their keys. */
const CHUNKS = 32;
/** 8 bytes of key, 2 bytes of position in the bucket, 1 byte of part. */
const RECORD = 11;

/** The occurrence of a person or a tenant in a bucket. */
export interface BucketReference {
  readonly key: bigint;
  /** Position of the entry in the bucket. */
  readonly position: number;
  readonly part: number;
}

const chunkOf = (bucket: number, key: bigint): number => bucket * CHUNKS + Number((key >> 59n) & 31n);

/** Inserts the references of a bucket. @param references sorted by key as an unsigned number, position and part */
export function insertReferences(db: Sqlite, bucket: number, references: readonly BucketReference[]): void {
  const insert = db.prepare("INSERT INTO daybook_reference (chunk, refs) VALUES (?, ?)");
  for (let from = 0; from < references.length; ) {
    const chunk = chunkOf(bucket, (references[from] as BucketReference).key);
    let to = from;
    while (to < references.length && chunkOf(bucket, (references[to] as BucketReference).key) === chunk) to++;
    insert.run(chunk, recordsOf(references.slice(from, to)));
    from = to;
  }
}

function recordsOf(references: readonly BucketReference[]): Buffer {
  const bytes = Buffer.alloc(references.length * RECORD);
  for (const [i, { key, position, part }] of references.entries()) {
    bytes.writeBigInt64BE(BigInt.asIntN(64, key), i * RECORD);
    bytes.writeUInt16BE(position, i * RECORD + 8);
    bytes.writeUInt8(part, i * RECORD + 10);
  }
  return bytes;
}

/** An order for `insertReferences`. */
export const inReferenceOrder = (a: BucketReference, b: BucketReference): number => {
  const [left, right] = [BigInt.asUintN(64, a.key), BigInt.asUintN(64, b.key)];
  return left < right ? -1 : left > right ? 1 : a.position - b.position || a.part - b.part;
};

/** Finds and removes references by bucket and key. */
export class ReferenceChunks {
  readonly #db: Sqlite;
  readonly #read;
  readonly #overwrite;
  readonly #ofBucket;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#read = db.prepare<[number], Buffer>("SELECT refs FROM daybook_reference WHERE chunk = ?").pluck();
    this.#overwrite = db.prepare("UPDATE daybook_reference SET refs = ? WHERE chunk = ?");
    this.#ofBucket = db
      .prepare<[number, number], Buffer>("SELECT refs FROM daybook_reference WHERE chunk BETWEEN ? AND ? ORDER BY chunk")
      .pluck();
  }

  /** Slots of a key in a bucket, ascending. */
  find(bucket: number, key: bigint): { readonly seq: number; readonly part: number }[] {
    const refs = this.#read.get(chunkOf(bucket, key));
    const found: { seq: number; part: number }[] = [];
    if (refs === undefined) return found;
    const high = Number(BigInt.asUintN(32, key >> 32n));
    const low = Number(BigInt.asUintN(32, key));
    for (let at = 0; at < refs.length; at += RECORD) {
      if (refs.readUInt32BE(at) !== high || refs.readUInt32BE(at + 4) !== low || refs[at + 10] === 0) continue;
      found.push({ seq: bucket * BUCKET_ROWS + refs.readUInt16BE(at + 8), part: refs[at + 10] as number });
    }
    return found;
  }

  /**
   * Overwrites references of a bucket with zeros. The value keeps its length, so SQLite writes it in place and leaves
   * no copy.
   * @param goes gets position and part of each reference
   * @param keys of the references that may go; undefined for all of the bucket
   */
  remove(bucket: number, goes: (position: number, part: number) => boolean, keys?: Iterable<bigint>): void {
    const chunks =
      keys === undefined
        ? Array.from({ length: CHUNKS }, (_, i) => bucket * CHUNKS + i)
        : new Set(Array.from(keys, (key) => chunkOf(bucket, key)));
    for (const chunk of chunks) {
      const refs = this.#read.get(chunk);
      if (refs === undefined) continue;
      let changed = false;
      for (let at = 0; at < refs.length; at += RECORD) {
        const part = refs[at + 10] as number;
        if (part === 0 || !goes(refs.readUInt16BE(at + 8), part)) continue;
        refs.fill(0, at, at + RECORD);
        changed = true;
      }
      if (changed) this.#overwrite.run(refs, chunk);
    }
  }

  /** Some numbers of buckets with references that are not among the first `complete` ones. */
  outside(complete: number): number[] {
    return this.#db
      .prepare<[number], number>(
        `SELECT DISTINCT chunk / ${CHUNKS} FROM daybook_reference WHERE chunk < 0 OR chunk >= ${CHUNKS} * ? LIMIT 10`,
      )
      .pluck()
      .all(complete);
  }

  /** All references of a bucket in stored order. */
  *ofBucket(bucket: number): Generator<readonly [high: number, low: number, position: number, part: number]> {
    for (const refs of this.#ofBucket.iterate(bucket * CHUNKS, bucket * CHUNKS + CHUNKS - 1)) {
      for (let at = 0; at + RECORD <= refs.length; at += RECORD) {
        if (refs[at + 10] === 0) continue;
        yield [refs.readUInt32BE(at), refs.readUInt32BE(at + 4), refs.readUInt16BE(at + 8), refs[at + 10] as number];
      }
    }
  }
}

/** The references of removed parts. Those of an open bucket are not written yet. */
export class ReferenceRemoval {
  readonly #db: Sqlite;
  readonly #slots = new Map<number, Set<number>>();
  /** Keys by bucket; undefined if one is unknown. */
  readonly #keys = new Map<number, Set<bigint> | undefined>();

  constructor(db: Sqlite) {
    this.#db = db;
  }

  /** @param key undefined if it is unknown, or there are several */
  add(seq: number, part: number, key: bigint | undefined): void {
    const bucket = bucketOf(seq);
    const slots = this.#slots.get(bucket);
    const slot = (seq % BUCKET_ROWS) * PARTS + part;
    if (slots === undefined) {
      this.#slots.set(bucket, new Set([slot]));
      this.#keys.set(bucket, key === undefined ? undefined : new Set([key]));
      return;
    }
    slots.add(slot);
    if (key === undefined) this.#keys.set(bucket, undefined);
    else this.#keys.get(bucket)?.add(key);
  }

  run(): void {
    const closed = lastBucketOf(this.#db);
    const chunks = new ReferenceChunks(this.#db);
    for (const [bucket, slots] of this.#slots) {
      if (bucket <= closed) chunks.remove(bucket, (position, part) => slots.has(position * PARTS + part), this.#keys.get(bucket));
    }
  }
}
