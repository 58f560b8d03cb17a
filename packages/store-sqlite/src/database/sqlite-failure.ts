import { DaybookError, isDaybookError } from "@daybook/core";

interface SqliteError extends Error {
  readonly code: string;
}

export const isSqliteError = (value: unknown): value is SqliteError =>
  value instanceof Error && typeof (value as { code?: unknown }).code === "string" && (value as SqliteError).code.startsWith("SQLITE_");

export const isBusy = (value: unknown): boolean =>
  isSqliteError(value) && (value.code.startsWith("SQLITE_BUSY") || value.code === "SQLITE_LOCKED");

const HINTS: readonly (readonly [prefix: string, hint: string])[] = [
  ["SQLITE_FULL", "The disk is full; free some space."],
  ["SQLITE_READONLY", "The file or its folder cannot be written; check owner and permissions."],
  ["SQLITE_CANTOPEN", "The file or its folder cannot be opened; check that it exists and its permissions."],
  ["SQLITE_PERM", "Check owner and permissions of the file and its folder."],
  ["SQLITE_IOERR", "The disk reported an error; look at the system log."],
  ["SQLITE_CORRUPT", "The file is damaged; run `daybook verify` on a copy and restore a backup."],
];

/** Turns the error of a statement into a `DaybookError`. The code says whether a retry may help, the hint what to do. */
export function storeFailure(cause: unknown, path: string): DaybookError {
  if (isDaybookError(cause)) return cause;
  if (isBusy(cause)) return new DaybookError("STORE_BUSY", `Another process keeps ${path} locked; end it or try again.`, { cause });
  if (isSqliteError(cause)) {
    if (cause.code === "SQLITE_NOTADB")
      return new DaybookError("NOT_A_DAYBOOK", `${path} is no SQLite database; choose another path.`, { cause });
    const hint = HINTS.find(([prefix]) => cause.code.startsWith(prefix))?.[1] ?? "See the cause.";
    return new DaybookError("STORE_FAILED", `${path}: ${cause.message}. ${hint}`, { cause });
  }
  return new DaybookError("STORE_FAILED", `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
