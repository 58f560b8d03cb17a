import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { HealthSource } from "./trail-health.ts";

/** Options of `fileHealth`. */
export interface FileHealthOptions {
  /** Size limit of the file in bytes. Default: the free space of the disk alone is the limit. */
  readonly maxBytes?: number;
}

/** Size of a SQLite database and its write-ahead log, and the room left for them, without opening the file. */
export function fileHealth(path: string, { maxBytes = Number.POSITIVE_INFINITY }: FileHealthOptions = {}): HealthSource {
  return async () => {
    const [bytes, walBytes, disk] = await Promise.all([sizeOf(path), sizeOf(`${path}-wal`), statfs(dirname(path))]);
    const free = disk.bavail * disk.bsize;
    return {
      store: {
        bytes,
        walBytes,
        freeBytes: Math.max(0, Math.min(free, maxBytes - bytes)),
        capacityBytes: Math.min(disk.blocks * disk.bsize, maxBytes),
      },
    };
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // Neither file has to be there: the log is removed when the last connection closes.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
