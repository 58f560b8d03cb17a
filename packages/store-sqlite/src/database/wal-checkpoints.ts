import type { Sqlite } from "./sqlite-driver.ts";

/**
 * Bytes of write-ahead log after which it is copied into the database. SQLite itself starts at 64 MiB
 * (connection.ts).
 */
const MOST_BYTES = 24 * 1024 * 1024;
/** Every commit rewrites the last page of the table and of each index. */
const BYTES_PER_COMMIT = 40 * 1024;
const BYTES_PER_EVENT = 1_300;

/**
 * Copies the write-ahead log into the database after the receipts of a batch have settled. SQLite on its own copies
 * inside a commit, which delays the receipts of that commit.
 */
export class WalCheckpoints {
  readonly #db: Sqlite;
  /** Estimated: SQLite reports the length of the log only to a connection that copies it. */
  #bytes = 0;
  #due: NodeJS.Immediate | undefined;
  readonly #failed: (cause: unknown) => void;

  /**
   * @param failed gets the cause of a failure; nothing is lost, because the log grows on and the next batch reports
   * if it cannot be stored
   */
  constructor(db: Sqlite, failed: (cause: unknown) => void) {
    this.#db = db;
    this.#failed = failed;
  }

  committed(events: number): void {
    this.#bytes += BYTES_PER_COMMIT + events * BYTES_PER_EVENT;
    if (this.#bytes < MOST_BYTES || this.#due !== undefined) return;
    this.#due = setImmediate(() => {
      this.#due = undefined;
      this.#bytes = 0;
      try {
        // Passive: it waits for no lock. Pages that a reader still needs are copied next time.
        this.#db.pragma("wal_checkpoint(PASSIVE)");
      } catch (cause) {
        this.#failed(cause);
      }
    });
  }

  stop(): void {
    clearImmediate(this.#due);
    this.#due = undefined;
  }
}
