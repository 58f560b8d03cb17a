import { referenceKey } from "@daybook/ledger";
import { BUCKET_ROWS, bucketOf } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";

/** A part of an entry that is about a person. */
export interface PersonSlot {
  readonly seq: number;
  readonly part: number;
}

export interface PersonRange {
  readonly order: "newest" | "oldest";
  /** First sequence number of the range. */
  readonly low: number;
  /** Last sequence number of the range. */
  readonly high: number;
}

export const lastSeqOf = (db: Sqlite): number => db.prepare<[], number | null>("SELECT max(seq) FROM daybook_entry").pluck().get() ?? -1;

/**
 * Slots in which the persons with these pseudonyms may occur, in blocks in the given order: from the references of
 * each closed bucket, and from the rows of the open tail (docs/ledger.md). A reference holds 8 bytes of a pseudonym,
 * so the caller has to compare the part.
 */
export function* personSlots(db: Sqlite, subs: readonly string[], { order, low, high }: PersonRange): Generator<PersonSlot[]> {
  const keys = subs.map(referenceKey);
  const lastBucket = db.prepare<[], number | null>("SELECT max(bucket) FROM daybook_ref").pluck().get() ?? -1;
  const inBucket = db
    .prepare<[number, bigint], [number, number]>("SELECT seq, part FROM daybook_ref WHERE bucket = ? AND key = ? AND part > 0")
    .raw();
  const inOrder = (slots: PersonSlot[]) => {
    const inRange = slots.filter(({ seq }) => seq >= low && seq <= high);
    return inRange.sort((a, b) => (order === "newest" ? b.seq - a.seq : a.seq - b.seq) || a.part - b.part);
  };
  const ofBucket = (bucket: number) => inOrder(keys.flatMap((key) => inBucket.all(bucket, key).map(([seq, part]) => ({ seq, part }))));
  const tail = () => {
    const start = Math.max(low, (lastBucket + 1) * BUCKET_ROWS);
    if (start > high) return [];
    const wanted = JSON.stringify(subs);
    const select = (columns: string, table: string, column: string) =>
      db
        .prepare<[number, number, string], [number, number]>(
          `SELECT ${columns} FROM ${table} WHERE seq BETWEEN ? AND ? AND ${column} IN (SELECT value FROM json_each(?))`,
        )
        .raw()
        .all(start, high, wanted)
        .map(([seq, part]) => ({ seq, part }));
    return inOrder([...select("seq, 1", "daybook_entry", "actor"), ...select("seq, part", "daybook_person", "sub")]);
  };
  const block = function* (slots: PersonSlot[]) {
    if (slots.length > 0) yield slots;
  };

  if (order === "newest") yield* block(tail());
  const first = Math.max(0, bucketOf(low));
  const last = Math.min(lastBucket, bucketOf(high));
  for (let i = 0; first + i <= last; i++) yield* block(ofBucket(order === "newest" ? last - i : first + i));
  if (order === "oldest") yield* block(tail());
}
