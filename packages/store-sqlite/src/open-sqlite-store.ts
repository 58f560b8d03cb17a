import { resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { formatKeys } from "@daybook/ledger";
import { checkAgainstAnchor, isFolder, noteInFolder, suppressionsInFolder } from "./checkpoints/anchor-check.ts";
import type { Anchor } from "./checkpoints/anchors/anchor.ts";
import { parseAnchors } from "./checkpoints/anchors/parse-anchors.ts";
import { generationOf, generations } from "./checkpoints/checkpointer.ts";
import { Publisher } from "./checkpoints/publisher.ts";
import type { WriterEvent } from "./checkpoints/writer-event.ts";
import { openReading } from "./database/connection.ts";
import { prepareDatabase } from "./database/prepare-database.ts";
import { loadSqlite, sqliteDriverPath } from "./database/sqlite-driver.ts";
import { storeFailure } from "./database/sqlite-failure.ts";
import { completePolicy, type PolicyChanges, policyInForce } from "./ledger/recorded-policy.ts";
import { PersonReader } from "./persons/person-reader.ts";
import { LedgerReader } from "./reading/ledger-reader.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { SqliteStoreParts } from "./sqlite-store-parts.ts";
import { storeHealth } from "./verification/store-health.ts";
import { ThreadedVerification } from "./verification/threaded-verification.ts";
import { enterWriter, leaveWriter } from "./writer/file-writer.ts";

/** Options of `openSqliteStore` and `openSqliteStoreSync`. */
export interface SqliteStoreOptions {
  /** Path of the database. The file and its folder are created if they are missing; the parents of the folder are not. */
  readonly path: string;
  /** Text of a keys file. Default: `DAYBOOK_KEYS`, `DAYBOOK_KEYS_FILE`, or the file beside the database. */
  readonly keys?: string;
  /** `pseudonymous` stores keyed pseudonyms instead of the ids of persons. Default `readable`. */
  readonly userIds?: "readable" | "pseudonymous";
  /**
   * Anchors that get the checkpoints. Default: `DAYBOOK_ANCHORS`, else a folder beside the database. `[]` publishes
   * nowhere.
   */
  readonly anchors?: readonly Anchor[];
  /** `false` writes on the caller's thread. Default true. */
  readonly worker?: boolean;
  /**
   * Differences from `DEFAULT_POLICY` of `@daybook/ledger` by retention class. The log records them, and they stay in
   * force until changed, also for stores opened without this option. A shorter period takes effect after seven days.
   * Default: the policy in the log.
   */
  readonly policy?: PolicyChanges;
  /** `daily` removes expired parts once a day, in the writer; `manual` leaves that to `retain()`. Default `daily`. */
  readonly retention?: "daily" | "manual";
  /** Gets messages for the operator, at start and if a checkpoint cannot be signed. Default: one line each on stderr. */
  readonly onNotice?: (notice: string) => void;
  /**
   * Clock in milliseconds since the Unix epoch. Only with `worker: false`: a thread reads its own clock. Default
   * `Date`.
   */
  readonly clock?: { now(): number };
}

const USER_IDS = ["readable", "pseudonymous"];
const RETENTION = ["daily", "manual"];

/**
 * Opens the audit trail at `path`, or creates it with its keys. Starts the writer thread of the file, or joins the
 * running one. It compares the log with its anchor folders, but not with anchors over a network.
 * @throws {DaybookError} `NODE_TOO_OLD`, `NOT_A_DAYBOOK`, `SCHEMA_NEWER`, `STORE_OPEN_FAILED`, `KEYS_MISSING`,
 * `KEYS_MISMATCH`, `KEYS_TOO_OPEN`, `KEYS_INVALID`, `STORE_BUSY`, `BAD_OPTION`, `LOG_DAMAGED`
 */
export function openSqliteStoreSync(options: SqliteStoreOptions): SqliteStore {
  const { path, userIds = "readable", worker = true, retention = "daily", clock } = options;
  const { onNotice = (notice: string) => process.stderr.write(`daybook: ${notice}\n`) } = options;
  if (typeof path !== "string" || path === "" || path === ":memory:") {
    throw new DaybookError("BAD_OPTION", "`path` is the path of a file; for an audit log in memory use memoryStore().");
  }
  if (clock !== undefined && worker) throw new DaybookError("BAD_OPTION", "`clock` needs `worker: false`.");
  if (!RETENTION.includes(retention)) throw new DaybookError("BAD_OPTION", `\`retention\` is one of ${RETENTION.join(", ")}.`);
  const policy = options.policy === undefined ? undefined : completePolicy(options.policy);
  const now = clock === undefined ? Date.now : () => clock.now();
  if (!USER_IDS.includes(userIds)) throw new DaybookError("BAD_OPTION", `\`userIds\` is one of ${USER_IDS.join(", ")}.`);
  const driver = sqliteDriverPath();
  const Database = loadSqlite();
  const anchors = options.anchors ?? parseAnchors(process.env.DAYBOOK_ANCHORS, resolve(path));
  const folders = anchors.filter(isFolder).map(({ folder }) => folder);
  const prepared = prepareDatabase(Database, path, options.keys, folders.map(noteInFolder), now);
  for (const notice of prepared.notices) onNotice(notice);
  let publisher: Publisher | undefined;
  let checkpointTook: number | undefined;
  const retained: SqliteStoreParts["retained"] = { progress: undefined };
  const listener = (event: WriterEvent) => {
    if (event.kind === "problem") onNotice(`${event.code}: ${event.hint}`);
    else if (event.kind === "retention") retained.progress?.(event.looked, event.total);
    else {
      checkpointTook = event.tookMs;
      publisher?.made(event.checkpoint, event.urgent);
    }
  };
  const connection = openReading(Database, prepared.path);
  try {
    const vkeys = generations(prepared.keys, generationOf(prepared.origin));
    for (const folder of folders) {
      const note = noteInFolder(folder);
      if (note !== undefined) checkAgainstAnchor(connection, note, folder, prepared.origin, vkeys);
    }
  } catch (cause) {
    connection.close();
    throw storeFailure(cause, path);
  }
  const keys = formatKeys(prepared.keys);
  const settings = { path: prepared.path, driver, keys, userIds, retention, ...defined({ now: clock && now }) };
  const writer = enterWriter(settings, !worker, listener);
  if (writer.warning !== undefined) onNotice(writer.warning);
  try {
    // Until the writer has recorded it, an erasure already waits behind it: its rules are those of the next erasure.
    let unrecorded = policy;
    const policyRecorded =
      policy === undefined
        ? Promise.resolve()
        : writer
            .call("recordPolicy", policy)
            .catch((cause: unknown) => onNotice(storeFailure(cause, path).message))
            .then(() => {
              unrecorded = undefined;
            });
    const fromFolders = folders.flatMap((folder) => suppressionsInFolder(folder, Date.now()));
    if (fromFolders.length > 0) {
      writer.call("mergeSuppressions", fromFolders).catch((cause: unknown) => onNotice(storeFailure(cause, path).message));
    }
    publisher = new Publisher({
      anchors,
      db: connection,
      published: (size, note) => writer.call("notePublished", size, note),
      problem: (code, hint) => onNotice(`${code}: ${hint}`),
    });
    const reader = new LedgerReader(connection, prepared.keys);
    return new SqliteStore({
      path: prepared.path,
      origin: prepared.origin,
      vkey: prepared.vkey,
      writer,
      listener,
      publisher,
      onNotice,
      connection,
      reader,
      keys: prepared.keys,
      persons: new PersonReader(connection, prepared.keys),
      verification: new ThreadedVerification({ path: prepared.path, driver, keys, keysBeside: prepared.keysBeside }),
      health: () => storeHealth(connection, { path: prepared.path, keysBeside: prepared.keysBeside, now: now(), tookMs: checkpointTook }),
      retained,
      now,
      policyRecorded,
      policyInForce: () => unrecorded ?? policyInForce(connection),
    });
  } catch (cause) {
    void leaveWriter(writer, listener);
    throw cause;
  }
}

/**
 * Opens a trail as `openSqliteStoreSync` does, then compares the log with its network anchors.
 * @throws {DaybookError} as `openSqliteStoreSync`
 * @example
 * ```ts
 * import { createAuditLog, noteRecorded } from "@daybook/core";
 * import { openSqliteStore } from "@daybook/store-sqlite";
 *
 * const store = await openSqliteStore({ path: "audit.db" });
 * const audit = createAuditLog({ store });
 * await audit.record(noteRecorded, { data: { note: "the shop is open" } }).stored;
 * await audit.close();
 * ```
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const store = openSqliteStoreSync(options);
  try {
    await store.checkAnchors();
    return store;
  } catch (cause) {
    await store.close();
    throw cause;
  }
}
