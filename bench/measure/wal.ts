import { statSync } from "node:fs";
import Database from "better-sqlite3";

export const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Moves everything into the database file; what it takes on the disk is then the size of that file. */
export function settle(path: string): number {
  const db = new Database(path, { fileMustExist: true });
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
  return bytesOf(path);
}

/**
 * Bytes written to the write-ahead log by `action`. A reader that stays where the log was empty keeps SQLite from using its
 * beginning again, so its length counts every byte.
 */
export async function walBytes(path: string, action: () => Promise<unknown>): Promise<number> {
  settle(path);
  const reader = new Database(path, { fileMustExist: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM sqlite_schema").get();
  try {
    await action();
    return bytesOf(`${path}-wal`);
  } finally {
    reader.exec("COMMIT");
    reader.close();
  }
}
