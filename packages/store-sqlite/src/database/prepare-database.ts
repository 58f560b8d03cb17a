import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { createdEntry, Frontier, formatCheckpoint, type LedgerKeys, prepareEntry, sealNext, signNote, vkeyOf } from "@daybook/ledger";
import { openReading, openWriting, retryWhileBusy } from "./connection.ts";
import { findKeys, keysPathOf, makeKeys } from "./keys-source.ts";
import { CURRENT_SCHEMA, metaOf, migrate, refuseNewer, type TargetSchema } from "./migrations.ts";
import type { Sqlite, SqliteConstructor } from "./sqlite-driver.ts";
import { storeFailure } from "./sqlite-failure.ts";

export interface PreparedDatabase {
  /** Real path: two names of one file are one log. */
  readonly path: string;
  readonly keys: LedgerKeys;
  readonly origin: string;
  readonly vkey: string;
  /** True if the keys are in the folder of the database. */
  readonly keysBeside: boolean;
  /** Messages for the operator, one line each. */
  readonly notices: readonly string[];
}

/** The state of a database file, read without keys. */
export interface DatabaseState {
  readonly kind: "empty" | "daybook" | "foreign";
  readonly meta: ReadonlyMap<string, string>;
}

/**
 * Creates the database and its keys if they are missing, migrates an older file (migrations.ts), and refuses the file
 * of another application. Safe in several processes at once: keys appear atomically, and creating and migrating are
 * one transaction each.
 * @param seen newest notes that anchors hold
 * @param schema the version to create or to migrate to; tests pass another one
 * @throws {DaybookError} see `openSqliteStore`
 */
export function prepareDatabase(
  Database: SqliteConstructor,
  givenPath: string,
  keysOption: string | undefined,
  seen: readonly (string | undefined)[] = [],
  now: () => number = Date.now,
  schema: TargetSchema = CURRENT_SCHEMA,
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
    refuseNewer(before.meta, givenPath, schema);
  }
  let keys = found?.keys;
  if (before.kind === "empty" && keys !== undefined) refuseKnownName(keys.name, givenPath, seen);
  let madeKeys = false;
  if (keys === undefined) ({ keys, made: madeKeys } = attempt(givenPath, () => makeKeys(path)));
  makeFile(path, givenPath);
  const db = openWriting(Database, path);
  let created = false;
  try {
    if (before.kind === "empty") created = retryWhileBusy(() => createSchema(db, keys, now, schema));
    const migratedFrom = migrate(db, givenPath, schema);
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
      notices: [
        ...(created ? createdNotices(givenPath, path, madeKeys, vkey) : []),
        ...(migratedFrom === undefined ? [] : [`migrated ${givenPath} from schema ${migratedFrom} to ${schema.version}.`]),
        ...(found?.warnings ?? []),
      ],
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

/** A missing log that an anchor has seen must not start again under its name. */
function refuseKnownName(name: string, path: string, seen: readonly (string | undefined)[]): void {
  if (!seen.some((note) => note?.startsWith(`${name}/`))) return;
  throw new DaybookError(
    "LOG_DAMAGED",
    `TRUNCATED: an anchor has seen checkpoints of ${name}, but ${path} does not exist. Put a backup back and run \`daybook ledger restore\`, or begin a log with keys of its own.`,
  );
}

/**
 * The real path of a file whose folder exists. The last folder of the path is created; a missing folder above it is
 * probably a typing mistake.
 */
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

/** Creates the file before SQLite opens it: the files beside it inherit the mode. */
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

/**
 * Creates all tables, the entry that opens the log, and the first checkpoint in one transaction.
 * @returns false if another process was faster
 */
function createSchema(db: Sqlite, keys: LedgerKeys, now: () => number, { version, objects }: TargetSchema): boolean {
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
    for (const statement of objects) db.exec(statement);
    const origin = `${keys.name}/1`;
    const vkey = vkeyOf(keys, 1);
    const setMeta = db.prepare("INSERT INTO daybook_meta (key, value) VALUES (?, ?)");
    for (const [key, value] of [
      ["schema", String(version)],
      ["writer", String(version)],
      ["origin", origin],
      ["vkey", vkey],
    ])
      setMeta.run(key, value);
    const made = new Date(now()).toISOString();
    const { entry, leaf, parts } = prepareEntry(
      createdEntry({ origin, vkey, kid: newestKid(keys), time: made, random: randomBytes }),
      randomBytes,
    );
    const [head] = parts;
    db.prepare("INSERT INTO daybook_entry (seq, entry, seal, salt0, head) VALUES (0, ?, ?, ?, ?)").run(
      entry,
      sealNext(sealKey, 0, new Uint8Array(16), leaf),
      head?.salt,
      head?.text,
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

function newestKid({ sub }: LedgerKeys): string {
  const newest = sub.at(-1);
  if (newest === undefined) throw new DaybookError("KEYS_INVALID", "The keys hold no key of pseudonyms.");
  return newest.kid;
}

function createdNotices(givenPath: string, path: string, madeKeys: boolean, vkey: string): string[] {
  if (!madeKeys) return [`created ${givenPath}. Public key: ${vkey}`];
  return [
    `created ${givenPath} and its keys in ${givenPath}${keysPathOf(path).slice(path.length)} (readable by you only).`,
    "the keys are beside the data. A reader of both can rewrite the log unnoticed: it is TAMPER-DETECTING against others only.",
    `to change that, move the keys (DAYBOOK_KEYS_FILE) and send checkpoints elsewhere (DAYBOOK_ANCHORS). Public key: ${vkey}`,
  ];
}
