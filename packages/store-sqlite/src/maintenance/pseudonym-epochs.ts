import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { addPseudonymKey, dropPseudonymKey, isLedgerError, keyEntry, type LedgerKeys, prepareEntry } from "@daybook/ledger";
import { openWriting } from "../database/connection.ts";
import { keysToChange, replaceKeys } from "../database/keys-source.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";

export interface EpochChange {
  /** The epoch that was added or destroyed. */
  readonly kid: string;
  /** All that are left, oldest first. */
  readonly live: readonly string[];
}

/**
 * Begins a new epoch of pseudonyms: new events use it, look-ups go on to try all live ones. Processes that run keep the keys they have
 * read until they start again.
 * @throws {DaybookError} `KEYS_MISSING`, `BAD_OPTION`: the keys do not lie in a file
 */
export const addPseudonymEpoch = (path: string): EpochChange =>
  change(path, "added", (keys) => {
    const next = addPseudonymKey(keys, randomBytes);
    return { keys: next, kid: next.sub.at(-1)!.kid };
  });

/**
 * Destroys an epoch of pseudonyms: nobody can tell any more whose they are. Copies of the keys elsewhere have to go too.
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
    const db = openWriting(loadSqlite(), path);
    try {
      // First the keys: a log must not say that a key is destroyed while it is still there.
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
