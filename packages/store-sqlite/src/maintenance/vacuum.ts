import { DaybookError } from "@daybook/core";
import { findKeys } from "../database/keys-source.ts";
import { openMigrated } from "../database/migrations.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { Removals } from "../erasure/removal-proof.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";

/** Tables whose removed rows stay as blank ones, and a column that only these lack. */
const BLANKED = [
  ["daybook_consent", "consent_id"],
  ["daybook_journal", "entry_id"],
  ["daybook_requester", "sub"],
] as const;

/**
 * Rewrites the file without free pages, then searches for removed bytes and proves pending erasures. No other process
 * may have the file open.
 * @returns the obstacle to the proof of a removal, if there is one
 * @throws {DaybookError} `STORE_BUSY`, `KEYS_MISSING`
 */
export function vacuumLedger(path: string): string | undefined {
  const keys = findKeys(path, undefined)?.keys;
  if (keys === undefined) throw new DaybookError("KEYS_MISSING", `There are no keys of ${path}; set DAYBOOK_KEYS_FILE.`);
  const db = openMigrated(loadSqlite(), path);
  try {
    for (const [table, column] of BLANKED) db.exec(`DELETE FROM ${table} WHERE ${column} IS NULL`);
    db.exec("VACUUM");
    const ledger = new LedgerWriter(db, { keys, userIds: "readable", now: Date.now });
    const removals = new Removals({ db, ledger, keys, userIds: "readable", now: Date.now });
    const obstacle = removals.attempt(true);
    removals.close();
    return obstacle;
  } catch (cause) {
    throw storeFailure(cause, path);
  } finally {
    db.close();
  }
}
