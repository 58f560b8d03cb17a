/** Layout B: a row for each event, without indexes and without generated columns. */
import type { PreparedEntry } from "../../packages/ledger/src/index.ts";
import { type CollectedRow, fieldsOf } from "./bucket-collector.ts";
import { BucketedLayout } from "./bucketed.ts";
import type { LayoutEvent } from "./events.ts";
import type { PageRow, Slot, StoredRow } from "./layout.ts";
import { RowReader } from "./row-reader.ts";

const SCHEMA: readonly string[] = [
  `CREATE TABLE daybook_entry (
  seq INTEGER PRIMARY KEY CHECK (seq >= 0),
  entry BLOB NOT NULL CHECK (length(entry) >= 38),
  seal BLOB NOT NULL CHECK (length(seal) = 16),
  salt0 BLOB CHECK (length(salt0) = 32),
  head TEXT,
  salt1 BLOB CHECK (length(salt1) = 32),
  person TEXT,
  CHECK ((salt0 IS NULL) = (head IS NULL)),
  CHECK ((salt1 IS NULL) = (person IS NULL))
) STRICT`,
  `CREATE TABLE daybook_part (
  slot INTEGER PRIMARY KEY CHECK (slot >= 0),
  salt BLOB CHECK (length(salt) = 32),
  data TEXT,
  CHECK ((salt IS NULL) = (data IS NULL))
) STRICT`,
  `CREATE VIEW audit_log AS SELECT
  seq AS id,
  head ->> '$.ts' AS timestamp,
  head ->> '$.type' AS event_type,
  coalesce(person ->> '$.uid', person ->> '$.sub') AS user_id,
  head ->> '$.severity' AS severity,
  coalesce(
    person ->> '$.details',
    (SELECT p.data ->> '$.details' FROM daybook_part p
      WHERE p.slot BETWEEN e.seq * 256 AND e.seq * 256 + 255 AND p.data ->> '$.details' IS NOT NULL ORDER BY p.slot LIMIT 1),
    head ->> '$.details'
  ) AS details,
  person ->> '$.ip' AS ip_address,
  head ->> '$.route' AS endpoint,
  head ->> '$.action' AS action,
  head ->> '$.outcome' AS outcome,
  CASE
    WHEN head IS NULL THEN 'empty'
    WHEN 1 + (person IS NOT NULL AND person NOT LIKE 'null%') + (
      SELECT count(*) FROM daybook_part p
      WHERE p.slot BETWEEN e.seq * 256 AND e.seq * 256 + 255 AND p.data IS NOT NULL AND p.data NOT LIKE 'null%'
    ) = (length(entry) - 6) / 32 THEN 'full'
    ELSE 'partial'
  END AS state
FROM daybook_entry e`,
  `CREATE TRIGGER daybook_entry_keep BEFORE DELETE ON daybook_entry
BEGIN SELECT raise(ABORT, 'entries of an audit log are never deleted'); END`,
  `CREATE TRIGGER daybook_entry_blank BEFORE UPDATE ON daybook_entry
WHEN NOT (
  new.seq IS old.seq AND new.entry IS old.entry AND new.seal IS old.seal
  AND ((new.salt0 IS old.salt0 AND new.head IS old.head) OR new.head IS NULL OR new.head GLOB 'null*')
  AND ((new.salt1 IS old.salt1 AND new.person IS old.person) OR new.person IS NULL OR new.person GLOB 'null*')
)
BEGIN SELECT raise(ABORT, 'entries of an audit log are never changed'); END`,
];

/** How an erased part is written: as NULL, or at the same length as JSON `null` with blanks and a salt of zeros. */
export type Blanking = "null" | "same-length";

export class PlainRows extends BucketedLayout {
  readonly name: string;
  readonly #reader;
  readonly #last;
  readonly #insertEntry;
  readonly #insertPart;
  readonly #idAt;
  readonly #scanForId;
  readonly #blank: { readonly row: string; readonly part: string };

