import { randomFillSync } from "node:crypto";
import { headKeysOf, type RefusedEvent } from "@daybook/core";
import {
  classOf,
  isLedgerError,
  LedgerError,
  type LedgerKeys,
  type PreparedEntry,
  prepareEntry,
  referenceKey,
  type SplitEntry,
  sealNext,
  splitEvent,
  tenantReference,
} from "@daybook/ledger";
import type { DecodedEvent } from "./batch-encoding.ts";
import { retryWhileBusy } from "./connection.ts";
import { sameFileAt } from "./same-file.ts";
import { BUCKET_ROWS, bucketOf } from "./schema.ts";
import type { Sqlite } from "./sqlite-driver.ts";
import { isSqliteError } from "./sqlite-failure.ts";
import { type Suppression, suppressionOf } from "./suppression.ts";

export interface LedgerWriterOptions {
  readonly keys: LedgerKeys;
  readonly userIds: "readable" | "pseudonymous";
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Told about each event inside the transaction that stores it, so that other tables can follow. */
  readonly follow?: (event: DecodedEvent, seq: number) => void;
}

/** A record stored this long after it was made says so in its head. */
const LATE_AFTER_MS = 60_000;
const SALT_POOL_BYTES = 8_192;
const NO_SEAL = new Uint8Array(16);

interface Ready {
  readonly source: DecodedEvent;
  readonly id: string;
  readonly time: string;
  readonly split: SplitEntry;
  readonly entry: PreparedEntry;
}

/**
 * Appends entries to the ledger of one database. Events are split, canonicalised and committed to before the lock is taken; inside
 * the transaction only the seal and the inserts remain. Several processes may do so with one file: each transaction continues from
 * the last row it finds, so the sequence stays dense.
 */
export class LedgerWriter {
  readonly #db: Sqlite;
  readonly #options: LedgerWriterOptions;
  readonly #salts = new SaltPool();
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
  /** References of the rows this connection wrote into the bucket that is still open. */
  #tenantKeys = new Map<string, bigint>();

