import { statSync } from "node:fs";
import { DaybookError } from "@daybook/core";

/**
 * A check that the database is still the file at its path. SQLite goes on writing into a file that was removed or replaced, and all
 * of it would be gone when this process ends.
 * @returns a function that throws {DaybookError} `STORE_FAILED` where it is not
 */
export function sameFileAt(path: string): () => void {
  const { ino, dev } = statSync(path, { bigint: true });
  return () => {
    const now = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (now?.ino === ino && now.dev === dev) return;
    const what = now === undefined ? "was removed" : "was replaced";
    throw new DaybookError("STORE_FAILED", `${path} ${what} while it was open; put it back, or start the process again.`);
  };
}
