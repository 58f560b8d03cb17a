import { randomBytes } from "node:crypto";
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DaybookError } from "@daybook/core";
import { openReading } from "../database/connection.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";

export interface BackupOptions {
  /** Told now and then how many pages of how many are copied. */
  readonly onProgress?: (copied: number, total: number) => void;
  /** Gives up when it is aborted, with its reason; nothing is left of the copy. Default: it runs to its end. */
  readonly signal?: AbortSignal;
}

/**
 * Copies a trail into a new file, mode 0600, consistent although writers go on. The file appears under its name when it is complete.
 * The keys are not copied: a backup that holds them too lets whoever finds it rewrite the log.
 * @throws {DaybookError} `BAD_OPTION`: the target exists; `STORE_OPEN_FAILED`, `STORE_FAILED`
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

/** A link, unlike a new name, never takes the place of a file that came up in the meantime. */
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
    // A file system without links, such as that of a memory stick.
    renameSync(unfinished, target);
  }
}

const overwriting = (target: string) => new DaybookError("BAD_OPTION", `${target} exists; a backup never overwrites a file.`);
