import type {
  AppendResult,
  AuditStore,
  CountKey,
  EventFilter,
  Page,
  PageOptions,
  SinkEntry,
  SinkFeatures,
  StoredEvent,
} from "@daybook/core";
import { DaybookError } from "@daybook/core";
import type { Checkpoint } from "./checkpointer.ts";
import type { LedgerReader } from "./ledger-reader.ts";
import { leaveWriter, type SharedWriter } from "./shared-writer.ts";
import type { Sqlite } from "./sqlite-driver.ts";
import { storeFailure } from "./sqlite-failure.ts";
import type { WriterEvent } from "./writer-event.ts";

export interface SqliteStoreParts {
  readonly path: string;
  readonly origin: string;
  readonly vkey: string;
  readonly writer: SharedWriter;
  readonly listener: (event: WriterEvent) => void;
  readonly connection: Sqlite;
  readonly reader: LedgerReader;
}

/** The audit trail in one SQLite file. Writes go to the writer thread of the file, reads use a connection of their own. */
export class SqliteStore implements AuditStore {
  readonly name = "sqlite";
  readonly supports: SinkFeatures = { erasure: "erase", durable: true, idempotent: true };
  /** Real path of the database. */
  readonly path: string;
  /** Name of the log and its generation, as checkpoints carry it. */
  readonly origin: string;
  /** Public key that verifies its checkpoints, in the C2SP signed-note form. */
  readonly vkey: string;
  readonly #parts: SqliteStoreParts;
  #closed: Promise<void> | undefined;

  constructor(parts: SqliteStoreParts) {
    this.#parts = parts;
    this.path = parts.path;
    this.origin = parts.origin;
    this.vkey = parts.vkey;
  }

  /** True where writes run in a thread of their own. */
  get threaded(): boolean {
    return this.#parts.writer.threaded;
  }

  append(batch: readonly SinkEntry[]): Promise<AppendResult> {
    return this.#closed === undefined ? this.#parts.writer.append(batch) : Promise.reject(closed());
  }

  appendSync(batch: readonly SinkEntry[], deadlineMs: number): AppendResult {
    if (this.#closed !== undefined) throw closed();
    return this.#parts.writer.appendSync(batch, deadlineMs);
  }

  query(filter?: EventFilter, options?: PageOptions): Promise<Page> {
    return this.#read(() => this.#parts.reader.query(filter, options));
  }

  async *scan(filter?: EventFilter, options?: { readonly order?: "newest" | "oldest" }): AsyncIterable<StoredEvent> {
    try {
      yield* this.#parts.reader.scan(filter, options);
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  count(filter?: EventFilter): Promise<number> {
    return this.#read(() => this.#parts.reader.count(filter));
  }

  countBy(key: CountKey, filter?: EventFilter): Promise<ReadonlyMap<string, number>> {
    return this.#read(() => this.#parts.reader.countBy(key, filter));
  }

  /**
   * Signs what is stored so far; one is also made 10 s after new entries, at once after entries about compliance, and at close.
   * @throws {DaybookError} `LOG_DAMAGED`: the log was changed behind the writer's back; `KEYS_MISSING`: no signing key
   */
  checkpoint(): Promise<Checkpoint> {
    return this.#closed === undefined ? this.#parts.writer.call<Checkpoint>("checkpoint") : Promise.reject(closed());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#parts.connection.close();
    await leaveWriter(this.#parts.writer, this.#parts.listener);
  }

  async #read<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }
}

const closed = () => new DaybookError("LOG_CLOSED", "The store is closed; open it again.");
