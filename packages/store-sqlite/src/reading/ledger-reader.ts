import { DaybookError, type EventFilter, type Page, type PageOptions, type StoredEvent } from "@daybook/core";
import { COUNT_KEYS, type CountKey, pageOptions } from "@daybook/core/store";
import { type LedgerKeys, pseudonymsOf } from "@daybook/ledger";
import type { Statement } from "better-sqlite3";
import type { Kysely } from "kysely";
import { present } from "../database/rows.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { entryColumns, page, type QueryBuilder, type SelectedEntry, type Tables, whereFilter } from "./filter-sql.ts";
import { isPersonal, personMatcher, withoutPersons } from "./person-filter.ts";
import { lastSeqOf, personSlots } from "./person-index.ts";
import { type LedgerRow, storedEvent } from "./stored-event.ts";

/** Rows that a scan or a count reads before other work can run. */
const STEP = 1_000;
const ROWS_STEP = 200;
const COUNT_STEP = 20_000;
const CANDIDATES = 500;

/**
 * Reads a ledger by key: a page costs the same at any depth. A scan keeps at most one page in memory and no reader
 * open between pages, so that it cannot delay an erasure.
 */
export class LedgerReader {
  readonly #db: Sqlite;
  readonly #keys: LedgerKeys | undefined;
  #kysely: Promise<{ db: Kysely<Tables>; sql: QueryBuilder["sql"] }> | undefined;

  /**
   * @internal
   * @param keys without them a person is looked up by the id in clear, row by row
   */
  constructor(db: Sqlite, keys: LedgerKeys | undefined) {
    this.#db = db;
    this.#keys = keys;
  }

  async query(filter: EventFilter = {}, options: PageOptions = {}): Promise<Page> {
    const { limit, order, from } = pageOptions(options);
    const rows: LedgerRow[] = [];
    for await (const block of this.#blocks(filter, order, from, limit + 1)) {
      rows.push(...block);
      if (rows.length > limit) break;
    }
    const events = rows.slice(0, limit).map(storedEvent);
    return rows.length > limit ? { events, next: String(events.at(-1)?.seq) } : { events };
  }

  async *scan(filter: EventFilter = {}, { order = "newest" }: { readonly order?: "newest" | "oldest" } = {}): AsyncIterable<StoredEvent> {
    for await (const block of this.#blocks(filter, order, undefined, STEP)) for (const row of block) yield storedEvent(row);
  }

  /**
   * The same rows as stored, for exports of millions of rows as text. A block reads its rows during iteration.
   * Iterate it once, to its end, before the next await.
   */
  async *rows(
    filter: EventFilter = {},
    { order = "newest" }: { readonly order?: "newest" | "oldest" } = {},
  ): AsyncGenerator<Iterable<LedgerRow>> {
    if (isPersonal(filter) && this.#keys !== undefined) {
      yield* this.#personBlocks(filter, order, undefined);
      return;
    }
    const { db, sql } = await this.#open();
    // One statement for all pages. The garbage collector would free a statement per page too late, because it does
    // not know their size.
    const { sql: text, parameters } = page(db, sql, filter, order, BEYOND, ROWS_STEP).compile();
    const rows = this.#db.prepare<unknown[], RawRow>(text).raw();
    const others = this.#db.prepare<[number], string>(OTHERS).pluck();
    const cursorAt = parameters.indexOf(BEYOND);
    for (let cursor = order === "newest" ? Number.MAX_SAFE_INTEGER : -1; ; ) {
      const block = new UnreadRows(rows, parameters.with(cursorAt, cursor), others);
      yield block;
      if (block.read < ROWS_STEP) return;
      cursor = block.last;
      await nextTurn();
    }
  }

  async count(filter: EventFilter = {}): Promise<number> {
    if (isPersonal(filter)) {
      let n = 0;
      for await (const block of this.#blocks(filter, "oldest", undefined, STEP)) n += block.length;
      return n;
    }
    let n = 0;
    await this.#overRanges(filter, async (from, to) => {
      const { db, sql } = await this.#open();
      const row = await whereFilter(db.selectFrom("daybook_entry"), filter, sql)
        .where("seq", ">=", from)
        .where("seq", "<=", to)
        .select(sql<number>`count(*)`.as("n"))
        .executeTakeFirstOrThrow();
      n += Number(row.n);
    });
    return n;
  }

