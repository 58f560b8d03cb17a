import { statSync } from "node:fs";
import Database from "better-sqlite3";

export const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const SETTLE_TRIES = 50;
const SETTLE_PAUSE_MS = 100;

/**
 * Moves everything into the database file; what it takes on the disk is then the size of that file.
 * @throws if another connection blocks the checkpoint for more than five seconds
 */
export async function settle(path: string): Promise<number> {
  const db = new Database(path, { fileMustExist: true });
  try {
    for (let attempt = 0; attempt < SETTLE_TRIES; attempt++) {
      const [result] = db.pragma("wal_checkpoint(TRUNCATE)") as { busy: number }[];
      if (result?.busy === 0) return bytesOf(path);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_PAUSE_MS));
    }
  } finally {
    db.close();
  }
  throw new Error(`the write-ahead log of ${path} cannot be settled`);
}

/**
 * Bytes written to the write-ahead log by `action`. A reader that stays where the log was empty keeps SQLite from using its
 * beginning again, so its length counts every byte.
 */
export async function walBytes(path: string, action: () => Promise<unknown>): Promise<number> {
  await settle(path);
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
