import { type AuditLog, createAuditLog } from "@daybook/core";
import type { Metrics } from "@daybook/metrics";
import { openSqliteStore, type SqliteStore } from "@daybook/store-sqlite";
import { CATALOGUE } from "./events.ts";

/** The audit trail of the library. Another store is another first line: `const store = memoryStore();`. */
export async function openAuditLog(path: string, metrics: Metrics): Promise<{ readonly audit: AuditLog; readonly store: SqliteStore }> {
  const store = await openSqliteStore({ path });
  const audit = createAuditLog({ store, sinks: [metrics.events()], catalogue: CATALOGUE, service: "alexandria" });
  return { audit, store };
}
