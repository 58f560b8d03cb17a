import { AuditLog } from "./audit-log.ts";
import type { AuditStore } from "./audit-store.ts";
import { DaybookError } from "./daybook-error.ts";

// An imported `createRequire` is rewritten by webpack, which would put `undefined` in place of what it cannot bundle.
const { createRequire } = process.getBuiltinModule("node:module");

interface StorePackage {
  openSqliteStoreSync(options: { readonly path: string }): AuditStore;
}

const PACKAGE = "@daybook/store-sqlite";

/**
 * The audit log of an application that configured nothing: SQLite at `DAYBOOK_DB`, default `data/audit.db`. The store package is
 * looked up by name, next to the adapter and from the working directory, so that an adapter does not force it on anybody.
 * @param anchors URLs or paths of modules to resolve from; undefined where a bundler has taken the URL of a module away
 * @throws {DaybookError} `STORE_MISSING`, or what opening the database throws
 */
export function openDefaultAuditLog(anchors: readonly (string | undefined)[]): AuditLog {
  const path = process.env.DAYBOOK_DB || "data/audit.db";
  return new AuditLog({ store: loadStorePackage(anchors).openSqliteStoreSync({ path }) });
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
