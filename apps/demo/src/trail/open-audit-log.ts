import { type AuditLog, createAuditLog } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import { CATALOGUE } from "./events.ts";

/** The audit trail of the library. Another store is another first line: `const store = memoryStore();`. */
export async function openAuditLog(path: string): Promise<AuditLog> {
  const store = await openSqliteStore({ path });
  return createAuditLog({ store, catalogue: CATALOGUE, service: "alexandria" });
}
