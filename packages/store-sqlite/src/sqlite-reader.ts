import { existsSync, realpathSync, statSync } from "node:fs";
import { DaybookError, type EventFilter, isDaybookError, type Page, type PageOptions, type StoredEvent } from "@daybook/core";
import type { CountKey, RetentionPeriods } from "@daybook/core/store";
import type { LedgerKeys, VerifyReport } from "@daybook/ledger";
import { openReading } from "./database/connection.ts";
import { findKeys, keysPathOf } from "./database/keys-source.ts";
import { stateOf } from "./database/prepare-database.ts";
import { schemaDifferences } from "./database/schema-check.ts";
import { loadSqlite, type Sqlite } from "./database/sqlite-driver.ts";
import { storeFailure } from "./database/sqlite-failure.ts";
import { periodsInForce } from "./ledger/recorded-policy.ts";
import { PersonReader } from "./persons/person-reader.ts";
import { LedgerReader } from "./reading/ledger-reader.ts";
import { proveEntry } from "./reading/prove-entry.ts";
import type { LedgerRow } from "./reading/stored-event.ts";
import { type VerifyOptions, verifyLedger } from "./verification/verify-ledger.ts";

/** Options of `openSqliteReader`. */
export interface SqliteReaderOptions {
  /** Path of the database, which must exist. */
  readonly path: string;
  /** Text of a keys file. Default: found as by `openSqliteStore`. Reading works without keys. */
  readonly keys?: string;
}

/** State of the file, for `daybook doctor`. */
export interface SqliteHealth {
  readonly path: string;
  readonly origin: string;
  /** Version of the schema in the file. */
  readonly schema: number;
  /** Bytes of the database file. */
  readonly bytes: number;
  /** Bytes of the write-ahead log. */
  readonly walBytes: number;
  /** Number of entries. */
  readonly entries: number;
  /** Time of the oldest head, ISO 8601; undefined without any. */
  readonly oldest: string | undefined;
  /** Time of the newest head, ISO 8601; undefined without any. */
  readonly newest: string | undefined;
  /** Names of objects that are missing, changed or foreign. */
  readonly schemaDifferences: readonly string[];
  /** Findings of `PRAGMA quick_check`; empty if there are none. */
  readonly damage: readonly string[];
  /** Why there are no usable keys; undefined if there are. */
  readonly keysProblem: string | undefined;
  /** True if the keys are in the folder of the database. */
  readonly keysBesideData: boolean;
}

/** Reads a trail without write access. It works on a copy, beside a running writer, and without keys. */
export class SqliteReader {
  readonly path: string;
  /** Consents, journals, requests and receipts. */
  readonly persons: PersonReader;
  readonly #db: Sqlite;
  readonly #reader: LedgerReader;
  readonly #meta: ReadonlyMap<string, string>;
  readonly #keys: { readonly found: LedgerKeys | undefined; readonly beside: boolean; readonly problem: string | undefined };

