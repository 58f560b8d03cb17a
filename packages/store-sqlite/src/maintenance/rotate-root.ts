import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { DAY_MS } from "@daybook/core/store";
import { isLedgerError, keyEntry, type LedgerKeys, prepareEntry, rotateRoot, vkeyOf } from "@daybook/ledger";
import { generationOf, makeCheckpoint } from "../checkpoints/checkpointer.ts";
import { keysToChange, replaceKeys } from "../database/keys-source.ts";
import { openMigrated } from "../database/migrations.ts";
import { one } from "../database/rows.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { isBusy, storeFailure } from "../database/sqlite-failure.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";

/** Days during which both keys sign checkpoints after `rotateLedgerRoot`. */
export const DEFAULT_BOTH_SIGN_DAYS = 30;

/** Result of `rotateLedgerRoot`. */
export interface RootChange {
  /** The new public key. */
  readonly vkey: string;
  /** The old public key, which signs beside the new one. */
  readonly before: string;
  /** End of the time with both signatures, RFC 3339. */
  readonly bothSignUntil: string;
}

/**
 * Begins a new root of seals and signatures. The old key seals the entry that names the new key and signs the
 * checkpoint over it, so that holders of the old public key can follow. Both keys sign for `DEFAULT_BOTH_SIGN_DAYS`,
 * 30 days. Stop the application first: it would continue with the old seal. Role copies of the keys have to be split
 * again.
 * @param givenPath the trail
 * @throws {DaybookError} `STORE_BUSY`: another process has the log open; `KEYS_MISSING`; `BAD_OPTION`: the keys are
 * incomplete, or not in a file
 */
export function rotateLedgerRoot(givenPath: string): RootChange {
  const path = resolve(givenPath);
  const { keys, file } = keysToChange(path, givenPath);
  try {
    const db = openMigrated(loadSqlite(), path, { exclusive: true });
    try {
      const origin = one(db.prepare<[], string>("SELECT value FROM daybook_meta WHERE key = 'origin'").pluck());
      const generation = generationOf(origin);
      const signsUntil = Date.now() + DEFAULT_BOTH_SIGN_DAYS * DAY_MS;
      const ledger = new LedgerWriter(db, { keys, userIds: "readable", now: Date.now });
      let replaced = false;
      let next: LedgerKeys;
      try {
        next = ledger.transaction((append, untilSeq) => {
          const rotated = rotateRoot(keys, randomBytes, { untilSeq, signsUntil });
          const vkey = vkeyOf(rotated, generation);
          append(prepareEntry(keyEntry({ vkey, time: new Date().toISOString(), random: randomBytes }), randomBytes));
          db.prepare("UPDATE daybook_meta SET value = ? WHERE key = 'vkey'").run(vkey);
          // Last before the commit. A crash in between loses only the announcement: the new keys know the last entry
          // of the old seal, and the old key still signs beside the new one.
          replaceKeys(file, rotated);
          replaced = true;
          return rotated;
        });
      } catch (cause) {
        if (replaced) replaceKeys(file, keys);
        throw cause;
      }
      const scope: WriterScope = { db, ledger, keys: next, userIds: "readable", now: Date.now };
      for (const steps = makeCheckpoint(scope); !steps.next().done; );
      return { vkey: vkeyOf(next, generation), before: vkeyOf(keys, generation), bothSignUntil: new Date(signsUntil).toISOString() };
    } finally {
      db.close();
    }
  } catch (cause) {
    if (isBusy(cause) || (cause instanceof DaybookError && cause.code === "STORE_BUSY"))
      throw new DaybookError("STORE_BUSY", `Stop all processes that have ${givenPath} open: they would continue with the old keys.`, {
        cause,
      });
    if (isLedgerError(cause)) throw new DaybookError("BAD_OPTION", cause.hint, { cause });
    throw storeFailure(cause, givenPath);
  }
}
