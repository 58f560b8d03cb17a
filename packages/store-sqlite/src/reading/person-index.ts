import { referenceKey } from "@daybook/ledger";
import { lastBucketOf, type SeqRange } from "../buckets/bucket-index.ts";
import { ReferenceChunks } from "../buckets/reference-chunks.ts";
import { BUCKET_ROWS, bucketOf, PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";

/** A part of an entry that is about a person. */
export interface PersonSlot {
  readonly seq: number;
  readonly part: number;
}

export const lastSeqOf = (db: Sqlite): number => db.prepare<[], number | null>("SELECT max(seq) FROM daybook_entry").pluck().get() ?? -1;

/**
 * Slots in which the persons with these pseudonyms may occur, in blocks in the given order: from the references of
 * each closed bucket, and from the rows of the open tail (docs/ledger.md). A reference holds 8 bytes of a pseudonym,
 * so the caller has to compare the part.
 */
export function* personSlots(db: Sqlite, subs: readonly string[], { order, low, high }: SeqRange): Generator<PersonSlot[]> {
  const keys = subs.map(referenceKey);
  const lastBucket = lastBucketOf(db);
  const references = new ReferenceChunks(db);
  const inOrder = (slots: PersonSlot[]) => {
    const inRange = slots.filter(({ seq }) => seq >= low && seq <= high);
    return inRange.sort((a, b) => (order === "newest" ? b.seq - a.seq : a.seq - b.seq) || a.part - b.part);
  };
  const ofBucket = (bucket: number) => inOrder(keys.flatMap((key) => references.find(bucket, key)));
  const tail = () => {
    const start = Math.max(low, (lastBucket + 1) * BUCKET_ROWS);
    if (start > high) return [];
    const wanted = JSON.stringify(subs);
    const inRows = db
      .prepare<[number, number, string], number>(
        "SELECT seq FROM daybook_entry WHERE seq BETWEEN ? AND ? AND person ->> '$.sub' IN (SELECT value FROM json_each(?))",
      )
      .pluck();
    const inParts = db
      .prepare<[number, number, string], number>(
        "SELECT slot FROM daybook_part WHERE slot BETWEEN ? AND ? AND data ->> '$.sub' IN (SELECT value FROM json_each(?))",
      )
      .pluck();
    return inOrder([
      ...inRows.all(start, high, wanted).map((seq) => ({ seq, part: 1 })),
      ...inParts
        .all(start * PARTS, high * PARTS + PARTS - 1, wanted)
        .map((slot) => ({ seq: Math.floor(slot / PARTS), part: slot % PARTS })),
    ]);
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
