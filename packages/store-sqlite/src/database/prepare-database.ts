import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { createdEntry, Frontier, formatCheckpoint, type LedgerKeys, prepareEntry, sealNext, signNote, vkeyOf } from "@daybook/ledger";
import { openReading, openWriting, retryWhileBusy } from "./connection.ts";
import { findKeys, keysPathOf, makeKeys } from "./keys-source.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";
import type { Sqlite, SqliteConstructor } from "./sqlite-driver.ts";
import { storeFailure } from "./sqlite-failure.ts";

export interface PreparedDatabase {
  /** Real path: two names of one file are one log. */
  readonly path: string;
  readonly keys: LedgerKeys;
  readonly origin: string;
  readonly vkey: string;
  /** The keys lie beside the data. */
  readonly keysBeside: boolean;
  /** What an operator should know, one line each. */
  readonly notices: readonly string[];
}

/** What a database says about itself. */
export interface DatabaseState {
  readonly kind: "empty" | "daybook" | "foreign";
  readonly meta: ReadonlyMap<string, string>;
}

/**
 * Makes the database and its keys where there are none, brings the tables up to date, and refuses what is not ours. Safe to run
 * in several processes at once: each step appears whole, and the last one is a transaction.
 * @param seen newest notes that anchors hold
 * @throws {DaybookError} see `openSqliteStore`
 */
export function prepareDatabase(
  Database: SqliteConstructor,
  givenPath: string,
  keysOption: string | undefined,
  seen: readonly (string | undefined)[] = [],
  now: () => number = Date.now,
): PreparedDatabase {
  const path = placeOf(givenPath);
  const found = findKeys(path, keysOption);
  const before = stateOf(Database, path);
  if (before.kind === "foreign")
    throw new DaybookError("NOT_A_DAYBOOK", `${givenPath} has tables of another application; choose another path.`);
  if (before.kind === "daybook") {
    if (found === undefined)
      throw new DaybookError(
        "KEYS_MISSING",
        `Put the keys of ${givenPath} back to ${keysPathOf(path)}, or set DAYBOOK_KEYS_FILE. New keys over an existing log would hide tampering.`,
      );
    refuseNewer(before, givenPath);
  }
  let keys = found?.keys;
  if (before.kind === "empty" && keys !== undefined) refuseKnownName(keys.name, givenPath, seen);
  let madeKeys = false;
  if (keys === undefined) ({ keys, made: madeKeys } = attempt(givenPath, () => makeKeys(path)));
  makeFile(path, givenPath);
  const db = openWriting(Database, path);
  let created = false;
  try {
    if (before.kind === "empty") created = retryWhileBusy(() => createSchema(db, keys, now));
    const meta = metaOf(db);
    const origin = meta.get("origin") ?? "";
    const vkey = meta.get("vkey") ?? "";
    if (origin.slice(0, origin.lastIndexOf("/")) !== keys.name) {
      throw new DaybookError("KEYS_MISMATCH", `The keys are those of ${keys.name}, but ${givenPath} is ${origin}; find the right keys.`);
    }
    return {
      path,
      keys,
      origin,
      vkey,
      keysBeside: madeKeys || found?.from === "beside",
      notices: [...(created ? createdNotices(givenPath, path, madeKeys, vkey) : []), ...(found?.warnings ?? [])],
    };
  } catch (cause) {
    throw storeFailure(cause, givenPath);
  } finally {
    db.close();
  }
}

/** @throws {DaybookError} `NOT_A_DAYBOOK`, `STORE_FAILED`, `STORE_BUSY` */
export function stateOf(Database: SqliteConstructor, path: string): DatabaseState {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.size === 0) return { kind: "empty", meta: new Map() };
  const db = openReading(Database, path);
  try {
    const names = retryWhileBusy(() => db.prepare<[], string>("SELECT name FROM sqlite_schema").pluck().all());
    if (names.length === 0) return { kind: "empty", meta: new Map() };
    if (!names.includes("daybook_meta")) return { kind: "foreign", meta: new Map() };
    return { kind: "daybook", meta: metaOf(db) };
  } catch (cause) {
    throw storeFailure(cause, path);
  } finally {
    db.close();
  }
}

/** @throws {DaybookError} `SCHEMA_NEWER`: only where the file says that an older writer would harm it, so that a deploy can be rolled back */
export function refuseNewer({ meta }: DatabaseState, path: string): void {
  const needed = Number(meta.get("writer") ?? "0");
  if (needed > SCHEMA_VERSION)
    throw new DaybookError(
      "SCHEMA_NEWER",
      `${path} needs a Daybook that knows schema ${needed}; this one knows ${SCHEMA_VERSION}. Update the package.`,
    );
}

