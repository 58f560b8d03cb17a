import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { Sqlite } from "../database/sqlite-driver.ts";

/** Number of salts of one run that a scan looks for at most, and bytes of each. */
export const NEEDLE_BYTES = 8;
export const MOST_NEEDLES = 256;

/**
 * Overwrites removed bytes. `secure_delete` zeroed them in the pages; this copies those pages from the write-ahead
 * log into the database and truncates the log. It never waits: an open reader would make it block every writer.
 * @returns undefined if the bytes are gone, otherwise the obstacle
 */
export function removeBytes(
  db: Sqlite,
): "secure_delete is off" | "a reader holds the old pages" | "the write-ahead log is not empty" | undefined {
  if (db.pragma("secure_delete", { simple: true }) !== 1) return "secure_delete is off";
  const timeout = db.pragma("busy_timeout", { simple: true }) as number;
  db.pragma("busy_timeout = 0");
  try {
    // Most of the work happens without the lock, so that the step with the lock is short.
    db.pragma("wal_checkpoint(PASSIVE)");
    const [result] = db.pragma("wal_checkpoint(TRUNCATE)") as { busy: number }[];
    if (result?.busy !== 0) return "a reader holds the old pages";
  } finally {
    db.pragma(`busy_timeout = ${timeout}`);
  }
  const wal = statSync(`${db.name}-wal`, { throwIfNoEntry: false });
  return wal !== undefined && wal.size > 0 ? "the write-ahead log is not empty" : undefined;
}

const CHUNK = 1 << 20;

/** Searches the database file and its write-ahead log for any of the needles. */
export function findNeedles(databasePath: string, needles: readonly Uint8Array[]): boolean {
  if (needles.length === 0) return false;
  const byStart = new Map<number, Uint8Array[]>();
  const starts = new Uint8Array(65_536);
  for (const needle of needles) {
    const start = startAt(needle, 0);
    starts[start] = 1;
    byStart.set(start, [...(byStart.get(start) ?? []), needle]);
  }
  const holds = (chunk: Buffer, length: number) => {
    for (let i = 0; i + NEEDLE_BYTES <= length; i++) {
      const start = startAt(chunk, i);
      if (starts[start] === 0) continue;
      for (const needle of byStart.get(start) ?? []) if (chunk.compare(needle, 0, NEEDLE_BYTES, i, i + NEEDLE_BYTES) === 0) return true;
    }
    return false;
  };
  return [databasePath, `${databasePath}-wal`].some((path) => scanFile(path, holds));
}

/** Chunks overlap, so that a needle across a boundary is found. */
function scanFile(path: string, holds: (chunk: Buffer, length: number) => boolean): boolean {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(CHUNK);
    for (let at = 0; ; at += CHUNK - NEEDLE_BYTES + 1) {
      const length = readSync(file, chunk, 0, CHUNK, at);
      if (length === 0) return false;
      if (holds(chunk, length)) return true;
      if (length < CHUNK) return false;
    }
  } finally {
    closeSync(file);
  }
}

/** The first two bytes of a needle as one number. */
const startAt = (bytes: Uint8Array, i: number): number => (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8);
