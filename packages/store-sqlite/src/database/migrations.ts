import { DaybookError } from "@daybook/core";
import { type OpenWritingOptions, openWriting, retryWhileBusy } from "./connection.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";
import { schemaDifferences } from "./schema-check.ts";
import type { Sqlite, SqliteConstructor } from "./sqlite-driver.ts";
import { storeFailure } from "./sqlite-failure.ts";

/** One step of the schema, from the version before to `version`. Steps only go forward. */
export interface Migration {
  /** Version of the schema after the step. */
  readonly version: number;
  /** True if a program that knows only earlier versions would damage the file afterwards. Default false. */
  readonly refusesOlderWriters?: boolean;
  /**
   * SQL statements, in order. Afterwards `sqlite_schema` must equal the objects of the new version word for word.
   * Triggers forbid a step to change or delete entries.
   */
  readonly statements: readonly string[];
}

/** A version of the schema with the way to it. */
export interface TargetSchema {
  readonly version: number;
  /** `CREATE` statements of all objects. A new file gets them directly, without steps. */
  readonly objects: readonly string[];
  /** Steps from version 1 to `version`, ascending and without a gap. */
  readonly migrations: readonly Migration[];
}

/**
 * Steps of released versions. A released step never changes. Version 1 is the first, so there is none yet.
 *
 * They are plain SQL instead of a Kysely Migrator: loading Kysely takes 25 MB, which every start of a writer would pay.
 */
const MIGRATIONS: readonly Migration[] = [];

export const CURRENT_SCHEMA: TargetSchema = { version: SCHEMA_VERSION, objects: SCHEMA, migrations: MIGRATIONS };

export const metaOf = (db: Sqlite): ReadonlyMap<string, string> =>
  new Map(db.prepare<[], [string, string]>("SELECT key, value FROM daybook_meta").raw().all());

/**
 * Refuses a file only if it declares that an older writer would damage it. Any other newer file stays usable, so that
 * a deployment can be rolled back.
 * @throws {DaybookError} `SCHEMA_NEWER`
 */
export function refuseNewer(meta: ReadonlyMap<string, string>, path: string, { version } = CURRENT_SCHEMA): void {
  const needed = Number(meta.get("writer") ?? "0");
  if (needed <= version) return;
  throw new DaybookError(
    "SCHEMA_NEWER",
    `${path} needs a Daybook that knows schema ${needed}; this one knows ${version}. Update the package.`,
  );
}

/**
 * Brings a file to the target version: all missing steps, the check of the result and the new version number are one
 * transaction. If several processes open the file at once, one migrates and the others find the new version.
 *
 * A process that already has the file open continues with its statements. Stop all processes before a version that
 * refuses older writers.
 * @returns the version before; undefined if there was nothing to do
 * @throws {DaybookError} `STORE_FAILED`: a step failed or gave another schema, the file is unchanged; `SCHEMA_NEWER`
 */
export function migrate(db: Sqlite, path: string, target = CURRENT_SCHEMA): number | undefined {
  if (versionOf(metaOf(db)) >= target.version) return undefined;
  return retryWhileBusy(() => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const meta = metaOf(db);
      refuseNewer(meta, path, target);
      const before = versionOf(meta);
      if (before < target.version) apply(db, path, before, target);
      db.exec("COMMIT");
      return before < target.version ? before : undefined;
    } catch (cause) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw cause;
    }
  });
}

/**
 * Opens an existing trail for writing, in the current version of the schema.
 * @throws {DaybookError} as `openWriting` and `migrate`
 */
export function openMigrated(Database: SqliteConstructor, path: string, options?: OpenWritingOptions): Sqlite {
  const db = openWriting(Database, path, options);
  try {
    refuseNewer(metaOf(db), path);
    migrate(db, path);
    return db;
  } catch (cause) {
    db.close();
    throw storeFailure(cause, path);
  }
}

function apply(db: Sqlite, path: string, before: number, target: TargetSchema): void {
  const setMeta = db.prepare("UPDATE daybook_meta SET value = ? WHERE key = ?");
  for (const { version, refusesOlderWriters = false, statements } of target.migrations) {
    if (version <= before) continue;
    for (const statement of statements) db.exec(statement);
    if (refusesOlderWriters) setMeta.run(String(version), "writer");
  }
  setMeta.run(String(target.version), "schema");
  // An object that the application added beside the trail does not stop a migration; `verify` reports it.
  const wrong = schemaDifferences(db, target).filter(({ kind, added }) => kind === "changed" && !added);
  if (wrong.length > 0) {
    throw new DaybookError(
      "STORE_FAILED",
      `${path} was not brought to schema ${target.version} and is unchanged: ${wrong.map(({ text }) => text).join("; ")}. Run \`daybook doctor\`.`,
    );
  }
}

const versionOf = (meta: ReadonlyMap<string, string>): number => Number(meta.get("schema") ?? "1");
