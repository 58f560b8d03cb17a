import { randomBytes } from "node:crypto";
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DaybookError } from "@daybook/core";
import { openReading } from "../database/connection.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";

/** Options of `backupDatabase`. */
export interface BackupOptions {
  /** Gets the number of copied pages and of all pages from time to time. */
  readonly onProgress?: (copied: number, total: number) => void;
  /**
   * Aborting rejects the call with the signal's reason and removes the partial copy. Default: the copy cannot be
   * aborted.
   */
  readonly signal?: AbortSignal;
}

/**
 * Copies a trail into a new file, mode 0600. The copy is consistent while writers continue, and it appears under its
 * name when it is complete. Keys are not copied: a thief of a backup with keys could rewrite the log.
 * @param path the trail to copy
 * @param target path of the copy, which must not exist
 * @throws {DaybookError} `BAD_OPTION`: the target exists; `STORE_OPEN_FAILED`, `STORE_FAILED`
 * @example
 * ```ts
 * import { backupDatabase } from "@daybook/store-sqlite";
 *
 * await backupDatabase("audit.db", `/backups/audit-${new Date().toISOString().slice(0, 10)}.db`);
 * ```
 */
export async function backupDatabase(path: string, target: string, { onProgress, signal }: BackupOptions = {}): Promise<void> {
  if (existsSync(target)) throw overwriting(target);
  const unfinished = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.unfinished`);
  try {
    closeSync(openSync(unfinished, "wx", 0o600));
  } catch (cause) {
    throw new DaybookError("STORE_OPEN_FAILED", `${target}: ${(cause as Error).message}`, { cause });
  }
  const db = openReading(loadSqlite(), path);
  try {
    await db.backup(unfinished, {
      progress: ({ totalPages, remainingPages }) => {
        signal?.throwIfAborted();
        onProgress?.(totalPages - remainingPages, totalPages);
        return 2_000;
      },
    });
  } catch (cause) {
    rmSync(unfinished, { force: true });
    if (signal?.aborted) throw cause;
    throw storeFailure(cause, path);
  } finally {
    db.close();
  }
  giveName(unfinished, target);
}

/** A link, unlike a rename, never replaces a file that appeared in the meantime. */
function giveName(unfinished: string, target: string): void {
  try {
    linkSync(unfinished, target);
    rmSync(unfinished);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      rmSync(unfinished);
      throw overwriting(target);
    }
    // The file system has no links, such as that of a memory stick.
    renameSync(unfinished, target);
  }
}

const overwriting = (target: string) => new DaybookError("BAD_OPTION", `${target} exists; a backup never overwrites a file.`);
