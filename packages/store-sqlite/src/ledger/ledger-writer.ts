import type { AuditEvent } from "@daybook/core";
import type { RefusedEvent } from "@daybook/core/store";
import {
  CLASS,
  canonicalText,
  isLedgerError,
  LedgerError,
  type LedgerKeys,
  type PreparedEntry,
  prepareEntry,
  referenceKey,
  type SplitEntry,
  sealKeyAt,
  sealNext,
  tenantReference,
} from "@daybook/ledger";
import { retryWhileBusy } from "../database/connection.ts";
import { sameFileAt } from "../database/same-file.ts";
import { BUCKET_ROWS, bucketOf } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { isSqliteError } from "../database/sqlite-failure.ts";
import type { HandedEvent } from "../encoding/batch-encoding.ts";
import { KnownTree } from "./known-tree.ts";
import { OpenBucket, type Reference } from "./open-bucket.ts";
import { SaltPool } from "./salt-pool.ts";
import { type Suppression, suppressionOf } from "./suppression.ts";

export interface LedgerWriterOptions {
  readonly keys: LedgerKeys;
  readonly userIds: "readable" | "pseudonymous";
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Gets the events that projections follow, inside the transaction that stores them. */
  readonly follow?: (event: AuditEvent, seq: number) => void;
}

/** An event stored later than this after its time gets the store time in its head. */
const LATE_AFTER_MS = 60_000;
const NO_SEAL = new Uint8Array(16);

/** Result of a batch. */
export interface Appended {
  readonly refused: RefusedEvent[];
  readonly stored: number;
  /** Retention classes of the stored events. */
  readonly classes: ReadonlySet<number>;
}

/**
 * Appends entries to the ledger of one database. Several processes may append to one file: each transaction continues
 * from the last row, so the sequence stays dense.
 */
export class LedgerWriter {
  /** The Merkle tree, as far as this connection knows it. */
  readonly tree: KnownTree;
  readonly #db: Sqlite;
  readonly #options: LedgerWriterOptions;
  readonly #salts = new SaltPool();
  readonly #begin;
  readonly #commit;
  readonly #last;
  readonly #insertEntry;
  readonly #insertPerson;
  readonly #idKnown;
  readonly #lastBucket;
  readonly #insertReference;
  readonly #entryPersons;
  readonly #otherPersons;
  readonly #suppression: Suppression;
  readonly #refuseOtherFile: () => void;
  readonly #openBucket = new OpenBucket();
  readonly #tenantKeys = new Map<string, bigint>();

