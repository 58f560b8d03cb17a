import { closeSync, openSync, rmSync } from "node:fs";
import { DaybookError } from "@daybook/core";
import { openReading } from "./connection.ts";
import { loadSqlite } from "./sqlite-driver.ts";
import { storeFailure } from "./sqlite-failure.ts";

export interface BackupOptions {
  /** Told now and then how many pages of how many are copied. */
  readonly onProgress?: (copied: number, total: number) => void;
}

/**
 * Copies a trail into a new file, mode 0600, consistent although writers go on. The keys are not copied: a backup that holds them
 * too lets whoever finds it rewrite the log.
 * @throws {DaybookError} `BAD_OPTION`: the target exists; `STORE_OPEN_FAILED`, `STORE_FAILED`
 */
export async function backupDatabase(path: string, target: string, { onProgress }: BackupOptions = {}): Promise<void> {
  try {
    closeSync(openSync(target, "wx", 0o600));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new DaybookError("BAD_OPTION", `${target} exists; a backup never overwrites a file.`);
    throw new DaybookError("STORE_OPEN_FAILED", `${target}: ${message}`, { cause });
  }
  let copied = false;
  const db = openReading(loadSqlite(), path);
  try {
    await db.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress?.(totalPages - remainingPages, totalPages);
        return 2_000;
      },
    });
    copied = true;
  } catch (cause) {
    throw storeFailure(cause, path);
  } finally {
    db.close();
    if (!copied) rmSync(target, { force: true });
  }
}
