import { lastBucketOf } from "../buckets/bucket-index.ts";
import { idHash } from "../buckets/bucket-summary.ts";
import { BUCKET_ROWS, bucketOf } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";

/** Places of one table: four times the rows of a bucket, so that probes stay short. */
const PLACES = 4 * BUCKET_ROWS;

/** Ids of the rows of one bucket as hashes, outside of the JavaScript heap. */
class IdTable {
  bucket = -1;
  largest = "";
  readonly #hashes = new Uint32Array(PLACES);
  /** Seq plus one; zero marks a free place. */
  readonly #seqs = new Float64Array(PLACES);

  add(id: string, seq: number): void {
    if (id > this.largest) this.largest = id;
    const hash = idHash(id);
    let at = hash % PLACES;
    while (this.#seqs[at] !== 0) at = (at + 1) % PLACES;
    this.#hashes[at] = hash;
    this.#seqs[at] = seq + 1;
  }

  /** Calls `matches` with each row that has this hash, until it returns true. */
  some(hash: number, matches: (seq: number) => boolean): boolean {
    for (let at = hash % PLACES; this.#seqs[at] !== 0; at = (at + 1) % PLACES) {
      if (this.#hashes[at] === hash && matches((this.#seqs[at] as number) - 1)) return true;
    }
    return false;
  }

  clear(bucket = -1): void {
    this.#seqs.fill(0);
    this.bucket = bucket;
    this.largest = "";
  }
}

/** Most lists of hashes in memory, of 16 KiB each: those of the last million entries. */
const MOST_LISTS = 256;

/**
 * Tells whether an event is stored already, by its id. Resent events are nearly always among the newest rows: this
 * connection remembers the ids of the open bucket and of the bucket before. Ids begin with their time, so one above
 * all older ids is new; any other is searched among the hashes of ids of the complete buckets
 * whose range includes it. The rows of a bucket are read only after a hit.
 */
export class RecentIds {
  readonly #db: Sqlite;
  readonly #idAt;
  readonly #rows;
  readonly #buckets;
  readonly #largestBefore;
  #newer = new IdTable();
  #older = new IdTable();
  /** Ids of the last older bucket that was read. */
  readonly #searched = { bucket: -1, ids: new IdTable() };
  /** Sorted hashes of the ids of complete buckets. */
  readonly #lists = new Map<number, Buffer>();
  readonly #list;
  /** Row after the last one whose id is in a table. */
  #next = -1;
  /** Largest id of all rows whose ids are in no table. */
  #largest = "";

  constructor(db: Sqlite) {
    this.#db = db;
    this.#idAt = db
      .prepare<[number, string], number>("SELECT 1 FROM daybook_entry WHERE seq = ? AND json_valid(head) AND head ->> '$.id' = ?")
      .pluck();
    this.#rows = db
      .prepare<[number, number], [number, string]>(
        "SELECT seq, head ->> '$.id' FROM daybook_entry WHERE seq BETWEEN ? AND ? AND json_valid(head) ORDER BY seq",
      )
      .raw();
    this.#buckets = db
      .prepare<[string, string], number>("SELECT bucket FROM daybook_bucket WHERE last_id >= ? AND first_id <= ? ORDER BY last_id")
      .pluck();
    this.#list = db.prepare<[number], Buffer>("SELECT ids FROM daybook_bucket WHERE bucket = ?").pluck();
    this.#largestBefore = db.prepare<[number], string | null>("SELECT max(last_id) FROM daybook_bucket WHERE bucket < ?").pluck();
  }

  /** Call it when a transaction continues with this row. Rows of other connections are read. */
  continueAt(seq: number): void {
    if (seq === this.#next) return;
    if (this.#next < 0 || seq < this.#next || bucketOf(seq) > bucketOf(this.#next) + 1) {
      const open = lastBucketOf(this.#db) + 1;
      this.#newer.clear();
      this.#older.clear();
      this.#next = open * BUCKET_ROWS;
      this.#largest = this.#largestBefore.get(open) ?? "";
    }
    for (const [at, id] of this.#rows.iterate(this.#next, seq - 1)) this.add(id, at);
    this.#next = seq;
  }

  /** Call it for each row that the transaction inserts. */
  add(id: string, seq: number): void {
    this.#next = seq + 1;
    if (bucketOf(seq) !== this.#newer.bucket) {
      [this.#newer, this.#older] = [this.#older, this.#newer];
      if (this.#newer.largest > this.#largest) this.#largest = this.#newer.largest;
      this.#newer.clear(bucketOf(seq));
    }
    this.#newer.add(id, seq);
  }

  /** Call it when a transaction was rolled back. */
  forget(): void {
    this.#next = -1;
  }

  has(id: string): boolean {
    const hash = idHash(id);
    const same = (seq: number) => this.#idAt.get(seq, id) !== undefined;
    if (this.#newer.some(hash, same) || this.#older.some(hash, same)) return true;
    return (
      id <= this.#largest && this.#buckets.all(id, id).some((bucket) => this.#mayHold(bucket, hash) && this.#idsOf(bucket).some(hash, same))
    );
  }

  #mayHold(bucket: number, hash: number): boolean {
    let list = this.#lists.get(bucket);
    if (list === undefined) {
      if (this.#lists.size >= MOST_LISTS) this.#lists.clear();
      list = this.#list.get(bucket) ?? Buffer.alloc(0);
      this.#lists.set(bucket, list);
    }
    let low = 0;
    let high = list.length / 4 - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = list.readUInt32LE(middle * 4);
      if (at === hash) return true;
      if (at < hash) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }

  #idsOf(bucket: number): IdTable {
    const { ids } = this.#searched;
    if (this.#searched.bucket !== bucket) {
      this.#searched.bucket = bucket;
      ids.clear(bucket);
      const from = bucket * BUCKET_ROWS;
      for (const [at, id] of this.#rows.iterate(from, from + BUCKET_ROWS - 1)) ids.add(id, at);
    }
    return ids;
  }
}