  constructor(db: Sqlite, options: LedgerWriterOptions) {
    this.#db = db;
    this.#options = options;
    this.tree = new KnownTree(db);
    this.#refuseOtherFile = sameFileAt(db.name);
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#last = db.prepare<[], { seq: number; seal: Buffer }>("SELECT seq, seal FROM daybook_entry ORDER BY seq DESC LIMIT 1");
    this.#insertEntry = db.prepare("INSERT INTO daybook_entry (seq, entry, seal, salt0, head, salt1, person) VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#insertPerson = db.prepare("INSERT INTO daybook_person (seq, part, salt, data) VALUES (?, ?, ?, ?)");
    this.#idKnown = db.prepare<[string], number>("SELECT 1 FROM daybook_entry WHERE id = ?").pluck();
    this.#lastBucket = db.prepare<[], number | null>("SELECT max(bucket) FROM daybook_ref").pluck();
    this.#insertReference = db.prepare("INSERT OR IGNORE INTO daybook_ref (bucket, key, seq, part) VALUES (?, ?, ?, ?)");
    this.#entryPersons = db.prepare<[number, number], { seq: number; sub: string | null; tenant: string | null }>(
      "SELECT seq, actor AS sub, tenant FROM daybook_entry WHERE seq BETWEEN ? AND ? AND person IS NOT NULL",
    );
    this.#suppression = suppressionOf(db, options.keys);
    this.#otherPersons = db.prepare<[number, number], { seq: number; part: number; sub: string | null; tenant: string | null }>(
      "SELECT seq, part, sub, data ->> '$.tenant' AS tenant FROM daybook_person WHERE seq BETWEEN ? AND ? AND data IS NOT NULL",
    );
  }

  /**
   * Stores all valid events in one transaction, in order, and returns the refused ones. An event with a stored id
   * counts as valid and is not stored again.
   * @param events iterated a second time if an id is already stored
   */
  append(events: Iterable<HandedEvent>): Appended {
    try {
      return this.transaction((append) => this.#appendAll(events, append));
    } catch (cause) {
      if (!isSqliteError(cause) || cause.code !== "SQLITE_CONSTRAINT_UNIQUE") throw cause;
      return this.transaction((append) => this.#appendAll(this.#unknown(events), append));
    } finally {
      this.#salts.wipe();
    }
  }

  /**
   * Runs `action` in one write transaction. Its argument appends an entry and returns the sequence number. If
   * `action` throws, nothing is stored.
   */
  transaction<T>(action: (append: (entry: PreparedEntry) => number, nextSeq: number) => T): T {
    const db = this.#db;
    const { keys } = this.#options;
    if (keys.seal === undefined) throw new LedgerError("BAD_KEYS", "These keys cannot seal entries; use the keys of a writer.");
    this.#refuseOtherFile();
    retryWhileBusy(() => this.#begin.run());
    try {
      const last = this.#last.get();
      const first = last === undefined ? 0 : last.seq + 1;
      let seq = first;
      let seal: Uint8Array = last?.seal ?? NO_SEAL;
      this.#openBucket.continueAt(first);
      // Read inside the transaction: from here on no other connection can write.
      const grown = this.tree.growing();
      const result = action((entry) => {
        seal = sealNext(sealKeyAt(keys, seq)!, seq, seal, entry.leaf);
        this.#insert(seq, entry, seal);
        grown?.push(entry.leaf);
        return seq++;
      }, first);
      if (bucketOf(seq) > bucketOf(first)) this.#closeBuckets(seq);
      this.#commit.run();
      this.tree.committed(grown);
      return result;
    } catch (cause) {
      this.#openBucket.forget();
      if (db.inTransaction) db.exec("ROLLBACK");
      throw cause;
    }
  }

  #appendAll(events: Iterable<HandedEvent>, append: (entry: PreparedEntry) => number): Appended {
    const refused: RefusedEvent[] = [];
    const classes = new Set<number>();
    let stored = 0;
    const now = this.#options.now();
    const onTime = new Date(now - LATE_AFTER_MS).toISOString();
    const newestErasure = this.#suppression.newest();
    for (const { id, time, split: given, projected } of events) {
      let split: SplitEntry | undefined = time < onTime ? withLate(given, new Date(now).toISOString()) : given;
      if (newestErasure !== undefined && time <= newestErasure) split = this.#suppression.apply(split, time);
      if (split === undefined) {
        refused.push({ id, code: "SUPPRESSED", hint: "The person it is about was erased after it happened." });
        continue;
      }
      const entry = this.#prepared(id, split, refused);
      if (entry === undefined) continue;
      const seq = append(entry);
      stored++;
      classes.add(split.class);
      if (projected !== undefined) this.#options.follow?.(projected, seq);
    }
    return { refused, stored, classes };
  }

  #prepared(id: string, split: SplitEntry, refused: RefusedEvent[]): PreparedEntry | undefined {
    try {
      return prepareEntry(split, this.#salts.take);
    } catch (cause) {
      if (!isLedgerError(cause)) throw cause;
      refused.push({ id, code: cause.code, hint: cause.hint });
      return undefined;
    }
  }

  *#unknown(events: Iterable<HandedEvent>): Generator<HandedEvent> {
    const seen = new Set<string>();
    for (const event of events) {
      if (seen.has(event.id) || this.#idKnown.get(event.id) !== undefined) continue;
      seen.add(event.id);
      yield event;
    }
  }

  #insert(seq: number, { class: entryClass, entry, parts }: PreparedEntry, seal: Uint8Array): void {
    const [head, first] = parts;
    const inRow = first !== undefined && (first.role === "actor" || first.role === "context");
    this.#insertEntry.run(seq, entry, seal, head!.salt, head!.text, inRow ? first.salt : null, inRow ? first.text : null);
    this.#openBucket.add(seq, parts, entryClass === CLASS.ledger);
    for (let part = inRow ? 2 : 1; part < parts.length; part++) {
      const { salt, text } = parts[part]!;
      this.#insertPerson.run(seq, part, salt, text);
    }
  }

  /**
   * Writes the references of every complete bucket, sorted, so that the inserts append. The process that crosses the
   * boundary does it, also for rows of other processes. A row with part 0 marks a bucket as done, even if it has no
   * references.
   */
  #closeBuckets(nextSeq: number): void {
    const open = bucketOf(nextSeq);
    for (let bucket = (this.#lastBucket.get() ?? -1) + 1; bucket < open; bucket++) {
      const from = bucket * BUCKET_ROWS;
      const to = from + BUCKET_ROWS - 1;
      const references = this.#openBucket.complete(bucket) ?? [...this.#references(from, to)].sort(inOrder);
      for (const { key, seq, part } of references) this.#insertReference.run(bucket, key, seq, part);
      this.#insertReference.run(bucket, 0n, from, 0);
    }
  }

  *#references(from: number, to: number): Generator<Reference> {
    for (const { seq, sub, tenant } of this.#entryPersons.iterate(from, to)) {
      if (sub !== null) yield { key: referenceKey(sub), seq, part: 1 };
      if (tenant !== null) yield { key: this.#tenantKey(tenant), seq, part: 1 };
    }
    for (const { seq, part, sub, tenant } of this.#otherPersons.iterate(from, to)) {
      if (sub !== null) yield { key: referenceKey(sub), seq, part };
      if (tenant !== null) yield { key: this.#tenantKey(tenant), seq, part };
    }
  }

  #tenantKey(tenant: string): bigint {
    let key = this.#tenantKeys.get(tenant);
    if (key === undefined) {
      if (this.#tenantKeys.size >= 10_000) this.#tenantKeys.clear();
      key = tenantReference(this.#options.keys, tenant);
      this.#tenantKeys.set(tenant, key);
    }
    return key;
  }
}

const inOrder = (a: Reference, b: Reference) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.seq - b.seq || a.part - b.part);

/** The same event with the store time in its head. */
function withLate({ class: entryClass, parts }: SplitEntry, late: string): SplitEntry {
  const [head, ...others] = parts;
  return { class: entryClass, parts: [{ text: canonicalText({ ...JSON.parse(head!.text), late }) }, ...others] };
}
