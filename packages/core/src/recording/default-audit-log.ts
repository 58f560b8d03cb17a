import { resolve } from "node:path";
import type { AuditStore } from "../contracts/audit-store.ts";
import { DaybookError } from "../daybook-error.ts";
import { AuditLog } from "./audit-log.ts";

// An imported `createRequire` is rewritten by webpack, which would put `undefined` in place of what it cannot bundle.
const { createRequire } = process.getBuiltinModule("node:module");

interface StorePackage {
  openSqliteStoreSync(options: { readonly path: string }): AuditStore;
}

const PACKAGE = "@daybook/store-sqlite";

/** The audit log that all adapters of a process share if they are given none. */
export interface DefaultAuditLog {
  readonly log: AuditLog;
  /** Closes the log after the last user has released it. Safe to call twice. */
  release(): Promise<void>;
}

interface Shared {
  readonly log: AuditLog;
  users: number;
}

// One log for each file and process: a middleware that is mounted twice, or reloaded, records once.
const KEY = Symbol.for("daybook.default-audit-logs.v1");
const registry = globalThis as { [KEY]?: Map<string, Shared> };

/**
 * Opens the audit log of an application that configured nothing: SQLite at `DAYBOOK_DB`, default `data/audit.db`. The store package is
 * found by name, next to the adapter and from the working directory, so that an adapter need not depend on it.
 * @param anchors URLs or paths of modules to resolve from; undefined if a bundler removed the URL of a module
 * @throws {DaybookError} `STORE_MISSING`, or what opening the database throws
 * @example
 * ```ts
 * import { openDefaultAuditLog } from "@daybook/core/http";
 *
 * const { log, release } = openDefaultAuditLog([import.meta.url]);
 * log.deny({ reason: "not_a_member" });
 * await release();
 * ```
 */
export function openDefaultAuditLog(anchors: readonly (string | undefined)[]): DefaultAuditLog {
  registry[KEY] ??= new Map();
  const logs = registry[KEY];
  const path = process.env.DAYBOOK_DB || "data/audit.db";
  const file = resolve(path);
  let shared = logs.get(file);
  if (shared === undefined || shared.log.closed) {
    shared = { log: new AuditLog({ store: loadStorePackage(anchors).openSqliteStoreSync({ path }) }), users: 0 };
    logs.set(file, shared);
  }
  const opened = shared;
  opened.users++;
  let released = false;
  return {
    log: opened.log,
    async release() {
      if (released) return;
      released = true;
      if (--opened.users === 0) await opened.log.close();
    },
  };
}

function loadStorePackage(anchors: readonly (string | undefined)[]): StorePackage {
  for (const anchor of [...anchors, `${process.cwd()}/`]) {
    if (anchor === undefined) continue;
    try {
      return createRequire(anchor)(PACKAGE) as StorePackage;
    } catch (cause) {
      const { code, message } = cause as { code?: unknown; message?: unknown };
      if (code !== "MODULE_NOT_FOUND" || !String(message).includes(PACKAGE)) throw cause;
    }
  }
  throw new DaybookError("STORE_MISSING", `Run \`npm install ${PACKAGE}\`, or pass \`audit: createAuditLog({ store })\`.`);
}