  constructor(path: string, keysOption: string | undefined) {
    if (!existsSync(path)) throw new DaybookError("STORE_OPEN_FAILED", `There is no file ${path}.`);
    this.path = realpathSync(path);
    const Database = loadSqlite();
    const state = stateOf(Database, this.path);
    if (state.kind !== "daybook") throw new DaybookError("NOT_A_DAYBOOK", `${path} holds no audit trail.`);
    this.#meta = state.meta;
    this.#keys = keysOf(this.path, keysOption);
    this.#db = openReading(Database, this.path);
    this.#reader = new LedgerReader(this.#db, this.#keys.found);
    this.persons = new PersonReader(this.#db, this.#keys.found);
  }

  /** Name of the log and its generation. */
  get origin(): string {
    return this.#meta.get("origin") ?? "";
  }

  /** Public key in the file; trust it only after a comparison with another source. */
  get vkey(): string {
    return this.#meta.get("vkey") ?? "";
  }

  query(filter?: EventFilter, options?: PageOptions): Promise<Page> {
    return this.#told(() => this.#reader.query(filter, options));
  }

  async *scan(filter?: EventFilter, options?: { readonly order?: "newest" | "oldest" }): AsyncIterable<StoredEvent> {
    try {
      yield* this.#reader.scan(filter, options);
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  /**
   * The rows of `scan` as stored, in blocks; `storedEvent` restores the event of a row. A block reads its rows during
   * iteration. Iterate it once, to its end, before the next await.
   */
  async *rows(filter?: EventFilter, options?: { readonly order?: "newest" | "oldest" }): AsyncGenerator<Iterable<LedgerRow>> {
    try {
      for await (const block of this.#reader.rows(filter, options)) yield this.#toldBlock(block);
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  count(filter?: EventFilter): Promise<number> {
    return this.#told(() => this.#reader.count(filter));
  }

  /**
   * Days for which personal parts are kept, by retention class.
   * @param at milliseconds since the Unix epoch. Default: now.
   */
  retentionPeriods(at = Date.now()): Promise<RetentionPeriods> {
    return this.#told(async () => periodsInForce(this.#db, at));
  }

  countBy(key: CountKey, filter?: EventFilter): Promise<ReadonlyMap<string, number>> {
    return this.#told(() => this.#reader.countBy(key, filter));
  }

  /**
   * A proof file of one entry that discloses the given parts (0 is the head).
   * @param onProgress gets the number of hashed entries and of all entries
   * @throws {DaybookError} `BAD_OPTION`: there is no such entry or part, or no checkpoint covers it yet
   */
  prove(seq: number, parts: readonly number[] = [0], onProgress?: (done: number, total: number) => void): Promise<string> {
    return this.#told(() => proveEntry(this.#db, seq, parts, onProgress));
  }

  /** The newest checkpoint; undefined before the first. */
  newestCheckpoint(): { readonly size: number; readonly note: string } | undefined {
    return this.#db
      .prepare<[], { size: number; note: string }>("SELECT size, note FROM daybook_checkpoint ORDER BY size DESC LIMIT 1")
      .get();
  }

  /** The bytes of the first `size` entries in order: enough to build the tree, and without personal data. */
  async *entries(size: number): AsyncGenerator<Uint8Array> {
    const select = this.#db
      .prepare<[number, number], Uint8Array>("SELECT entry FROM daybook_entry WHERE seq >= ? ORDER BY seq LIMIT ?")
      .pluck();
    for (let from = 0; from < size; ) {
      const block = select.all(from, Math.min(1_000, size - from));
      if (block.length === 0) return;
      yield* block;
      from += block.length;
    }
  }

  /** Which of these ids occur as actor, subject or target. @throws {DaybookError} `KEYS_MISSING` */
  async resolve(candidates: Iterable<string>): Promise<string[]> {
    const keys = this.#keys.found;
    if (keys === undefined || keys.sub.length === 0) {
      throw new DaybookError(
        "KEYS_MISSING",
        `Ids can only be tried with the keys of the log: ${this.#keys.problem ?? "these hold no pseudonym key"}.`,
      );
    }
    const found: string[] = [];
    for (const id of candidates) if ((await this.query({ user: id }, { limit: 1 })).events.length > 0) found.push(id);
    return found;
  }

  /** Checks everything that the log can prove. @throws {DaybookError} `BAD_OPTION`, `STORE_FAILED` */
  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    const place = { keys: this.#keys.found, keysBeside: this.#keys.beside, now: Date.now() };
    return this.#told(async () => {
      const db = openReading(loadSqlite(), this.path);
      try {
        return await verifyLedger(db, place, options);
      } finally {
        db.close();
      }
    });
  }

  /** State of the file, read now. */
  health(): SqliteHealth {
    const db = this.#db;
    const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const edge = (order: "ASC" | "DESC") =>
      db
        .prepare<[], string>(`SELECT head ->> '$.ts' FROM daybook_entry WHERE head IS NOT NULL ORDER BY seq ${order} LIMIT 1`)
        .pluck()
        .get();
    const check = db.pragma("quick_check(5)") as { quick_check: string }[];
    return {
      path: this.path,
      origin: this.origin,
      schema: Number(this.#meta.get("schema") ?? Number.NaN),
      bytes: size(this.path),
      walBytes: size(`${this.path}-wal`),
      entries: (db.prepare<[], number | null>("SELECT max(seq) FROM daybook_entry").pluck().get() ?? -1) + 1,
      oldest: edge("ASC"),
      newest: edge("DESC"),
      schemaDifferences: schemaDifferences(db).map(({ text }) => text),
      damage: check.map((row) => row.quick_check).filter((text) => text !== "ok"),
      keysProblem: this.#keys.problem,
      keysBesideData: this.#keys.beside,
    };
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    this.#db.close();
  }

  /** The rows are read during iteration, so errors of the file appear there too. */
  *#toldBlock(rows: Iterable<LedgerRow>): Generator<LedgerRow> {
    try {
      yield* rows;
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  async #told<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }
}

/**
 * Opens a trail read-only. It never migrates the file.
 * @throws {DaybookError} `STORE_OPEN_FAILED`, `NOT_A_DAYBOOK`, `NODE_TOO_OLD`
 * @example
 * ```ts
 * import { openSqliteReader } from "@daybook/store-sqlite";
 *
 * const reader = await openSqliteReader({ path: "audit.db" });
 * const { verdict, findings } = await reader.verify();
 * console.log(verdict, findings.length, await reader.count({ type: "security" }));
 * await reader.close();
 * ```
 */
export async function openSqliteReader({ path, keys }: SqliteReaderOptions): Promise<SqliteReader> {
  return new SqliteReader(path, keys);
}

function keysOf(path: string, option: string | undefined) {
  try {
    const found = findKeys(path, option);
    return {
      found: found?.keys,
      beside: found?.from === "beside",
      problem: found === undefined ? `there is no ${keysPathOf(path)}, and neither DAYBOOK_KEYS nor DAYBOOK_KEYS_FILE is set` : undefined,
    };
  } catch (cause) {
    // Reading needs no keys; `daybook doctor` reports unusable keys, reports do not.
    if (!isDaybookError(cause)) throw cause;
    return { found: undefined, beside: false, problem: cause.message };
  }
}
