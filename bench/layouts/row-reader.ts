import type { Database } from "better-sqlite3";
import { partCount } from "../../packages/ledger/src/entry/entry.ts";
import type { PageRow, StoredPart, StoredRow } from "./layout.ts";

interface Row {
  readonly seq: number;
  readonly entry: Buffer;
  readonly head: string | null;
  readonly person: string | null;
}
interface OtherPart {
  readonly seq: number;
  readonly part: number;
  readonly salt: Buffer | null;
  readonly text: Buffer | null;
}

const isErased = (text: string | null) => text === null || text.startsWith("null");
const partOf = (salt: Buffer | null, text: Buffer | null): StoredPart | undefined =>
  salt === null || text === null || text[0] === 0x6e ? undefined : { salt, text };

/** Reads events from a table with a row for each; layouts A and B share it. */
export class RowReader {
  readonly #db: Database;
  readonly #others;
  readonly #keys: (seq: number) => [number, number];
  readonly #bySeq;
  readonly #newest;
  readonly #allOthers: string;

  /** @param others table with `seq`, `part`, `salt` and `data` of the parts beside the row: statements for one seq and for all, and the parameters of the first */
  constructor(db: Database, others: { one: string; all: string; keys: (seq: number) => [number, number] }) {
    this.#keys = others.keys;
    this.#db = db;
    this.#others = db.prepare<[number, number], { part: number; data: string | null }>(others.one);
    this.#bySeq = db.prepare<[number], Row>("SELECT seq, entry, head, person FROM daybook_entry WHERE seq = ?");
    this.#newest = db.prepare<[number], Row>("SELECT seq, entry, head, person FROM daybook_entry ORDER BY seq DESC LIMIT ?");
    this.#allOthers = others.all;
  }

  bySeq = (seq: number): PageRow => this.#page(this.#bySeq.get(seq)!);
  newest = (limit: number): PageRow[] => this.#newest.all(limit).map((row) => this.#page(row));

  #page({ seq, entry, head, person }: Row): PageRow {
    const texts = [head, isErased(person) ? null : person];
    const count = partCount(entry);
    if (count > 2) for (const { part, data } of this.#others.all(...this.#keys(seq))) texts[part] = isErased(data) ? null : data;
    return { seq, texts };
  }

  *rows(): Generator<StoredRow> {
    type Whole = [number, Buffer, Buffer, Buffer | null, Buffer | null, Buffer | null, Buffer | null];
    const rows = this.#db
      .prepare<[], Whole>("SELECT seq, entry, seal, salt0, CAST(head AS BLOB), salt1, CAST(person AS BLOB) FROM daybook_entry ORDER BY seq")
      .raw()
      .iterate() as IterableIterator<Whole>;
    const others = this.#db.prepare<[], OtherPart>(this.#allOthers).iterate();
    let other = others.next();
    for (const [seq, entry, seal, salt0, head, salt1, person] of rows) {
      const parts = [partOf(salt0, head), partOf(salt1, person)];
      const count = partCount(entry);
      while (parts.length < count) parts.push(undefined);
      for (; !other.done && other.value.seq === seq; other = others.next())
        parts[other.value.part] = partOf(other.value.salt, other.value.text);
      yield { seq, entry, seal, parts };
    }
    if (!other.done) throw new Error("a part has no row");
  }
}