/** A log that an anchor has seen and that is gone is not begun again under its name. */
function refuseKnownName(name: string, path: string, seen: readonly (string | undefined)[]): void {
  if (!seen.some((note) => note?.startsWith(`${name}/`))) return;
  throw new DaybookError(
    "LOG_DAMAGED",
    `TRUNCATED: an anchor has seen checkpoints of ${name}, but ${path} does not exist. Put a backup back and run \`daybook ledger restore\`, or begin a log with keys of its own.`,
  );
}

const metaOf = (db: Sqlite) => new Map(db.prepare<[], [string, string]>("SELECT key, value FROM daybook_meta").raw().all());

/** The real path of a file whose folder exists; the last folder of the path is made, those above are a typing mistake when missing. */
function placeOf(givenPath: string): string {
  const path = resolve(givenPath);
  const folder = dirname(path);
  return attempt(givenPath, () => {
    const stats: Stats | undefined = statSync(folder, { throwIfNoEntry: false });
    if (stats === undefined) {
      if (statSync(dirname(folder), { throwIfNoEntry: false }) === undefined) {
        throw new DaybookError("STORE_OPEN_FAILED", `The folder ${dirname(folder)} does not exist; make it, or choose another path.`);
      }
      try {
        mkdirSync(folder, { mode: 0o700 });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      }
    } else if (!stats.isDirectory()) throw new DaybookError("STORE_OPEN_FAILED", `${folder} is not a folder.`);
    const file = statSync(path, { throwIfNoEntry: false });
    if (file !== undefined && !file.isFile()) throw new DaybookError("STORE_OPEN_FAILED", `${givenPath} is not a regular file.`);
    return file === undefined ? join(realpathSync(folder), basename(path)) : realpathSync(path);
  });
}

/** Before SQLite opens it, so that the files beside it inherit the mode. */
function makeFile(path: string, givenPath: string): void {
  attempt(givenPath, () => closeSync(openSync(path, "a", 0o600)));
}

function attempt<T>(givenPath: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof DaybookError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const hint =
      code === "EROFS" || code === "EACCES" || code === "EPERM"
        ? `${givenPath} cannot be written here (${code}); set \`path\` or DAYBOOK_DB to a place this process may write.`
        : `${givenPath}: ${message}`;
    throw new DaybookError("STORE_OPEN_FAILED", hint, { cause });
  }
}

/** All tables, the entry that opens the log and the first checkpoint, in one transaction. Answers false where another process was faster. */
function createSchema(db: Sqlite, keys: LedgerKeys, now: () => number): boolean {
  const { seal: sealKey } = keys;
  if (sealKey === undefined || keys.sign === undefined) {
    throw new DaybookError("KEYS_MISSING", "A new log needs the complete keys, those of a writer alone cannot sign its first checkpoint.");
  }
  db.exec("BEGIN IMMEDIATE");
  try {
    if (db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined) {
      db.exec("COMMIT");
      return false;
    }
    for (const statement of SCHEMA) db.exec(statement);
    const origin = `${keys.name}/1`;
    const vkey = vkeyOf(keys, 1);
    const setMeta = db.prepare("INSERT INTO daybook_meta (key, value) VALUES (?, ?)");
    for (const [key, value] of [
      ["schema", String(SCHEMA_VERSION)],
      ["writer", String(SCHEMA_VERSION)],
      ["origin", origin],
      ["vkey", vkey],
    ])
      setMeta.run(key, value);
    const made = new Date(now()).toISOString();
    const { entry, leaf, parts } = prepareEntry(
      createdEntry({ origin, vkey, kid: keys.sub.at(-1)!.kid, time: made, random: randomBytes }),
      randomBytes,
    );
    db.prepare("INSERT INTO daybook_entry (seq, entry, seal, salt0, head) VALUES (0, ?, ?, ?, ?)").run(
      entry,
      sealNext(sealKey, 0, new Uint8Array(16), leaf),
      parts[0]!.salt,
      parts[0]!.text,
    );
    const frontier = Frontier.empty();
    frontier.push(leaf);
    const note = signNote(formatCheckpoint(origin, 1, frontier.root()), [{ name: origin, key: keys.sign }]);
    db.prepare("INSERT INTO daybook_checkpoint (size, note, frontier, made) VALUES (1, ?, ?, ?)").run(note, frontier.toBytes(), made);
    db.exec("COMMIT");
    return true;
  } catch (cause) {
    if (db.inTransaction) db.exec("ROLLBACK");
    throw cause;
  }
}

function createdNotices(givenPath: string, path: string, madeKeys: boolean, vkey: string): string[] {
  if (!madeKeys) return [`created ${givenPath}. Public key: ${vkey}`];
  return [
    `created ${givenPath} and its keys in ${givenPath}${keysPathOf(path).slice(path.length)} (readable by you only).`,
    "the keys lie beside the data. Whoever can read both can rewrite the log unnoticed: it is TAMPER-DETECTING against others only.",
    `to change that, move the keys (DAYBOOK_KEYS_FILE) and send checkpoints elsewhere (DAYBOOK_ANCHORS). Public key: ${vkey}`,
  ];
}
