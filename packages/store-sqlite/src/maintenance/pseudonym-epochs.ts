import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { addPseudonymKey, dropPseudonymKey, isLedgerError, keyEntry, type LedgerKeys, prepareEntry } from "@daybook/ledger";
import { keysToChange, replaceKeys } from "../database/keys-source.ts";
import { openMigrated } from "../database/migrations.ts";
import { present } from "../database/rows.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";

/** Result of a change of key epochs. */
export interface EpochChange {
  /** The key epoch that was added or destroyed. */
  readonly kid: string;
  /** All live key epochs, oldest first. */
  readonly live: readonly string[];
}

/**
 * Begins a new key epoch of pseudonyms. New events use it; look-ups try all live ones. Running processes keep their
 * keys until they restart.
 * @param path the trail
 * @throws {DaybookError} `KEYS_MISSING`; `BAD_OPTION`: the keys are not in a file
 */
export const addPseudonymEpoch = (path: string): EpochChange =>
  change(path, "added", (keys) => {
    const next = addPseudonymKey(keys, randomBytes);
    return { keys: next, kid: present(next.sub.at(-1), "key epoch").kid };
  });

/**
 * Destroys a key epoch: its pseudonyms can no longer be linked to ids. Destroy copies of the keys elsewhere too.
 * @param path the trail
 * @param kid name of the key epoch
 * @throws {DaybookError} `BAD_OPTION`: there is no such epoch, or it is the last one; `KEYS_MISSING`
 */
export const destroyPseudonymEpoch = (path: string, kid: string): EpochChange =>
  change(path, "destroyed", (keys) => ({ keys: dropPseudonymKey(keys, kid), kid }));

function change(
  givenPath: string,
  what: "added" | "destroyed",
  next: (keys: LedgerKeys) => { keys: LedgerKeys; kid: string },
): EpochChange {
  const path = resolve(givenPath);
  const current = keysToChange(path, givenPath);
  try {
    const { keys, kid } = next(current.keys);
    const db = openMigrated(loadSqlite(), path);
    try {
      // Keys first: the log must not claim the destruction of a key that still exists.
      replaceKeys(current.file, keys);
      const ledger = new LedgerWriter(db, { keys, userIds: "readable", now: Date.now });
      ledger.transaction((append) => {
        append(prepareEntry(keyEntry({ kid, change: what, time: new Date().toISOString(), random: randomBytes }), randomBytes));
      });
      return { kid, live: keys.sub.map((epoch) => epoch.kid) };
    } finally {
      db.close();
    }
  } catch (cause) {
    if (isLedgerError(cause)) throw new DaybookError("BAD_OPTION", cause.hint, { cause });
    throw storeFailure(cause, givenPath);
  }
}
