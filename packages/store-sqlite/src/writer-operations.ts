import type { RefusedEvent } from "@daybook/core";
import { parseKeys } from "@daybook/ledger";
import { decodeBatch, type FlatBatch, type WriterDefinition } from "./batch-encoding.ts";
import { CheckpointSchedule } from "./checkpoint-schedule.ts";
import type { Checkpoint } from "./checkpointer.ts";
import { openWriting } from "./connection.ts";
import { LedgerWriter } from "./ledger-writer.ts";
import type { Sqlite, SqliteConstructor } from "./sqlite-driver.ts";
import type { WriterEvent } from "./writer-event.ts";
import type { WriterScope } from "./writer-scope.ts";

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
  readonly #scope: WriterScope;
  readonly #definitions: WriterDefinition[] = [];
  readonly #checkpoints: CheckpointSchedule;

  constructor(Database: SqliteConstructor, settings: WriterSettings, emit: (event: WriterEvent) => void) {
    const { path, userIds } = settings;
    const keys = parseKeys(settings.keys);
    this.#db = openWriting(Database, path);
    const ledger = new LedgerWriter(this.#db, { keys, userIds, now: Date.now });
    this.#scope = { db: this.#db, ledger, keys, userIds, now: Date.now };
    this.#checkpoints = new CheckpointSchedule(this.#scope, path, emit);
  }

  /** Definitions are told once; batches name them by their place. */
  append(newDefinitions: readonly WriterDefinition[], flat: FlatBatch): readonly RefusedEvent[] {
    this.#definitions.push(...newDefinitions);
    const batch = decodeBatch(flat, this.#definitions);
    const refused = this.#scope.ledger.append(batch);
    this.#checkpoints.entriesStored(batch.some(({ definition }) => definition.type === "compliance"));
    return refused;
  }

  /** Signs what is stored. */
  checkpoint(): Promise<Checkpoint> {
    return this.#checkpoints.run();
  }

  /** Answers with the last checkpoint, undefined where this writer does not sign. */
  close(): Checkpoint | undefined {
    if (!this.#db.open) return undefined;
    const last = this.#checkpoints.finish();
    this.#db.close();
    return last;
  }
}

export type WriterOperation = "append" | "checkpoint" | "close";
