import { DaybookError } from "@daybook/core";
import { openWriting } from "../database/connection.ts";
import { findKeys } from "../database/keys-source.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { Removals } from "../erasure/removal-proof.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";

/**
 * Rewrites the file without free pages, then looks for bytes of what was removed and proves what is pending. No other process may
 * have the file open.
 * @returns what still stands in the way of proving a removal, if anything does
 * @throws {DaybookError} `STORE_BUSY`, `KEYS_MISSING`
 */
export function vacuumLedger(path: string): string | undefined {
  const keys = findKeys(path, undefined)?.keys;
  if (keys === undefined) throw new DaybookError("KEYS_MISSING", `There are no keys of ${path}; set DAYBOOK_KEYS_FILE.`);
  const db = openWriting(loadSqlite(), path);
  try {
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
