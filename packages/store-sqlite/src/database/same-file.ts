import { statSync } from "node:fs";
import { DaybookError } from "@daybook/core";

/**
 * Checks that the open database is still the file at its path. If the file was removed or replaced, SQLite writes on
 * into the old one, and these writes are lost when the process ends.
 * @returns a function that throws {DaybookError} `STORE_FAILED` if the file is another one
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
