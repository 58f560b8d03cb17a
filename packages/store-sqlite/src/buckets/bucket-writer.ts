import { type LedgerKeys, type PreparedPart, referenceKey, tenantReference } from "@daybook/ledger";
import { BUCKET_ROWS, bucketOf, PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { lastBucketOf } from "./bucket-index.ts";
import { BucketSummary, type SummaryRow } from "./bucket-summary.ts";
import { type HeadFields, readableFields } from "./head-fields.ts";
import { OpenBucket } from "./open-bucket.ts";
import { type BucketReference, inReferenceOrder, insertReferences } from "./reference-chunks.ts";

const COLUMNS = "heads, first_time, last_time, first_id, last_id, counts, positions, ids";

interface PersonRow {
  readonly slot: number;
  readonly sub: string | null;
  readonly tenant: string | null;
}

/**
 * Writes the summary and the references of every complete bucket. The process that crosses the boundary does it,
 * inside its transaction, also for rows of other processes.
 */
export class BucketWriter {
  readonly #db: Sqlite;
  readonly #keys: LedgerKeys;
  readonly #open = new OpenBucket();
  readonly #insert;
  readonly #persons;
  readonly #tenants = new Map<string, bigint>();

  constructor(db: Sqlite, keys: LedgerKeys) {
    this.#db = db;
    this.#keys = keys;
    this.#insert = db.prepare(
      `INSERT INTO daybook_bucket (bucket, ${COLUMNS})
      VALUES (@bucket, @heads, @first_time, @last_time, @first_id, @last_id, @counts, @positions, @ids)`,
    );
    this.#persons = db.prepare<{ from: number; to: number }, PersonRow>(
      `SELECT ${PARTS} * seq + 1 AS slot, person ->> '$.sub' AS sub, person ->> '$.tenant' AS tenant
        FROM daybook_entry WHERE seq BETWEEN @from AND @to AND json_valid(person)
      UNION ALL SELECT slot, data ->> '$.sub', data ->> '$.tenant'
        FROM daybook_part WHERE slot BETWEEN ${PARTS} * @from AND ${PARTS} * @to + ${PARTS - 1} AND json_valid(data)`,
    );
  }

  /** Call it when a transaction continues with this row. */
  continueAt(seq: number): void {
    this.#open.continueAt(seq);
  }

  /** Call it for each row of the transaction. @param removes true if the entry may have removed parts of earlier ones */
  add(seq: number, fields: HeadFields, parts: readonly PreparedPart[], removes: boolean): void {
    this.#open.add(seq, fields, parts, removes);
  }

  /** Call it when rows were removed, or a transaction was rolled back. */
  forget(): void {
    this.#open.forget();
  }

  /** Call it when a bucket is full. @param nextSeq the first row of the next one */
  close(nextSeq: number): void {
    const open = bucketOf(nextSeq);
    for (let bucket = lastBucketOf(this.#db) + 1; bucket < open; bucket++) {
      const { references, summary } = this.#open.complete(bucket) ?? {
        references: this.#references(bucket),
        summary: summaryOf(this.#db, bucket),
      };
      insertReferences(this.#db, bucket, references);
      this.#insert.run({ bucket, ...summary });
    }
  }

  #references(bucket: number): BucketReference[] {
    const from = bucket * BUCKET_ROWS;
    const references: BucketReference[] = [];
    for (const { slot, sub, tenant } of this.#persons.iterate({ from, to: from + BUCKET_ROWS - 1 })) {
      const place = { position: Math.floor(slot / PARTS) - from, part: slot % PARTS };
      if (sub !== null) references.push({ key: referenceKey(sub), ...place });
      if (tenant !== null) references.push({ key: this.#tenantKey(tenant), ...place });
    }
    return references.sort(inReferenceOrder);
  }

  #tenantKey(tenant: string): bigint {
    let key = this.#tenants.get(tenant);
    if (key === undefined) {
      if (this.#tenants.size >= 10_000) this.#tenants.clear();
      key = tenantReference(this.#keys, tenant);
      this.#tenants.set(tenant, key);
    }
    return key;
  }
}

/** The summary of the stored heads of a bucket. */
export function summaryOf(db: Sqlite, bucket: number): SummaryRow {
  const from = bucket * BUCKET_ROWS;
  const heads = db
    .prepare<[number, number], [number, string]>("SELECT seq, head FROM daybook_entry WHERE seq BETWEEN ? AND ? AND head IS NOT NULL")
    .raw();
  const summary = new BucketSummary();
  for (const [seq, head] of heads.iterate(from, from + BUCKET_ROWS - 1)) {
    const fields = readableFields(head);
    if (fields !== undefined) summary.add(seq - from, fields);
  }
  return summary.row();
}

/** Writes the summaries of these buckets again, as after heads were removed. Open buckets have none. */
export function refreshSummaries(db: Sqlite, buckets: Iterable<number>): void {
  const closed = lastBucketOf(db);
  const write = db.prepare(
    `UPDATE daybook_bucket SET heads = @heads, first_time = @first_time, last_time = @last_time, first_id = @first_id, last_id = @last_id,
      counts = @counts, positions = @positions, ids = @ids WHERE bucket = @bucket`,
  );
  for (const bucket of new Set(buckets)) if (bucket <= closed) write.run({ bucket, ...summaryOf(db, bucket) });
}
