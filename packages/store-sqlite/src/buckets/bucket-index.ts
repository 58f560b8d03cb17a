import { present } from "../database/rows.ts";
import { BUCKET_ROWS, bucketOf } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { countsIn, countsOf, mayHold, positionsOf, SUMMARY_KEYS, type SummaryKey, type SummaryRow } from "./bucket-summary.ts";
import { readableFields } from "./head-fields.ts";

/** Conditions on heads that summaries can narrow down. */
export type HeadFilter = { readonly [K in SummaryKey]?: string | readonly string[] | undefined } & {
  /** ISO 8601; inclusive. */
  readonly since?: string | undefined;
  /** ISO 8601; exclusive. */
  readonly until?: string | undefined;
};

export interface SeqRange {
  readonly order: "newest" | "oldest";
  /** First sequence number of the range. */
  readonly low: number;
  /** Last sequence number of the range. */
  readonly high: number;
}

/** Entries that may match a filter: a range, or some of it. Each has to be compared with the filter. */
export interface Candidates {
  readonly low: number;
  readonly high: number;
  /** Sequence numbers in the order of the search; undefined for the whole range. */
  readonly seqs: readonly number[] | undefined;
}

/** The newest complete bucket; -1 before the first. */
export const lastBucketOf = (db: Sqlite): number =>
  db.prepare<[], number | null>("SELECT max(bucket) FROM daybook_bucket").pluck().get() ?? -1;

interface Row {
  readonly bucket: number;
  readonly counts: string;
  /** Bytes of the positions. */
  readonly size: number;
}

const STEP = 64;

/** The entries that may match, bucket by bucket in the given order. Entries of the open bucket always may. */
export function* candidates(db: Sqlite, filter: HeadFilter, { order, low, high }: SeqRange): Generator<Candidates> {
  if (low > high) return;
  const wanted = wantedValues(filter);
  const { since, until } = filter;
  if (wanted.size === 0 && since === undefined && until === undefined) {
    yield { low, high, seqs: undefined };
    return;
  }
  const closed = lastBucketOf(db);
  const tail = { low: Math.max(low, (closed + 1) * BUCKET_ROWS), high, seqs: undefined };
  if (order === "newest" && tail.low <= tail.high) yield tail;
  const positions = db.prepare<[number], Buffer>("SELECT positions FROM daybook_bucket WHERE bucket = ?").pluck();
  let open: { low: number; high: number } | undefined;
  for (const { bucket, counts, size } of matching(
    db,
    { order, low: bucketOf(low), high: Math.min(closed, bucketOf(high)) },
    since,
    until,
  )) {
    const range = { low: Math.max(low, bucket * BUCKET_ROWS), high: Math.min(high, (bucket + 1) * BUCKET_ROWS - 1) };
    if (wanted.size === 0) {
      // Neighbours are read as one range.
      if (open !== undefined && range.low === open.high + 1) open.high = range.high;
      else if (open !== undefined && range.high === open.low - 1) open.low = range.low;
      else {
        if (open !== undefined) yield { ...open, seqs: undefined };
        open = range;
      }
      continue;
    }
    const known = countsOf(counts, size);
    if (known === undefined) {
      // Not a summary: every row of the bucket is read.
      yield { ...range, seqs: undefined };
      continue;
    }
    // Most buckets lack a rare value, and their lists need no look.
    if (!mayHold(known, wanted)) continue;
    const seqs = positionsOf(known, present(positions.get(bucket), "summary"), wanted)
      .map((position) => bucket * BUCKET_ROWS + position)
      .filter((seq) => seq >= range.low && seq <= range.high);
    if (seqs.length > 0) yield { ...range, seqs: order === "newest" ? seqs.reverse() : seqs };
  }
  if (open !== undefined) yield { ...open, seqs: undefined };
  if (order === "oldest" && tail.low <= tail.high) yield tail;
}

/** Counts from summaries, and the candidates that summaries cannot count. */
export interface Counting {
  readonly counted: ReadonlyMap<string | null, number>;
  readonly rest: readonly Candidates[];
}

