import type { Sqlite } from "./sqlite-driver.ts";

/** Bytes of write-ahead log after which they are brought into the database. SQLite itself steps in at 64 MiB (connection.ts). */
const MOST_BYTES = 24 * 1024 * 1024;
/** A commit writes the last page of the table and of each index again, whatever it adds. */
const BYTES_PER_COMMIT = 40 * 1024;
const BYTES_PER_EVENT = 1_300;

/**
 * Brings the write-ahead log into the database after a batch has been answered. Left to SQLite, that happens inside a commit, and
 * whoever waits for that commit waits for it too.
 */
export class WalCheckpoints {
  readonly #db: Sqlite;
  /** Estimated: SQLite tells how long its log is only to whoever works on it. */
  #bytes = 0;
  #due: NodeJS.Immediate | undefined;
  readonly #failed: (cause: unknown) => void;

  /** @param failed told what went wrong; nothing is lost, the log goes on growing and the next batch says if it cannot be stored */
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
        // Passive: it waits for nobody. What a reader still holds is left for the next time.
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
