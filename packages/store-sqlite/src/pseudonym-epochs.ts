import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { addPseudonymKey, dropPseudonymKey, formatKeys, isLedgerError, keyEntry, type LedgerKeys, prepareEntry } from "@daybook/ledger";
import { openWriting } from "./connection.ts";
import { findKeys, keysPathOf } from "./keys-source.ts";
import { LedgerWriter } from "./ledger-writer.ts";
import { loadSqlite } from "./sqlite-driver.ts";
import { storeFailure } from "./sqlite-failure.ts";

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
  const found = findKeys(path, undefined);
  if (found === undefined) throw new DaybookError("KEYS_MISSING", `There are no keys of ${givenPath}; set DAYBOOK_KEYS_FILE.`);
  if (found.from !== "beside" && found.from !== "file")
    throw new DaybookError("BAD_OPTION", "Keys in an environment variable are changed where they are kept.");
  const file = found.from === "beside" ? keysPathOf(path) : process.env.DAYBOOK_KEYS_FILE!;
  try {
    const { keys, kid } = next(found.keys);
    const db = openWriting(loadSqlite(), path);
    try {
      // First the keys: a log must not say that a key is destroyed while it is still there.
      replaceKeys(file, keys);
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

/** In one step: there is never a moment without keys, or with half of them. */
function replaceKeys(file: string, keys: LedgerKeys): void {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const fd = openSync(draft, "wx", 0o600);
  try {
    writeSync(fd, formatKeys(keys));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, file);
}