/**
 * Counts the heads that match, by the value of a key (null without one). Summaries count complete buckets that lie in
 * the range and the times of the filter; the caller has to count the rest.
 */
export function* counting(
  db: Sqlite,
  filter: HeadFilter,
  key: SummaryKey | undefined,
  range: Omit<SeqRange, "order">,
): Generator<Counting> {
  const wanted = wantedValues(filter);
  const first = Math.ceil(range.low / BUCKET_ROWS);
  const last = Math.min(lastBucketOf(db), Math.floor((range.high + 1) / BUCKET_ROWS) - 1);
  const read = db.prepare<[number], SummaryRow>("SELECT * FROM daybook_bucket WHERE bucket = ?");
  const rest = (low: number, high: number): Counting => ({
    counted: new Map(),
    rest: [...candidates(db, filter, { order: "oldest", low, high })],
  });
  if (first > last) {
    yield rest(range.low, range.high);
    return;
  }
  yield rest(range.low, first * BUCKET_ROWS - 1);
  for (const { bucket } of matching(db, { order: "oldest", low: first, high: last }, filter.since, filter.until)) {
    const row = read.get(bucket);
    if (row === undefined) continue;
    const whole =
      (filter.since === undefined || (row.first_time ?? "") >= filter.since) &&
      (filter.until === undefined || (row.last_time ?? "") < filter.until);
    const counted = whole ? countsIn(row, wanted, key) : undefined;
    if (counted !== undefined) yield { counted, rest: [] };
    else yield rest(bucket * BUCKET_ROWS, (bucket + 1) * BUCKET_ROWS - 1);
  }
  yield rest((last + 1) * BUCKET_ROWS, range.high);
}

/** Complete buckets whose times meet the range, read in blocks so that no reader stays open. */
function* matching(db: Sqlite, { order, low, high }: SeqRange, since: string | undefined, until: string | undefined): Generator<Row> {
  const newest = order === "newest";
  const read = db.prepare<[number, number, string | null, string | null], Row>(
    `SELECT bucket, counts, length(positions) AS size FROM daybook_bucket WHERE bucket BETWEEN ? AND ? AND heads > 0
    AND last_time >= coalesce(?, last_time) AND first_time < coalesce(?, first_time || '~') ORDER BY bucket ${newest ? "DESC" : "ASC"} LIMIT ${STEP}`,
  );
  for (let [from, to] = [low, high]; from <= to; ) {
    const rows = read.all(from, to, since ?? null, until ?? null);
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < STEP || last === undefined) return;
    if (newest) to = last.bucket - 1;
    else from = last.bucket + 1;
  }
}

function wantedValues(filter: HeadFilter): ReadonlyMap<SummaryKey, readonly string[]> {
  const wanted = new Map<SummaryKey, readonly string[]>();
  for (const key of SUMMARY_KEYS) {
    const value = filter[key];
    if (value !== undefined) wanted.set(key, typeof value === "string" ? [value] : value);
  }
  return wanted;
}

/**
 * Sequence numbers of the entries whose heads match, in blocks in the given order. Heads of the open bucket are read;
 * one that is not JSON matches nothing.
 */
export function* seqsWhere(db: Sqlite, filter: { readonly [K in SummaryKey]?: string }, range: SeqRange): Generator<readonly number[]> {
  const conditions = SUMMARY_KEYS.filter((key) => filter[key] !== undefined);
  const heads = db
    .prepare<[number, number], [seq: number, head: string]>(
      `SELECT seq, head FROM daybook_entry WHERE seq BETWEEN ? AND ? AND head IS NOT NULL ORDER BY seq ${range.order === "newest" ? "DESC" : "ASC"}`,
    )
    .raw();
  const matches = (head: string) => {
    const fields = readableFields(head);
    return fields !== undefined && conditions.every((key) => fields[key] === filter[key]);
  };
  for (const { low, high, seqs } of candidates(db, filter, range)) {
    const found = seqs ?? heads.all(low, high).flatMap(([seq, head]) => (matches(head) ? [seq] : []));
    if (found.length > 0) yield found;
  }
}
