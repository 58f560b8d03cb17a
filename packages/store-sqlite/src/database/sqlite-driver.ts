import { DaybookError } from "@daybook/core";
import type BetterSqlite from "better-sqlite3";
import { moduleAnchor } from "./module-anchor.ts";

// Webpack rewrites an imported `createRequire` and puts `undefined` in place of modules that it cannot bundle.
const { createRequire } = process.getBuiltinModule("node:module");

export type Sqlite = BetterSqlite.Database;
export type SqliteConstructor = typeof BetterSqlite;

const OLDEST_NODE = [22, 18] as const;

/**
 * Absolute path of the SQLite driver. Resolved at run time, so that a bundler does not touch its native part.
 * @throws {DaybookError} `NODE_TOO_OLD`: on such a Node the driver ends the process without a message
 * @throws {DaybookError} `STORE_OPEN_FAILED`: the driver is not installed
 */
export function sqliteDriverPath(version = process.versions.node): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new DaybookError("NODE_TOO_OLD", `Run Node ${OLDEST_NODE.join(".")} or newer; this is ${version}.`);
  }
  let cause: unknown;
  for (const anchor of [moduleAnchor(), `${process.cwd()}/`]) {
    try {
      return createRequire(anchor).resolve("better-sqlite3");
    } catch (error) {
      cause = error;
    }
  }
  throw new DaybookError("STORE_OPEN_FAILED", "Run `npm install better-sqlite3`, and keep it outside of a bundle.", { cause });
}

let loaded: SqliteConstructor | undefined;

export function loadSqlite(): SqliteConstructor {
  if (loaded === undefined) {
    const path = sqliteDriverPath();
    loaded = createRequire(path)(path) as SqliteConstructor;
  }
  return loaded;
}