  async countBy(key: CountKey, filter: EventFilter = {}): Promise<ReadonlyMap<string, number>> {
    if (!COUNT_KEYS.includes(key)) throw new DaybookError("BAD_FILTER", `Count by one of ${COUNT_KEYS.join(", ")}.`);
    const counts = new Map<string, number>();
    const add = (value: string | null, n: number) => value !== null && counts.set(value, (counts.get(value) ?? 0) + n);
    if (isPersonal(filter)) {
      for await (const event of this.scan(filter)) add((key === "route" ? event.request?.route : event[key]) ?? null, 1);
    } else {
      await this.#overRanges(filter, async (from, to) => {
        const { db, sql } = await this.#open();
        const value = key === "route" ? sql<string | null>`head ->> '$.route'` : sql.ref<string | null>(key);
        const rows = await whereFilter(db.selectFrom("daybook_entry"), filter, sql)
          .where("seq", ">=", from)
          .where("seq", "<=", to)
          .select([value.as("value"), sql<number>`count(*)`.as("n")])
          .groupBy(value)
          .execute();
        for (const row of rows) add(row.value as string | null, Number(row.n));
      });
    }
    return new Map([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
  }

  /** Blocks of at most `size` rows in the given order, to the end of the log. */
  async *#blocks(filter: EventFilter, order: "newest" | "oldest", from: number | undefined, size: number): AsyncGenerator<LedgerRow[]> {
    if (isPersonal(filter) && this.#keys !== undefined) yield* this.#personBlocks(filter, order, from);
    else yield* this.#plainBlocks(filter, order, from, size);
  }

  async *#plainBlocks(
    filter: EventFilter,
    order: "newest" | "oldest",
    from: number | undefined,
    size: number,
  ): AsyncGenerator<LedgerRow[]> {
    const { db, sql } = await this.#open();
    let cursor = from;
    for (;;) {
      const entries = await page(db, sql, filter, order, cursor, size).execute();
      if (entries.length === 0) return;
      yield await this.#withPersons(entries);
      if (entries.length < size) return;
      cursor = entries.at(-1)?.seq;
      await nextTurn();
    }
  }

  async *#personBlocks(filter: EventFilter, order: "newest" | "oldest", from: number | undefined): AsyncGenerator<LedgerRow[]> {
    const { db, sql } = await this.#open();
    const keys = present(this.#keys, "key");
    const matches = personMatcher(filter, keys);
    const last = lastSeqOf(this.#db);
    const range = {
      order,
      low: Math.max(order === "oldest" && from !== undefined ? from + 1 : 0, filter.after === undefined ? 0 : filter.after + 1),
      high: order === "newest" && from !== undefined ? Math.min(from - 1, last) : last,
    };
    for (const slots of personSlots(this.#db, pseudonymsOf(keys, present(filter.actor ?? filter.user, "person")), range)) {
      const seqs = [...new Set(slots.map(({ seq }) => seq))];
      for (let i = 0; i < seqs.length; i += CANDIDATES) {
        const entries = await whereFilter(db.selectFrom("daybook_entry"), withoutPersons(filter), sql)
          .where("seq", "in", seqs.slice(i, i + CANDIDATES))
          .select(entryColumns(sql))
          .orderBy("seq", order === "newest" ? "desc" : "asc")
          .execute();
        const rows = (await this.#withPersons(entries)).filter(matches);
        if (rows.length > 0) yield rows;
        await nextTurn();
      }
    }
  }

  async #withPersons(entries: readonly SelectedEntry[]): Promise<LedgerRow[]> {
    const { db } = await this.#open();
    const others = new Map<number, string[]>();
    const several = entries.filter((entry) => entry.parts > (entry.person === null ? 1 : 2)).map((entry) => entry.seq);
    for (let i = 0; i < several.length; i += CANDIDATES) {
      const rows = await db
        .selectFrom("daybook_person")
        .select(["seq", "data"])
        .where("seq", "in", several.slice(i, i + CANDIDATES))
        .where("data", "is not", null)
        .orderBy("seq")
        .orderBy("part")
        .execute();
      for (const { seq, data } of rows) {
        if (data === null) continue;
        const texts = others.get(seq);
        if (texts === undefined) others.set(seq, [data]);
        else texts.push(data);
      }
    }
    return entries.map((entry) => ({ ...entry, others: others.get(entry.seq) ?? [] }));
  }

  /** Calls `action` for each range of sequence numbers that can match the filter, with a pause in between. */
  async #overRanges(filter: EventFilter, action: (from: number, to: number) => Promise<void>): Promise<void> {
    const lastSeq = lastSeqOf(this.#db);
    for (let from = filter.after === undefined ? 0 : filter.after + 1; from <= lastSeq; from += COUNT_STEP) {
      await action(from, Math.min(from + COUNT_STEP - 1, lastSeq));
      await nextTurn();
    }
  }

  /** Kysely takes long to load, so only the first query loads it. */
  #open() {
    this.#kysely ??= import("./kysely.ts").then(({ Kysely, SqliteDialect, sql }) => ({
      db: new Kysely<Tables>({ dialect: new SqliteDialect({ database: this.#db }) }),
      sql,
    }));
    return this.#kysely;
  }
}

const OTHERS = "SELECT data FROM daybook_person WHERE seq = ? AND data IS NOT NULL ORDER BY part";
/** Stands for the cursor in a statement; no seq is infinite. */
const BEYOND = Number.POSITIVE_INFINITY;
const NOBODY_ELSE: readonly string[] = [];

type RawRow = [seq: number, parts: number, head: string | null, person: string | null];

/** Rows that are read during iteration. */
class UnreadRows implements Iterable<LedgerRow> {
  /** Number of rows read. */
  read = 0;
  /** Seq of the last row read. */
  last = -1;
  readonly #statement: Statement<unknown[], RawRow>;
  readonly #parameters: readonly unknown[];
  readonly #others: Statement<[number], string>;

  constructor(statement: Statement<unknown[], RawRow>, parameters: readonly unknown[], others: Statement<[number], string>) {
    this.#statement = statement;
    this.#parameters = parameters;
    this.#others = others;
  }

  *[Symbol.iterator](): Generator<LedgerRow> {
    for (const [seq, parts, head, person] of this.#statement.iterate(...this.#parameters)) {
      this.read++;
      this.last = seq;
      yield { seq, parts, head, person, others: parts > (person === null ? 1 : 2) ? this.#others.all(seq) : NOBODY_ELSE };
    }
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
