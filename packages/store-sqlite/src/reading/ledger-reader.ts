import { DaybookError, type EventFilter, type Page, type PageOptions, type StoredEvent } from "@daybook/core";
import { COUNT_KEYS, type CountKey, pageOptions } from "@daybook/core/store";
import { type LedgerKeys, pseudonymsOf } from "@daybook/ledger";
import type { Statement } from "better-sqlite3";
import type { Kysely } from "kysely";
import { type Candidates, candidates, counting, type SeqRange } from "../buckets/bucket-index.ts";
import { present } from "../database/rows.ts";
import { PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { otherParts } from "./entry-parts.ts";
import {
  entryColumns,
  headFilter,
  inRange,
  knownToSummaries,
  type QueryBuilder,
  type SelectedEntry,
  type Tables,
  whereFilter,
} from "./filter-sql.ts";
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
  #parts: Statement<[string], [slot: number, data: string]> | undefined;
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
    const { sql: text, parameters } = inRange(db, sql, filter, { order, low: LOW, high: HIGH }, ROWS_STEP).compile();
    const rows = this.#db.prepare<unknown[], RawRow>(text).raw();
    const others = otherParts(this.#db);
    const [lowAt, highAt] = [parameters.indexOf(LOW), parameters.indexOf(HIGH)];
    const within = (low: number, high: number) => new UnreadRows(rows, parameters.with(lowAt, low).with(highAt, high), others);
    for (const { low, high, seqs } of candidates(this.#db, headFilter(filter), this.#range(filter, order, undefined))) {
      for (const [from, to] of seqs === undefined ? [[low, high] as const] : stretchesOf(seqs)) {
        for (let [at, end] = [from, to]; at <= end; ) {
          const block = within(at, end);
          yield block;
          if (block.read < ROWS_STEP) break;
          if (order === "newest") end = block.last - 1;
          else at = block.last + 1;
          await nextTurn();
        }
      }
    }
  }

  async count(filter: EventFilter = {}): Promise<number> {
    if (isPersonal(filter)) {
      let n = 0;
      for await (const block of this.#blocks(filter, "oldest", undefined, STEP)) n += block.length;
      return n;
    }
    let n = 0;
    await this.#counted(filter, undefined, (_value, found) => {
      n += found;
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
      await this.#counted(filter, key, add);
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
    for (const { low, high, seqs } of candidates(this.#db, headFilter(filter), this.#range(filter, order, from))) {
      if (seqs !== undefined) {
        for (let i = 0; i < seqs.length; i += CANDIDATES) {
          const entries = await whereFilter(db.selectFrom("daybook_event"), filter, sql)
            .where("seq", "in", seqs.slice(i, i + CANDIDATES))
            .select(entryColumns(sql))
            .orderBy("seq", order === "newest" ? "desc" : "asc")
            .execute();
          if (entries.length > 0) yield await this.#withPersons(entries);
          await nextTurn();
        }
        continue;
      }
      for (let [at, end] = [low, high]; at <= end; ) {
        const entries = await inRange(db, sql, filter, { order, low: at, high: end }, size).execute();
        const last = entries.at(-1);
        if (last === undefined) break;
        yield await this.#withPersons(entries);
        if (entries.length < size) break;
        if (order === "newest") end = last.seq - 1;
        else at = last.seq + 1;
        await nextTurn();
      }
    }
  }

  async *#personBlocks(filter: EventFilter, order: "newest" | "oldest", from: number | undefined): AsyncGenerator<LedgerRow[]> {
    const { db, sql } = await this.#open();
    const keys = present(this.#keys, "key");
    const matches = personMatcher(filter, keys);
    const subs = pseudonymsOf(keys, present(filter.actor ?? filter.user, "person"));
    for (const slots of personSlots(this.#db, subs, this.#range(filter, order, from))) {
      const seqs = [...new Set(slots.map(({ seq }) => seq))];
      for (let i = 0; i < seqs.length; i += CANDIDATES) {
        const entries = await whereFilter(db.selectFrom("daybook_event"), withoutPersons(filter), sql)
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
    const others = new Map<number, string[]>();
    const several = entries.filter((entry) => entry.parts > (entry.person === null ? 1 : 2)).map((entry) => entry.seq);
    for (let i = 0; i < several.length; i += CANDIDATES) {
      this.#parts ??= this.#db
        .prepare<[string], [number, string]>(
          `SELECT p.slot, p.data FROM json_each(?) j CROSS JOIN daybook_part p
          ON p.slot BETWEEN ${PARTS} * j.value AND ${PARTS} * j.value + ${PARTS - 1} WHERE p.data IS NOT NULL ORDER BY p.slot`,
        )
        .raw();
      for (const [slot, data] of this.#parts.all(JSON.stringify(several.slice(i, i + CANDIDATES)))) {
        const seq = Math.floor(slot / PARTS);
        const texts = others.get(seq);
        if (texts === undefined) others.set(seq, [data]);
        else texts.push(data);
      }
    }
    return entries.map((entry) => ({ ...entry, others: others.get(entry.seq) ?? [] }));
  }

  /** The entries that a filter with these options can reach. */
  #range(filter: EventFilter, order: "newest" | "oldest", from: number | undefined): SeqRange {
    const last = lastSeqOf(this.#db);
    return {
      order,
      low: Math.max(order === "oldest" && from !== undefined ? from + 1 : 0, filter.after === undefined ? 0 : filter.after + 1),
      high: order === "newest" && from !== undefined ? Math.min(from - 1, last) : last,
    };
  }

  /**
   * Counts the entries that match a filter, by the value of a key (null without one): from the summaries of complete
   * buckets, if these know all of its conditions, otherwise from the rows, with pauses.
   */
  async #counted(filter: EventFilter, key: CountKey | undefined, add: (value: string | null, n: number) => void): Promise<void> {
    const range = this.#range(filter, "oldest", undefined);
    const heads = headFilter(filter);
    if (knownToSummaries(filter) && (key !== undefined || Object.values(heads).some((value) => value !== undefined))) {
      for (const { counted, rest } of counting(this.#db, heads, key, range)) {
        for (const [value, n] of counted) add(value, n);
        for (const some of rest) await this.#countRows(filter, key, some, add);
        await nextTurn();
      }
      return;
    }
    for (const some of candidates(this.#db, heads, range)) await this.#countRows(filter, key, some, add);
  }

  async #countRows(
    filter: EventFilter,
    key: CountKey | undefined,
    { low, high, seqs }: Candidates,
    add: (value: string | null, n: number) => void,
  ): Promise<void> {
    const { db, sql } = await this.#open();
    const value =
      key === undefined ? sql<null>`NULL` : key === "route" ? sql<string | null>`head ->> '$.route'` : sql.ref<string | null>(key);
    const select = () =>
      whereFilter(db.selectFrom("daybook_event"), filter, sql).select([value.as("value"), sql<number>`count(*)`.as("n")]);
    const counted = async (entries: ReturnType<typeof select>) => {
      const rows = await (key === undefined ? entries : entries.groupBy(value)).execute();
      for (const row of rows) add(row.value, Number(row.n));
      await nextTurn();
    };
    if (seqs !== undefined) {
      for (let i = 0; i < seqs.length; i += CANDIDATES) await counted(select().where("seq", "in", seqs.slice(i, i + CANDIDATES)));
      return;
    }
    for (let from = low; from <= high; from += COUNT_STEP) {
      await counted(
        select()
          .where("seq", ">=", from)
          .where("seq", "<=", Math.min(from + COUNT_STEP - 1, high)),
      );
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

/** Stand for the ends of a range in a statement; no seq is infinite. */
const LOW = Number.NEGATIVE_INFINITY;
const HIGH = Number.POSITIVE_INFINITY;
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
  readonly #others: (seq: number) => string[];

  constructor(statement: Statement<unknown[], RawRow>, parameters: readonly unknown[], others: (seq: number) => string[]) {
    this.#statement = statement;
    this.#parameters = parameters;
    this.#others = others;
  }

  *[Symbol.iterator](): Generator<LedgerRow> {
    for (const [seq, parts, head, person] of this.#statement.iterate(...this.#parameters)) {
      this.read++;
      this.last = seq;
      yield { seq, parts, head, person, others: parts > (person === null ? 1 : 2) ? this.#others(seq) : NOBODY_ELSE };
    }
  }
}

/** Neighbouring sequence numbers as ranges, in the same order. */
function stretchesOf(seqs: readonly number[]): (readonly [low: number, high: number])[] {
  const stretches: [number, number][] = [];
  for (const seq of seqs) {
    const last = stretches.at(-1);
    if (last !== undefined && seq === last[1] + 1) last[1] = seq;
    else if (last !== undefined && seq === last[0] - 1) last[0] = seq;
    else stretches.push([seq, seq]);
  }
  return stretches;
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
