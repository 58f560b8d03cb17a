import { BucketSummary, type SummaryRow } from "../buckets/bucket-summary.ts";
import { readableFields } from "../buckets/head-fields.ts";
import { BUCKET_ROWS, bucketOf } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { StoredRow } from "../reading/stored-rows.ts";

/** Recomputes the summary of each complete bucket while its rows stream by, and compares it with the stored one. */
export class SummaryCheck {
  readonly #found: (text: string, seq: number) => void;
  readonly #stored;
  readonly #db: Sqlite;
  #bucket = 0;
  #rows = 0;
  #summary = new BucketSummary();

  constructor(db: Sqlite, found: (text: string, seq: number) => void) {
    this.#found = found;
    this.#db = db;
    this.#stored = db.prepare<[number], SummaryRow>(
      "SELECT heads, first_time, last_time, first_id, last_id, counts, positions, ids FROM daybook_bucket WHERE bucket = ?",
    );
  }

  row({ seq, head }: Pick<StoredRow, "seq" | "head">): void {
    this.#rows++;
    this.#reach(bucketOf(seq));
    if (head === null) return;
    const fields = readableFields(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("utf8"));
    if (fields !== undefined) this.#summary.add(seq % BUCKET_ROWS, fields);
  }

  finish(): void {
    // Bounded by the rows that were seen: a number in the file never decides how long this takes.
    const complete = Math.floor(this.#rows / BUCKET_ROWS);
    if (this.#bucket < complete) this.#compare();
    const others = this.#db.prepare<[number], number>("SELECT bucket FROM daybook_bucket WHERE bucket < 0 OR bucket >= ? LIMIT 10").pluck();
    for (const bucket of others.all(complete)) this.#found(`there is a summary of bucket ${bucket}, which is not complete`, this.#rows - 1);
  }

  /** Compares the bucket before this one. Buckets without rows are reported as missing entries. */
  #reach(bucket: number): void {
    if (bucket === this.#bucket) return;
    if (bucket > this.#bucket) this.#compare();
    this.#bucket = bucket;
  }

  #compare(): void {
    const bucket = this.#bucket++;
    const wanted = this.#summary.row();
    this.#summary = new BucketSummary();
    const stored = this.#stored.get(bucket);
    const first = bucket * BUCKET_ROWS;
    const range = `the entries ${first} to ${first + BUCKET_ROWS - 1}`;
    if (stored === undefined) this.#found(`${range} have no summary, so that searches do not find them`, first);
    else if (!isSame(stored, wanted)) this.#found(`the summary of ${range} does not match their heads`, first);
  }
}

const isSame = (a: SummaryRow, b: SummaryRow): boolean =>
  a.heads === b.heads &&
  a.first_time === b.first_time &&
  a.last_time === b.last_time &&
  a.first_id === b.first_id &&
  a.last_id === b.last_id &&
  a.counts === b.counts &&
  Buffer.compare(a.positions, b.positions) === 0 &&
  Buffer.compare(a.ids, b.ids) === 0;
