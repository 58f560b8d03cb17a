import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { isLedgerError, keyEntry, type LedgerKeys, prepareEntry, rotateRoot, vkeyOf } from "@daybook/ledger";
import { generationOf, makeCheckpoint } from "../checkpoints/checkpointer.ts";
import { openWriting } from "../database/connection.ts";
import { keysToChange, replaceKeys } from "../database/keys-source.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { isBusy, storeFailure } from "../database/sqlite-failure.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";

/** How long checkpoints are signed with the old key, too. */
const BOTH_SIGN_MS = 30 * 86_400_000;

export interface RootChange {
  /** The new public key. */
  readonly vkey: string;
  /** The old one, which signs beside it. */
  readonly before: string;
  /** Until when, RFC 3339. */
  readonly bothSignUntil: string;
}

/**
 * Begins a new root of seals and signatures. The old key seals the entry that names the new one and signs the checkpoint over it, so
 * whoever trusts the old one can go on; for 30 days both sign. The application has to be stopped: it would go on with the old seal.
 * Copies that were split for a role have to be split again.
 * @throws {DaybookError} `STORE_BUSY`: somebody has the log open; `KEYS_MISSING`; `BAD_OPTION`: the keys are not complete, or do not lie in a file
 */
export function rotateLedgerRoot(givenPath: string): RootChange {
  const path = resolve(givenPath);
  const { keys, file } = keysToChange(path, givenPath);
  try {
    const db = openWriting(loadSqlite(), path, { exclusive: true });
    try {
      const origin = db.prepare<[], string>("SELECT value FROM daybook_meta WHERE key = 'origin'").pluck().get()!;
      const generation = generationOf(origin);
      const signsUntil = Date.now() + BOTH_SIGN_MS;
      const ledger = new LedgerWriter(db, { keys, userIds: "readable", now: Date.now });
      let replaced = false;
      let next: LedgerKeys;
      try {
        next = ledger.transaction((append, untilSeq) => {
          const rotated = rotateRoot(keys, randomBytes, { untilSeq, signsUntil });
          const vkey = vkeyOf(rotated, generation);
          append(prepareEntry(keyEntry({ vkey, time: new Date().toISOString(), random: randomBytes }), randomBytes));
          db.prepare("UPDATE daybook_meta SET value = ? WHERE key = 'vkey'").run(vkey);
          // Last before the commit. A machine that stops between the two loses the announcement only: the new keys know up to which
          // entry the old seal holds, and the old key goes on signing beside the new one.
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
      throw new DaybookError("STORE_BUSY", `Stop whatever has ${givenPath} open: it would go on with the old keys.`, { cause });
    if (isLedgerError(cause)) throw new DaybookError("BAD_OPTION", cause.hint, { cause });
    throw storeFailure(cause, givenPath);
  }
}
