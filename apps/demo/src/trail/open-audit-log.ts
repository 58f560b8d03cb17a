import { type AuditLog, createAuditLog } from "@daybook/core";
import type { Metrics } from "@daybook/metrics";
import { openSqliteStore } from "@daybook/store-sqlite";
import { CATALOGUE } from "./events.ts";

/** The audit trail of the library. Another store is another first line: `const store = memoryStore();`. */
export async function openAuditLog(path: string, metrics: Metrics): Promise<AuditLog> {
  const store = await openSqliteStore({ path });
  return createAuditLog({ store, sinks: [metrics.events()], catalogue: CATALOGUE, service: "alexandria" });
}
