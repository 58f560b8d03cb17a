/** Layout A: the tables and indexes of today. */
import type { PreparedEntry } from "../../packages/ledger/src/index.ts";
import { referenceKey } from "../../packages/ledger/src/index.ts";
import { SCHEMA } from "../../packages/store-sqlite/src/database/schema.ts";
import { OpenBucket } from "../../packages/store-sqlite/src/ledger/open-bucket.ts";
import type { LayoutEvent } from "./events.ts";
import { BUCKET_ROWS, bucketOf, Layout, type PageRow, type Slot, type StoredRow } from "./layout.ts";
import { RowReader } from "./row-reader.ts";

const OBJECTS = /^CREATE (?:UNIQUE )?(?:TABLE|INDEX|VIEW|TRIGGER) (?:daybook_(?:entry|person|ref)(?:_|\b)|audit_log)/;
const INDEX = /^CREATE (?:UNIQUE )?INDEX/;

export class RowsToday extends Layout {
  readonly name: string;
  readonly #reader;
  readonly #openBucket = new OpenBucket();
  readonly #last;
  readonly #insertEntry;
  readonly #insertPerson;
  readonly #idKnown;
  readonly #lastBucket;
  readonly #insertReference;
  #retrying = false;

  /** @param indexes false leaves the three indexes out, to name their cost */
  constructor(path: string, indexes = true) {
    super(
      path,
      SCHEMA.filter((statement) => OBJECTS.test(statement) && (indexes || !INDEX.test(statement))),
    );
    this.name = indexes ? "A rows-today" : "A without its 3 indexes";
    const { db } = this;
    this.#reader = new RowReader(db, {
      one: "SELECT part, data FROM daybook_person WHERE seq = ? AND part >= ? ORDER BY part",
      keys: (seq) => [seq, 1],
      all: "SELECT seq, part, salt, CAST(data AS BLOB) AS text FROM daybook_person ORDER BY seq, part",
    });
    this.#last = db.prepare<[], { seq: number; seal: Buffer }>("SELECT seq, seal FROM daybook_entry ORDER BY seq DESC LIMIT 1");
    this.#insertEntry = db.prepare("INSERT INTO daybook_entry (seq, entry, seal, salt0, head, salt1, person) VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#insertPerson = db.prepare("INSERT INTO daybook_person (seq, part, salt, data) VALUES (?, ?, ?, ?)");
    this.#idKnown = db.prepare<[string], number>("SELECT seq FROM daybook_entry WHERE id = ?").pluck();
    this.#lastBucket = db.prepare<[], number | null>("SELECT max(bucket) FROM daybook_ref").pluck();
    this.#insertReference = db.prepare("INSERT OR IGNORE INTO daybook_ref (bucket, key, seq, part) VALUES (?, ?, ?, ?)");
  }

  override append(events: readonly LayoutEvent[]): void {
    try {
      super.append(events);
    } catch (cause) {
      if ((cause as { code?: string }).code !== "SQLITE_CONSTRAINT_UNIQUE") throw cause;
      this.#retrying = true;
      super.append(events);
      this.#retrying = false;
    }
  }

  last = () => this.#last.get();
  follow = (first: number) => this.#openBucket.continueAt(first);
  known = (id: string) => this.#retrying && this.#idKnown.get(id) !== undefined;
  rolledBack = () => this.#openBucket.forget();
  flush(): void {}

  put(seq: number, { entry, parts }: PreparedEntry, seal: Uint8Array): void {
    const [head, first] = parts;
    const inRow = first !== undefined && (first.role === "actor" || first.role === "context");
    this.#insertEntry.run(seq, entry, seal, head!.salt, head!.text, inRow ? first.salt : null, inRow ? first.text : null);
    this.#openBucket.add(seq, parts, false);
    for (let part = inRow ? 2 : 1; part < parts.length; part++) {
      const { salt, text } = parts[part]!;
      this.#insertPerson.run(seq, part, salt, text);
    }
  }

  closeBuckets(open: number): void {
    for (let bucket = (this.#lastBucket.get() ?? -1) + 1; bucket < open; bucket++) {
      const from = bucket * BUCKET_ROWS;
      const references = this.#openBucket.complete(bucket) ?? this.#references(from, from + BUCKET_ROWS - 1);
      for (const { key, seq, part } of references) this.#insertReference.run(bucket, key, seq, part);
      this.#insertReference.run(bucket, 0n, from, 0);
    }
  }

  #references(from: number, to: number) {
    const read = (sql: string) => this.db.prepare<[number, number], { seq: number; part: number; sub: string }>(sql).all(from, to);
    return [
      ...read("SELECT seq, 1 AS part, actor AS sub FROM daybook_entry WHERE seq BETWEEN ? AND ? AND actor IS NOT NULL"),
      ...read("SELECT seq, part, sub FROM daybook_person WHERE seq BETWEEN ? AND ? AND sub IS NOT NULL"),
    ]
      .map(({ seq, part, sub }) => ({ key: referenceKey(sub), seq, part }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.seq - b.seq || a.part - b.part));
  }

  byId = (id: string): number | undefined => this.#idKnown.get(id);
  bySeq = (seq: number): PageRow => this.#reader.bySeq(seq);
  newest = (limit: number): PageRow[] => this.#reader.newest(limit);
  rows = (): Iterable<StoredRow> => this.#reader.rows();

  newestOfType(type: string, limit: number): PageRow[] {
    return this.db
      .prepare<[string, number], number>("SELECT seq FROM daybook_entry WHERE type = ? ORDER BY seq DESC LIMIT ?")
      .pluck()
      .all(type, limit)
      .map((seq) => this.bySeq(seq));
  }

  slotsOf(sub: string, limit: number): Slot[] {
    const open = (this.#lastBucket.get() ?? -1) + 1;
    const slots = this.db
      .prepare<[number, string, number, string], Slot>(
        `SELECT seq, 1 AS part FROM daybook_entry WHERE seq >= ? AND actor = ?
        UNION ALL SELECT seq, part FROM daybook_person WHERE seq >= ? AND sub = ? ORDER BY seq DESC`,
      )
      .all(open * BUCKET_ROWS, sub, open * BUCKET_ROWS, sub);
    const closed = this.db.prepare<[number, bigint], Slot>(
      "SELECT seq, part FROM daybook_ref WHERE bucket = ? AND key = ? AND part > 0 ORDER BY seq DESC, part DESC",
    );
    for (let bucket = open - 1; bucket >= 0 && slots.length < limit; bucket--) slots.push(...closed.all(bucket, referenceKey(sub)));
    return slots.slice(0, limit);
  }

  erase(sub: string): Slot[] {
    return this.transaction(() => {
      const slots = this.slotsOf(sub, Number.POSITIVE_INFINITY);
      const inRow = this.db.prepare("UPDATE daybook_entry SET salt1 = NULL, person = NULL WHERE seq = ? AND actor = ?");
      const beside = this.db.prepare("DELETE FROM daybook_person WHERE seq = ? AND part = ? AND sub = ?");
      const reference = this.db.prepare("DELETE FROM daybook_ref WHERE bucket = ? AND key = ? AND seq = ? AND part = ?");
      this.#openBucket.forget();
      return slots.filter(({ seq, part }) => {
        const changed = part === 1 ? inRow.run(seq, sub).changes : beside.run(seq, part, sub).changes;
        reference.run(bucketOf(seq), referenceKey(sub), seq, part);
        return changed === 1;
      });
    });
  }

  expire(from: number, to: number): void {
    this.transaction(() => {
      this.db
        .prepare("UPDATE daybook_entry SET salt1 = NULL, person = NULL WHERE seq >= ? AND seq < ? AND person IS NOT NULL")
        .run(from, to);
      this.db.prepare("DELETE FROM daybook_person WHERE seq >= ? AND seq < ?").run(from, to);
      const reference = this.db.prepare("DELETE FROM daybook_ref WHERE bucket = ? AND part > 0 AND seq >= ? AND seq < ?");
      for (let bucket = bucketOf(from); bucket <= bucketOf(to - 1); bucket++) reference.run(bucket, from, to);
    });
  }
}
