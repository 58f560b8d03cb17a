import type { RefusedEvent } from "@daybook/core";
import { parseKeys } from "@daybook/ledger";
import { decodeBatch, type FlatBatch, type WriterDefinition } from "./batch-encoding.ts";
import { openWriting } from "./connection.ts";
import { LedgerWriter } from "./ledger-writer.ts";
import type { Sqlite, SqliteConstructor } from "./sqlite-driver.ts";

export interface WriterSettings {
  readonly path: string;
  /** Absolute path of the SQLite driver. */
  readonly driver: string;
  /** Text of the keys file. */
  readonly keys: string;
  readonly userIds: "readable" | "pseudonymous";
}

/** What the writer can be asked to do, the same in a thread of its own and in the thread of the caller. */
export class WriterOperations {
  readonly #db: Sqlite;
  readonly #writer: LedgerWriter;
  readonly #definitions: WriterDefinition[] = [];

  constructor(Database: SqliteConstructor, settings: WriterSettings) {
    this.#db = openWriting(Database, settings.path);
    this.#writer = new LedgerWriter(this.#db, { keys: parseKeys(settings.keys), userIds: settings.userIds, now: Date.now });
  }

  /** Definitions are told once; batches name them by their place. */
  append(newDefinitions: readonly WriterDefinition[], flat: FlatBatch): readonly RefusedEvent[] {
    this.#definitions.push(...newDefinitions);
    return this.#writer.append(decodeBatch(flat, this.#definitions));
  }

  close(): void {
    if (this.#db.open) this.#db.close();
  }
}

export type WriterOperation = "append" | "close";
