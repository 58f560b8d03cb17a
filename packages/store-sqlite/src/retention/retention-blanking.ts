import { lastBucketOf } from "../buckets/bucket-index.ts";
import { refreshSummaries } from "../buckets/bucket-writer.ts";
import { ReferenceChunks } from "../buckets/reference-chunks.ts";
import { classOf } from "../database/rows.ts";
import { BUCKET_ROWS, bucketOf, PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { Due } from "./held-slots.ts";
import type { DueParts } from "./retention-window.ts";

/** Byte 5 of an entry is its class (docs/ledger.md). */
const ofClasses = (entry: string, classes: readonly number[]) =>
  `substr(${entry}, 5, 1) IN (${classes.map((entryClass) => `x'${entryClass.toString(16).padStart(2, "0")}'`).join(", ")})`;

/** A condition that excludes some entries, and its parameter. */
const except = (seqs: ReadonlySet<number>) =>
  seqs.size === 0
    ? { sql: "", values: [] }
    : { sql: " AND seq NOT IN (SELECT value FROM json_each(?))", values: [JSON.stringify([...seqs])] };

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly persons: number[];
  readonly heads: number[];
  readonly inTable: number[];
}

/** Groups the expired parts by range: one statement serves all classes in it, so that each page is written once. */
function stretches(due: readonly DueParts[]): Iterable<Stretch> {
  const found = new Map<string, Stretch>();
  for (const { class: entryClass, kind, from, to, inTable } of due) {
    const key = `${from} ${to}`;
    const stretch = found.get(key) ?? { from, to, persons: [], heads: [], inTable: [] };
    stretch[kind].push(entryClass);
    if (inTable > 0) stretch.inTable.push(entryClass);
    found.set(key, stretch);
  }
  return found.values();
}

/** Blanks expired parts and forgets expired heads in the summaries. Entries in `held` are unchanged. */
export function blankParts(db: Sqlite, due: readonly DueParts[], held: ReadonlySet<number>): void {
  const { sql, values } = except(held);
  for (const { from, to, heads, persons, inTable } of stretches(due)) {
    const update = (classes: readonly number[], assignments: string, present: string) => {
      if (classes.length === 0) return;
      db.prepare(
        `UPDATE daybook_entry SET ${assignments} WHERE seq >= ? AND seq < ? AND (${present}) AND ${ofClasses("entry", classes)}${sql}`,
      ).run(from, to, ...values);
    };
    const head = "salt0 = NULL, head = NULL";
    const person = "salt1 = NULL, person = NULL";
    const both = heads.filter((entryClass) => persons.includes(entryClass));
    const rest = (classes: readonly number[]) => classes.filter((entryClass) => !both.includes(entryClass));
    update(both, `${head}, ${person}`, "head IS NOT NULL OR person IS NOT NULL");
    update(rest(heads), head, "head IS NOT NULL");
    update(rest(persons), person, "person IS NOT NULL");
    if (inTable.length > 0) {
      db.prepare(
        `UPDATE daybook_part SET salt = NULL, data = NULL WHERE slot >= ? AND slot < ? AND data IS NOT NULL
        AND slot / ${PARTS} IN (SELECT seq FROM daybook_entry WHERE seq >= ? AND seq < ? AND ${ofClasses("entry", inTable)}${sql})`,
      ).run(from * PARTS, to * PARTS, from, to, ...values);
    }
    if (heads.length > 0) refreshSummaries(db, bucketsIn(from, to));
  }
}

function* bucketsIn(from: number, to: number): Generator<number> {
  for (let bucket = bucketOf(from); bucket <= bucketOf(to - 1); bucket++) yield bucket;
}

/**
 * Overwrites the references to expired parts, except those of entries in `held`.
 * @param whole true if all personal parts in the ranges expire, of all classes: then no entry has to be read
 */
export function removeReferences(db: Sqlite, due: readonly DueParts[], held: ReadonlySet<number>, whole: boolean): void {
  const closed = lastBucketOf(db);
  const chunks = new ReferenceChunks(db);
  for (const { from, to, persons } of stretches(due)) {
    if (persons.length === 0) continue;
    const ofClass = db.prepare<[number, number], number>(
      `SELECT seq FROM daybook_entry WHERE seq >= ? AND seq < ? AND ${ofClasses("entry", persons)}`,
    );
    for (const bucket of bucketsIn(from, to)) {
      if (bucket > closed) return;
      const first = bucket * BUCKET_ROWS;
      const [low, high] = [Math.max(from, first), Math.min(to, first + BUCKET_ROWS)];
      if (whole) {
        chunks.remove(bucket, (position) => first + position >= low && first + position < high && !held.has(first + position));
        continue;
      }
      const going = new Set(ofClass.pluck().all(low, high));
      chunks.remove(bucket, (position) => going.has(first + position) && !held.has(first + position));
    }
  }
}

/** Some salts of the expired parts, by class, from a random place on, for a later scan. */
export function sampleSalts(db: Sqlite, due: readonly DueParts[], held: ReadonlySet<number>, some: number): Map<number, Uint8Array[]> {
  const salts = new Map<number, Uint8Array[]>();
  for (const { class: entryClass, kind, from, to, inRows } of due) {
    if (inRows === 0) continue;
    const column = kind === "heads" ? "salt0" : "salt1";
    const read = db.prepare<[number, number, Buffer, number], { seq: number; salt: Uint8Array }>(
      `SELECT seq, ${column} AS salt FROM daybook_entry WHERE seq >= ? AND seq < ? AND substr(entry, 5, 1) = ? AND ${column} IS NOT NULL LIMIT ?`,
    );
    const start = from + Math.floor(Math.random() * (to - from));
    const found = [...read.all(start, to, Buffer.of(entryClass), some), ...read.all(from, start, Buffer.of(entryClass), some)];
    const going = found.filter(({ seq }) => !held.has(seq)).slice(0, some);
    salts.set(entryClass, [...(salts.get(entryClass) ?? []), ...going.map(({ salt }) => salt)]);
  }
  return salts;
}

/** Expired slots of held entries: those to keep, and those to remove although another slot of the entry is kept. */
export function slotsOfHeld(
  db: Sqlite,
  due: readonly Due[],
  held: ReadonlySet<number>,
  isKept: (entryClass: number, part: number, seq: number) => boolean,
): Iterable<{ readonly class: number; readonly seq: number; readonly part: number; readonly kept: boolean }> {
  const entry = db.prepare<[number], { class: Uint8Array; head: number; person: number }>(
    "SELECT substr(entry, 5, 1) AS class, head IS NOT NULL AS head, person IS NOT NULL AS person FROM daybook_entry WHERE seq = ?",
  );
  const beside = db
    .prepare<[number, number], number>(
      `SELECT slot % ${PARTS} FROM daybook_part WHERE slot BETWEEN ? AND ? AND data IS NOT NULL ORDER BY slot`,
    )
    .pluck();
  return [...held].flatMap((seq) => {
    const row = entry.get(seq);
    if (row === undefined) return [];
    const entryClass = classOf(row.class);
    return due
      .filter((one) => one.class === entryClass && seq >= one.from && seq < one.to)
      .flatMap(({ kind }) =>
        kind === "heads" ? (row.head ? [0] : []) : [...(row.person ? [1] : []), ...beside.all(seq * PARTS, seq * PARTS + PARTS - 1)],
      )
      .map((part) => ({ class: entryClass, seq, part, kept: isKept(entryClass, part, seq) }));
  });
}
