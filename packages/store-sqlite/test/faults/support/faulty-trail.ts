import { join } from "node:path";
import { type AuditLog, type AuditLogOptions, createAuditLog } from "@daybook/core";
import { openSqliteStore } from "../../../src/index.ts";

/** The trail of a process in the fault suite. */
export async function openTrail(place: string, options: Partial<AuditLogOptions>): Promise<AuditLog> {
  const store = await openSqliteStore({ path: join(place, "audit.db"), onNotice: () => undefined });
  return createAuditLog({ ...options, store }) as AuditLog;
}
