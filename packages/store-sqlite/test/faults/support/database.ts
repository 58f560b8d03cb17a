import { setTimeout as pause } from "node:timers/promises";
import Database from "better-sqlite3";
import { openSqliteReader } from "../../../src/index.ts";

/** Takes the write lock of a database, like another busy process. */
export async function lockDatabase(path: string): Promise<() => Promise<void>> {
  const db = new Database(path, { timeout: 0 });
  for (let attempt = 0; ; attempt++) {
    try {
      db.exec("BEGIN IMMEDIATE");
      break;
    } catch (cause) {
      if ((cause as { code?: string }).code !== "SQLITE_BUSY" || attempt > 2_000) throw cause;
      await pause(1);
    }
  }
  return async () => {
    db.exec("ROLLBACK");
    db.close();
  };
}

/** Rejects with the findings if the log is not intact. */
export async function verifyDatabase(path: string): Promise<void> {
  const reader = await openSqliteReader({ path });
  try {
    const { verdict, findings } = await reader.verify();
    if (verdict === "tampered" || findings.length > 0) throw new Error(`verify: ${verdict} ${JSON.stringify(findings)}`);
  } finally {
    await reader.close();
  }
}