  constructor(path: string, blanking: Blanking = "null") {
    super(path, SCHEMA);
    const { db } = this;
    this.name = blanking === "null" ? "B plain-rows" : "B same length";
    const blanks = (column: string) => `'null' || printf('%*s', length(CAST(${column} AS BLOB)) - 4, '')`;
    this.#blank =
      blanking === "null"
        ? { row: "salt1 = NULL, person = NULL", part: "salt = NULL, data = NULL" }
        : { row: `salt1 = zeroblob(32), person = ${blanks("person")}`, part: `salt = zeroblob(32), data = ${blanks("data")}` };
    this.#reader = new RowReader(db, {
      one: "SELECT slot & 255 AS part, data FROM daybook_part WHERE slot BETWEEN ? AND ? ORDER BY slot",
      keys: (seq) => [seq * 256, seq * 256 + 255],
      all: "SELECT slot >> 8 AS seq, slot & 255 AS part, salt, CAST(data AS BLOB) AS text FROM daybook_part ORDER BY slot",
    });
    this.#last = db.prepare<[], { seq: number; seal: Buffer }>("SELECT seq, seal FROM daybook_entry ORDER BY seq DESC LIMIT 1");
    this.#insertEntry = db.prepare("INSERT INTO daybook_entry VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#insertPart = db.prepare("INSERT INTO daybook_part VALUES (?, ?, ?)");
    this.#idAt = db.prepare<[number], string | null>("SELECT head ->> '$.id' FROM daybook_entry WHERE seq = ?").pluck();
    this.#scanForId = db
      .prepare<[number, number, string, string], number>(
        "SELECT seq FROM daybook_entry WHERE seq >= ? AND seq < ? AND instr(head, ?) > 0 AND head ->> '$.id' = ?",
      )
      .pluck();
  }

  last = () => this.#last.get();
  flush(): void {}

  put(seq: number, { entry, parts }: PreparedEntry, seal: Uint8Array, { id, time, fields }: LayoutEvent): void {
    const [head, first] = parts;
    this.#insertEntry.run(seq, entry, seal, head!.salt, head!.text, first?.salt ?? null, first?.text ?? null);
    for (let part = 2; part < parts.length; part++) this.#insertPart.run(seq * 256 + part, parts[part]!.salt, parts[part]!.text);
    this.collector.add({ seq, id, time, fields, subs: parts.map(({ sub }) => sub) });
  }

  protected *collected(from: number, to: number): Generator<CollectedRow> {
    const parts = this.db.prepare<[number, number], { part: number; sub: string | null }>(
      "SELECT slot & 255 AS part, data ->> '$.sub' AS sub FROM daybook_part WHERE slot BETWEEN ? AND ?",
    );
    const rows = this.db.prepare<[number, number], { seq: number; head: string; sub: string | null; parts: number }>(
      `SELECT seq, head, person ->> '$.sub' AS sub, (length(entry) - 6) / 32 AS parts FROM daybook_entry WHERE seq >= ? AND seq < ?`,
    );
    for (const { seq, head, sub, parts: count } of rows.iterate(from, to)) {
      const values = JSON.parse(head) as { id: string; ts: string };
      const subs = [undefined, sub ?? undefined];
      if (count > 2) for (const other of parts.all(seq * 256, seq * 256 + 255)) subs[other.part] = other.sub ?? undefined;
      yield { seq, id: values.id, time: values.ts, fields: fieldsOf(values), subs };
    }
  }

  protected idAt = (seq: number) => this.#idAt.get(seq) ?? undefined;
  protected scanForId = (from: number, to: number, id: string) => this.#scanForId.get(from, to, id, id);
  bySeq = (seq: number): PageRow => this.#reader.bySeq(seq);
  newest = (limit: number): PageRow[] => this.#reader.newest(limit);
  rows = (): Iterable<StoredRow> => this.#reader.rows();

  protected openOfType(from: number, type: string, limit: number): number[] {
    return this.db
      .prepare<[number, string, string, number], number>(
        "SELECT seq FROM daybook_entry WHERE seq >= ? AND instr(head, ?) > 0 AND head ->> '$.type' = ? ORDER BY seq DESC LIMIT ?",
      )
      .pluck()
      .all(from, `"type":"${type}"`, type, limit);
  }

  protected openOfPerson(from: number, sub: string): Slot[] {
    return this.db
      .prepare<[number, string, string, number, string, string], Slot>(
        `SELECT seq, 1 AS part FROM daybook_entry WHERE seq >= ? AND instr(person, ?) > 0 AND person ->> '$.sub' = ?
        UNION ALL SELECT slot >> 8, slot & 255 FROM daybook_part WHERE slot >= ? AND instr(data, ?) > 0 AND data ->> '$.sub' = ?
        ORDER BY seq DESC`,
      )
      .all(from, sub, sub, from * 256, sub, sub);
  }

  erase(sub: string): Slot[] {
    return this.transaction(() => {
      const slots = this.slotsOf(sub, Number.POSITIVE_INFINITY);
      const row = this.db.prepare(`UPDATE daybook_entry SET ${this.#blank.row} WHERE seq = ? AND person ->> '$.sub' = ?`);
      const part = this.db.prepare(`UPDATE daybook_part SET ${this.#blank.part} WHERE slot = ? AND data ->> '$.sub' = ?`);
      const erased = slots.filter((slot) =>
        slot.part === 1 ? row.run(slot.seq, sub).changes === 1 : part.run(slot.seq * 256 + slot.part, sub).changes === 1,
      );
      this.eraseReferences(slots, sub);
      return erased;
    });
  }

  expire(from: number, to: number): void {
    this.transaction(() => {
      this.db.prepare(`UPDATE daybook_entry SET ${this.#blank.row} WHERE seq >= ? AND seq < ? AND person IS NOT NULL`).run(from, to);
      this.db
        .prepare(`UPDATE daybook_part SET ${this.#blank.part} WHERE slot >= ? AND slot < ? AND data IS NOT NULL`)
        .run(from * 256, to * 256);
      this.expireReferences(from, to);
    });
  }
}
