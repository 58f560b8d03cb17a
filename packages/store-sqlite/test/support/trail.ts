import { join } from "node:path";
import { type AuditLog, createAuditLog, defineEvent } from "@daybook/core";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "../../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const bookLent = defineEvent({
  type: "custom",
  action: "book.lent",
  data: z.object({ title: z.string(), days: z.int() }),
  personal: ["title"],
});

export interface Trail {
  readonly path: string;
  readonly store: SqliteStore;
  readonly audit: AuditLog;
}

/** A trail in a new file; closed when the test ends. */
export async function openTrail(options: Partial<SqliteStoreOptions> = {}): Promise<Trail> {
  const path = options.path ?? join(temporaryFolder(), "audit.db");
  const store = await openSqliteStore({ onNotice: () => undefined, ...options, path });
  const audit = createAuditLog({ store, catalogue: [bookLent], signals: false, lifecycle: false });
  onTestFinished(async () => {
    await audit.close();
  });
  return { path, store, audit };
}
