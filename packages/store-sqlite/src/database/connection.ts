import { DaybookError } from "@daybook/core";
import type { Sqlite, SqliteConstructor } from "./sqlite-driver.ts";
import { isBusy, storeFailure } from "./sqlite-failure.ts";

/**
 * Lock wait inside SQLite. A thread inside SQLite's busy handler cannot react, so longer waits are retried in
 * JavaScript.
 */
const BUSY_TIMEOUT_MS = 100;
const GIVE_UP_AFTER_MS = 10_000;
/** In KiB. The driver's default is four times as much; every connection kept all of it and gained nothing. */
const CACHE_SIZE = "cache_size = -4000";
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. */
export const pause = (ms: number): void => void Atomics.wait(PAUSE, 0, 0, ms);

/** Repeats `action` while another connection holds the lock it needs. */
export function retryWhileBusy<T>(action: () => T, giveUpAfterMs = GIVE_UP_AFTER_MS): T {
  const until = performance.now() + giveUpAfterMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return action();
    } catch (cause) {
      if (!isBusy(cause) || performance.now() >= until) throw cause;
      // A random pause: processes that collided once would otherwise collide again in step.
      pause(1 + Math.random() * Math.min(50, 2 ** attempt));
    }
  }
}

export interface OpenWritingOptions {
  /** No other process may open the database, not even for reading, until this connection is closed. Default false. */
  readonly exclusive?: boolean;
}

/**
 * Opens a connection that may write. Commits are flushed to the disk (`synchronous=FULL`), and deleted or blanked
 * bytes are overwritten (`secure_delete`). SQLite keeps `secure_delete` per connection, so the value is read back and
 * the connection refused if it is off.
 * @throws {DaybookError} `NOT_A_DAYBOOK`, `STORE_BUSY`, `STORE_FAILED`
 */
export function openWriting(Database: SqliteConstructor, path: string, { exclusive = false }: OpenWritingOptions = {}): Sqlite {
  let db: Sqlite | undefined;
  try {
    db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    const connection = db;
    if (exclusive) connection.pragma("locking_mode = EXCLUSIVE");
    connection.pragma("page_size = 8192");
    retryWhileBusy(() => connection.pragma("journal_mode = WAL"));
    for (const setting of [
      "synchronous = FULL",
      "secure_delete = ON",
      "trusted_schema = OFF",
      "cell_size_check = ON",
      "temp_store = MEMORY",
      CACHE_SIZE,
      "wal_autocheckpoint = 8000",
    ]) {
      connection.pragma(setting);
    }
    const mode = connection.pragma("journal_mode", { simple: true });
    if (mode !== "wal")
      throw new DaybookError("STORE_OPEN_FAILED", `${path} cannot use a write-ahead log (journal mode ${mode}); put it on a local disk.`);
    if (connection.pragma("secure_delete", { simple: true }) !== 1) {
      throw new DaybookError(
        "STORE_OPEN_FAILED",
        "This build of SQLite does not overwrite deleted data; erasing a person would not be complete.",
      );
    }
    return connection;
  } catch (cause) {
    db?.close();
    throw storeFailure(cause, path);
  }
}

/** @throws {DaybookError} `NOT_A_DAYBOOK`, `STORE_BUSY`, `STORE_FAILED` */
export function openReading(Database: SqliteConstructor, path: string): Sqlite {
  let db: Sqlite | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 1_000 });
    db.pragma("trusted_schema = OFF");
    db.pragma("cell_size_check = ON");
    db.pragma("temp_store = MEMORY");
    db.pragma(CACHE_SIZE);
    return db;
  } catch (cause) {
    db?.close();
    throw storeFailure(cause, path);
  }
}
