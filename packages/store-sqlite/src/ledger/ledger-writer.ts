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
  type SplitEntry,
  sealKeyAt,
  sealNext,
} from "@daybook/ledger";
import { BucketWriter } from "../buckets/bucket-writer.ts";
import { headFields } from "../buckets/head-fields.ts";
import { retryWhileBusy } from "../database/connection.ts";
import { sameFileAt } from "../database/same-file.ts";
import { BUCKET_ROWS, PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { HandedEvent } from "../encoding/batch-encoding.ts";
import { KnownTree } from "./known-tree.ts";
import { RecentIds } from "./recent-ids.ts";
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
  readonly #insertPart;
  readonly #buckets: BucketWriter;
  readonly #ids: RecentIds;
  readonly #suppression: Suppression;
  readonly #refuseOtherFile: () => void;

  constructor(db: Sqlite, options: LedgerWriterOptions) {
    this.#db = db;
    this.#options = options;
    this.tree = new KnownTree(db);
    this.#refuseOtherFile = sameFileAt(db.name);
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#last = db.prepare<[], { seq: number; seal: Buffer }>("SELECT seq, seal FROM daybook_entry ORDER BY seq DESC LIMIT 1");
    this.#insertEntry = db.prepare("INSERT INTO daybook_entry (seq, entry, seal, salt0, head, salt1, person) VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#insertPart = db.prepare("INSERT INTO daybook_part (slot, salt, data) VALUES (?, ?, ?)");
    this.#buckets = new BucketWriter(db, options.keys);
    this.#ids = new RecentIds(db);
    this.#suppression = suppressionOf(db, options.keys);
  }

  /**
   * Stores all valid events in one transaction, in order, and returns the refused ones. An event with a stored id
   * counts as valid and is not stored again.
   */
  append(events: Iterable<HandedEvent>): Appended {
    try {
      return this.transaction((append) => this.#appendAll(events, append));
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
      this.#buckets.continueAt(first);
      this.#ids.continueAt(first);
      // Read inside the transaction: from here on no other connection can write.
      const grown = this.tree.growing();
      const result = action((entry) => {
        seal = sealNext(sealKeyAt(keys, seq)!, seq, seal, entry.leaf);
        this.#insert(seq, entry, seal);
        grown?.push(entry.leaf);
        return seq++;
      }, first);
      this.#commit.run();
      this.tree.committed(grown);
      return result;
    } catch (cause) {
      this.#buckets.forget();
      this.#ids.forget();
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
      if (this.#ids.has(id)) continue;
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

  #insert(seq: number, { class: entryClass, entry, parts }: PreparedEntry, seal: Uint8Array): void {
    const [head, first] = parts;
    const inRow = first !== undefined && (first.role === "actor" || first.role === "context");
    const fields = headFields(head!.text);
    this.#insertEntry.run(seq, entry, seal, head!.salt, head!.text, inRow ? first.salt : null, inRow ? first.text : null);
    for (let part = inRow ? 2 : 1; part < parts.length; part++) {
      const { salt, text } = parts[part]!;
      this.#insertPart.run(seq * PARTS + part, salt, text);
    }
    this.#ids.add(fields.id, seq);
    this.#buckets.add(seq, fields, parts, entryClass === CLASS.ledger);
    if ((seq + 1) % BUCKET_ROWS === 0) this.#buckets.close(seq + 1);
  }
}

/** The same event with the store time in its head. */
function withLate({ class: entryClass, parts }: SplitEntry, late: string): SplitEntry {
  const [head, ...others] = parts;
  return { class: entryClass, parts: [{ text: canonicalText({ ...JSON.parse(head!.text), late }) }, ...others] };
}