  constructor(db: Sqlite, options: LedgerWriterOptions) {
    this.#db = db;
    this.#options = options;
    this.#refuseOtherFile = sameFileAt(db.name);
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
   * Stores all acceptable events in one transaction, in order, and answers with the others. An event whose id is known is stored
   * already and counts as acceptable.
   */
  append(events: readonly DecodedEvent[]): RefusedEvent[] {
    const refused: RefusedEvent[] = [];
    const ready: Ready[] = [];
    for (const event of events) {
      try {
        ready.push(this.#prepare(event));
      } catch (cause) {
        if (!isLedgerError(cause)) throw cause;
        refused.push({ id: event.event.id, code: cause.code, hint: cause.hint });
      }
    }
    let rest = ready;
    while (rest.length > 0) {
      try {
        refused.push(...this.transaction((append) => this.#appendAll(rest, append)));
        break;
      } catch (cause) {
        if (!isSqliteError(cause) || cause.code !== "SQLITE_CONSTRAINT_UNIQUE") throw cause;
        rest = this.#withoutKnown(rest);
      }
    }
    return refused;
  }

  /**
   * Runs `action` in one write transaction; the function it is given appends an entry and answers its sequence number. Nothing is
   * stored where `action` throws.
   */
  transaction<T>(action: (append: (entry: PreparedEntry) => number, nextSeq: number) => T): T {
    const db = this.#db;
    const { seal: sealKey } = this.#options.keys;
    if (sealKey === undefined) throw new LedgerError("BAD_KEYS", "These keys cannot seal entries; use the keys of a writer.");
    this.#refuseOtherFile();
    retryWhileBusy(() => db.exec("BEGIN IMMEDIATE"));
    try {
      const last = this.#last.get();
      const first = last === undefined ? 0 : last.seq + 1;
      let seq = first;
      let seal: Uint8Array = last?.seal ?? NO_SEAL;
      const result = action((entry) => {
        seal = sealNext(sealKey, seq, seal, entry.leaf);
        this.#insert(seq, entry, seal);
        return seq++;
      }, first);
      if (bucketOf(seq) > bucketOf(first)) this.#closeBuckets(seq);
      db.exec("COMMIT");
      return result;
    } catch (cause) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw cause;
    }
  }

  #appendAll(ready: readonly Ready[], append: (entry: PreparedEntry) => number): RefusedEvent[] {
    const { follow } = this.#options;
    const newestErasure = this.#suppression.newest();
    if (newestErasure === undefined) {
      for (const { source, entry } of ready) follow?.(source, append(entry));
      return [];
    }
    const refused: RefusedEvent[] = [];
    for (const { source, id, time, split, entry } of ready) {
      const left = time > newestErasure ? split : this.#suppression.apply(split, time);
      if (left === undefined) {
        refused.push({ id, code: "SUPPRESSED", hint: "The person it is about was erased after it happened." });
      } else follow?.(source, append(left === split ? entry : prepareEntry(left, this.#salts.take)));
    }
    return refused;
  }

  #prepare(source: DecodedEvent): Ready {
    const { event, definition } = source;
    const now = this.#options.now();
    const late = now - Date.parse(event.time) > LATE_AFTER_MS ? new Date(now).toISOString() : undefined;
    const split = splitEvent(event, {
      headKeys: headKeysOf(definition, event.data),
      resourceIdDeclared: definition.resourceIdDeclared,
      classOf: definition.retention === undefined ? classOf : () => definition.retention!,
      keys: this.#options.keys,
      userIds: this.#options.userIds,
      ...(late === undefined ? {} : { late }),
    });
    return { source, id: event.id, time: event.time, split, entry: prepareEntry(split, this.#salts.take) };
  }

  #insert(seq: number, { entry, parts }: PreparedEntry, seal: Uint8Array): void {
    const [head, first] = parts;
    const inRow = first !== undefined && (first.role === "actor" || first.role === "context");
    this.#insertEntry.run(seq, entry, seal, head!.salt, head!.text, inRow ? first.salt : null, inRow ? first.text : null);
    for (let part = inRow ? 2 : 1; part < parts.length; part++) {
      const { salt, text } = parts[part]!;
      this.#insertPerson.run(seq, part, salt, text);
    }
  }

  #withoutKnown(ready: readonly Ready[]): Ready[] {
    const seen = new Set<string>();
    return ready.filter(({ id }) => {
      if (seen.has(id) || this.#idKnown.get(id) !== undefined) return false;
      seen.add(id);
      return true;
    });
  }

  /**
   * Writes the references of every bucket that is complete, sorted, so that the inserts append. Whoever crosses the boundary does
   * it, for its own rows and for those of others. One row with part 0 marks a bucket as done, even where nobody is in it.
   */
  #closeBuckets(nextSeq: number): void {
    const open = bucketOf(nextSeq);
    for (let bucket = (this.#lastBucket.get() ?? -1) + 1; bucket < open; bucket++) {
      const from = bucket * BUCKET_ROWS;
      const to = from + BUCKET_ROWS - 1;
      const references = [...this.#references(from, to)].sort((a, b) =>
        a.key < b.key ? -1 : a.key > b.key ? 1 : a.seq - b.seq || a.part - b.part,
      );
      for (const { key, seq, part } of references) this.#insertReference.run(bucket, key, seq, part);
      this.#insertReference.run(bucket, 0n, from, 0);
    }
  }

  *#references(from: number, to: number): Generator<{ key: bigint; seq: number; part: number }> {
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

/** Random bytes in blocks: one call of the generator per 256 salts. Each byte is handed out once and wiped with its block. */
class SaltPool {
  #pool = Buffer.alloc(SALT_POOL_BYTES);
  #used = SALT_POOL_BYTES;

  readonly take = (bytes: number): Uint8Array => {
    if (this.#used + bytes > SALT_POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const salt = Uint8Array.prototype.slice.call(this.#pool, this.#used, this.#used + bytes);
    this.#pool.fill(0, this.#used, this.#used + bytes);
    this.#used += bytes;
    return salt;
  };
}
