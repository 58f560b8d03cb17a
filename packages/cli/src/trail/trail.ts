import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { createAuditLog, type JsonObject, runAs, trailRead } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { openSqliteReader, openSqliteStore, type SqliteReader, type SqliteStore } from "@daybook/store-sqlite";
import { UsageError } from "../process/usage-error.ts";

/** A verb that works on a trail never makes one. @throws {UsageError} if there is none */
export function refuseMissing(path: string): void {
  if (!existsSync(path)) throw new UsageError(`There is no audit trail at ${path}. Name it with --db or DAYBOOK_DB.`);
}

/** Opens a trail to read it. @throws {UsageError} if there is none */
export async function openTrail(path: string): Promise<SqliteReader> {
  refuseMissing(path);
  return openSqliteReader({ path });
}

export interface ReadOfTrail {
  readonly verb: string;
  readonly records: number;
  readonly filters?: JsonObject;
  readonly format?: string;
}

/**
 * Records in the trail that it was read. A copy, a trail without keys or one that cannot be written is still read, and
 * a message says that the read left no record.
 * @param also a further write to the trail
 */
export async function recordRead(
  path: string,
  read: ReadOfTrail,
  userIds?: "readable" | "pseudonymous",
  also: (store: SqliteStore) => Promise<void> = async () => undefined,
): Promise<void> {
  try {
    const store = await openSqliteStore({ path, worker: false, onNotice: () => undefined, ...defined({ userIds }) });
    const audit = createAuditLog({
      store,
      service: "daybook-cli",
      signals: false,
      spool: false,
      lifecycle: false,
      onProblem: () => undefined,
    });
    try {
      await runAs({ kind: "user", id: operator() }, () => audit.record(trailRead, { data: { ...read } })).stored;
      await also(store);
    } finally {
      await audit.close();
    }
  } catch (cause) {
    process.stderr.write(`daybook: this read left no record in the trail (${cause instanceof Error ? cause.message : String(cause)})\n`);
  }
}

/** The operator of the command, as the trail records it. */
export const operator = (): string => `os:${userInfo().username}`;
