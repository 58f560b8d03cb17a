import { closeSync, openSync, readSync } from "node:fs";

/** Offset of `iChange` in the header of the WAL index, which every commit increments (SQLite, wal.c). */
const CHANGE_COUNTER = 8;

/** Commits to a database in WAL mode since its first connection, read beside the process that has it open; it wraps at 2^32. */
export function commitsOf(path: string): number {
  const header = Buffer.alloc(48);
  const file = openSync(`${path}-shm`, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return header.readUInt32LE(CHANGE_COUNTER);
}
