/** The shared part of the three layouts: transactions, proof work, ids, and the check of a whole log. */
import Database from "better-sqlite3";
import { opens, partCount } from "../../packages/ledger/src/entry/entry.ts";
import { leafHash, type PreparedEntry, prepareEntry, sealKeyAt, sealNext } from "../../packages/ledger/src/index.ts";
import { SaltPool } from "../../packages/store-sqlite/src/ledger/salt-pool.ts";
import { KEYS, type LayoutEvent } from "./events.ts";

export const BUCKET_ROWS = 16_384;
export const bucketOf = (seq: number): number => Math.floor(seq / BUCKET_ROWS);
const NO_SEAL = new Uint8Array(16);
const WAL_BYTES = 24 * 1024 * 1024;

export interface StoredPart {
  readonly salt: Uint8Array;
  readonly text: Uint8Array;
}
/** A row as verification reads it; an erased part is undefined. */
export interface StoredRow {
  readonly seq: number;
  readonly entry: Uint8Array;
  readonly seal: Uint8Array;
  readonly parts: readonly (StoredPart | undefined)[];
}
/** An event as a page shows it: its texts, the head first; an erased part is null. */
export interface PageRow {
  readonly seq: number;
  readonly texts: readonly (string | null)[];
}
export interface Slot {
  readonly seq: number;
  readonly part: number;
}

export abstract class Layout {
  abstract readonly name: string;
  readonly db: Database.Database;
  /** Set to false while the bytes of the write-ahead log are counted. */
  copiesWal = true;
  /** CPU in microseconds of the work at the end of buckets, the number of buckets, the longest in milliseconds. */
  closing = { cpuUs: 0, buckets: 0, longestMs: 0 };
  /** Work for the end of a bucket that was done with its last row. */
  protected spentBefore = { cpuUs: 0, ms: 0 };
  readonly #salts = new SaltPool();
  readonly #begin;
  readonly #commit;
  #walBytes = 0;

  constructor(path: string, schema: readonly string[]) {
    this.db = new Database(path, { timeout: 10_000 });
    for (const setting of [
      "page_size = 8192",
      "journal_mode = WAL",
      "synchronous = FULL",
      "secure_delete = ON",
      "trusted_schema = OFF",
      "cell_size_check = ON",
      "temp_store = MEMORY",
      "cache_size = -4000",
      "wal_autocheckpoint = 0",
    ])
      this.db.pragma(setting);
    this.db.exec("BEGIN IMMEDIATE");
    if (this.db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0) for (const statement of schema) this.db.exec(statement);
    this.db.exec("COMMIT");
    this.#begin = this.db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.db.prepare("COMMIT");
  }

  /** Stores the events that are not stored yet, in one commit. */
  append(events: readonly LayoutEvent[]): void {
    this.transaction(() => {
      const last = this.last();
      const first = last === undefined ? 0 : last.seq + 1;
      let seq = first;
      let seal: Uint8Array = last?.seal ?? NO_SEAL;
      this.follow(first);
      for (const event of events) {
        if (this.known(event.id)) continue;
        const prepared = prepareEntry(event.split, this.#salts.take);
        seal = sealNext(sealKeyAt(KEYS, seq)!, seq, seal, prepared.leaf);
        this.put(seq++, prepared, seal, event);
      }
      this.flush();
      if (bucketOf(seq) > bucketOf(first)) {
        const begun = performance.now();
        const cpu = process.cpuUsage();
        this.closeBuckets(bucketOf(seq));
        this.closing.cpuUs += cpuSince(cpu) + this.spentBefore.cpuUs;
        this.closing.buckets++;
        this.closing.longestMs = Math.max(this.closing.longestMs, performance.now() - begun + this.spentBefore.ms);
      }
    });
    this.#salts.wipe();
    this.#walBytes += 40 * 1024 + events.length * 1_300;
    if (this.copiesWal && this.#walBytes >= WAL_BYTES) {
      this.#walBytes = 0;
      this.db.pragma("wal_checkpoint(PASSIVE)");
    }
  }

  transaction<T>(action: () => T): T {
    this.#begin.run();
    try {
      const result = action();
      this.#commit.run();
      return result;
    } catch (cause) {
      this.rolledBack();
      if (this.db.inTransaction) this.db.exec("ROLLBACK");
      throw cause;
    }
  }

  /** Copies the write-ahead log into the database and empties it, as an erasure does. */
  settle(): void {
    this.#walBytes = 0;
    const [result] = this.db.pragma("wal_checkpoint(TRUNCATE)") as { busy: number }[];
    if (result?.busy !== 0) throw new Error("a reader keeps the write-ahead log");
  }

  close(): void {
    this.db.close();
  }

  abstract last(): { readonly seq: number; readonly seal: Uint8Array } | undefined;
  /** Call it inside a transaction that continues with this row. */
  abstract follow(first: number): void;
  abstract known(id: string): boolean;
  abstract put(seq: number, entry: PreparedEntry, seal: Uint8Array, event: LayoutEvent): void;
  abstract flush(): void;
  abstract closeBuckets(open: number): void;
  abstract rolledBack(): void;

  abstract byId(id: string): number | undefined;
  abstract bySeq(seq: number): PageRow;
  abstract newest(limit: number): PageRow[];
  abstract newestOfType(type: string, limit: number): PageRow[];
  /** Slots of a person, the newest entries first. */
  abstract slotsOf(sub: string, limit: number): Slot[];
  abstract rows(): Iterable<StoredRow>;
  abstract erase(sub: string): Slot[];
  /** Removes the persons' parts of the rows `from` to `to - 1` in one commit. */
  abstract expire(from: number, to: number): void;

  newestOf(sub: string, limit: number): PageRow[] {
    return this.slotsOf(sub, limit).map(({ seq }) => this.bySeq(seq));
  }
}

/** Stores each event of the block without a database: what the proofs alone cost. */
export class ProofOnly {
  readonly #salts = new SaltPool();
  #seal: Uint8Array = NO_SEAL;
  #seq = 0;

  append(events: readonly LayoutEvent[]): void {
    for (const event of events) {
      const { leaf } = prepareEntry(event.split, this.#salts.take);
      this.#seal = sealNext(sealKeyAt(KEYS, this.#seq)!, this.#seq++, this.#seal, leaf);
    }
    this.#salts.wipe();
  }
}

/** Reads every row, computes every commitment, leaf and seal again, and counts. @throws {Error} if one is false */
export function checkAll(layout: Layout): { rows: number; parts: number; absent: number } {
  let seq = 0;
  let parts = 0;
  let absent = 0;
  let seal: Uint8Array = NO_SEAL;
  for (const row of layout.rows()) {
    if (row.seq !== seq) throw new Error(`${layout.name}: row ${row.seq} instead of ${seq}`);
    if (partCount(row.entry) !== row.parts.length) throw new Error(`${layout.name}: row ${seq} has ${row.parts.length} parts`);
    seal = sealNext(sealKeyAt(KEYS, seq)!, seq, seal, leafHash(row.entry));
    if (Buffer.compare(seal, row.seal) !== 0) throw new Error(`${layout.name}: the seal of row ${seq} is false`);
    for (let k = 0; k < row.parts.length; k++) {
      const part = row.parts[k];
      if (part === undefined) absent++;
      else if (opens(row.entry, k, part.salt, part.text)) parts++;
      else throw new Error(`${layout.name}: part ${k} of row ${seq} is altered`);
    }
    seq++;
  }
  return { rows: seq, parts, absent };
}

export function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
