import type { EventFilter, Page, PageOptions, StoredEvent } from "@daybook/core";
import type {
  AppendResult,
  AuditReader,
  CountKey,
  EraseOptions,
  ErasurePlan,
  ErasureResult,
  ErasureRun,
  ErasureStore,
  EventCodec,
  Hold,
  LineSink,
  RetentionPeriods,
  SinkFeatures,
  SpoolPlaced,
} from "@daybook/core/store";
import { pseudonymsOf, type VerifyReport } from "@daybook/ledger";
import { checkAnchors, notesOf } from "./checkpoints/anchor-check.ts";
import type { Published } from "./checkpoints/anchors/publish-note.ts";
import type { Checkpoint } from "./checkpoints/checkpointer.ts";
import { refuseWithoutAnchors } from "./checkpoints/publisher.ts";
import { storeFailure } from "./database/sqlite-failure.ts";
import { nextEntry } from "./erasure/erasure-plan.ts";
import { erasureRuns, planOf } from "./erasure/erasure-runs.ts";
import { holdsOf } from "./erasure/hold-table.ts";
import { periodsInForce } from "./ledger/recorded-policy.ts";
import { planRetention, type RetentionOptions, type RetentionResult } from "./retention/retention.ts";
import { SqlitePersonStore } from "./sqlite-person-store.ts";
import type { SqliteStoreParts } from "./sqlite-store-parts.ts";
import { StoreAccess } from "./store-access.ts";
import type { StoreHealth } from "./verification/store-health.ts";
import type { VerifyOptions } from "./verification/verify-ledger.ts";
import { sqliteCodec } from "./writer/event-codec.ts";
import { leaveWriter } from "./writer/file-writer.ts";

/** The audit trail in one SQLite file. Writes go to the writer thread of the file; reads use a separate connection. */
export class SqliteStore extends SqlitePersonStore implements LineSink, AuditReader, SpoolPlaced, ErasureStore {
  /** Name of the sink, in messages and metrics. */
  readonly name = "sqlite";
  /** Features that core asks for. */
  readonly supports: SinkFeatures = { erasure: "erase", durable: true, idempotent: true, persons: true };
  /** Real path of the database. */
  readonly path: string;
  /** Path beside the database at which core spools events while the store is down. */
  readonly spoolPath: string;
  /** Encodes events in the form of the writer. */
  readonly codec: EventCodec;
  /** Name of the log and its generation, as in its checkpoints. */
  readonly origin: string;
  /** Public key that verifies its checkpoints, in the C2SP signed-note form. */
  readonly vkey: string;
  readonly #parts: SqliteStoreParts;
  readonly #access: StoreAccess;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(parts: SqliteStoreParts) {
    const access = new StoreAccess(parts.path, parts.writer);
    super(access, parts.persons, parts.origin);
    this.#parts = parts;
    this.#access = access;
    this.path = parts.path;
    this.spoolPath = `${parts.path}.spool`;
    this.codec = sqliteCodec(parts.writer, parts.keys, () => ({ policy: parts.policyInForce(), ...nextEntry(parts.connection) }));
    this.origin = parts.origin;
    this.vkey = parts.vkey;
  }

  /** True if writes run in a separate thread. */
  get threaded(): boolean {
    return this.#parts.writer.threaded;
  }

  appendLines(lines: Uint8Array): Promise<AppendResult> {
    return this.#access.open((writer) => writer.appendLines(lines));
  }

  appendLinesSync(lines: Uint8Array, deadlineMs: number): AppendResult {
    return this.#access.openSync((writer) => writer.appendLinesSync(lines, deadlineMs));
  }

  query(filter?: EventFilter, options?: PageOptions): Promise<Page> {
    return this.#access.read(() => this.#parts.reader.query(filter, options));
  }

  scan(filter?: EventFilter, options?: { readonly order?: "newest" | "oldest" }): AsyncIterable<StoredEvent> {
    return this.#access.rows(this.#parts.reader.scan(filter, options));
  }

  count(filter?: EventFilter): Promise<number> {
    return this.#access.read(() => this.#parts.reader.count(filter));
  }

  countBy(key: CountKey, filter?: EventFilter): Promise<ReadonlyMap<string, number>> {
    return this.#access.read(() => this.#parts.reader.countBy(key, filter));
  }

  async retentionPeriods(): Promise<RetentionPeriods> {
    await this.#parts.policyRecorded;
    return this.#access.read(() => periodsInForce(this.#parts.connection, this.#parts.now()));
  }

  async planErasure(userId: string): Promise<ErasurePlan> {
    return this.#access.read(() => planOf(this.#parts.connection, pseudonymsOf(this.#parts.keys, userId)));
  }

  erase(userId: string, options: EraseOptions = {}): Promise<ErasureResult> {
    return this.#access.write("erase", userId, options);
  }

  async eraseStatus({
    retry = false,
    scan = false,
  }: {
    readonly retry?: boolean;
    readonly scan?: boolean;
  } = {}): Promise<readonly ErasureRun[]> {
    if (retry || scan) await this.#access.write("retryRemoval", scan);
    return this.#access.read(() => erasureRuns(this.#parts.connection));
  }

  hold(hold: Omit<Hold, "id">): Promise<Hold> {
    return this.#access.write("placeHold", hold);
  }

  release(id: string): Promise<boolean> {
    return this.#access.write("releaseHold", id);
  }

  /**
   * Removes expired parts, or plans it without `confirm`. Entries keep their place and their proofs; the log declares
   * every removal. Batches are stored between the steps, and each step locks the file only briefly.
   * @throws {DaybookError} `STORE_BUSY`, `STORE_FAILED`; `LOG_CLOSED`: the store closed in the meantime, the next run
   * continues
   */
  async retain({ confirm = false, operator, onProgress }: RetentionOptions = {}): Promise<RetentionResult> {
    const { connection, keys, now, retained } = this.#parts;
    if (!confirm) return this.#access.read(() => planRetention(connection, keys, now(), onProgress));
    retained.progress = onProgress;
    try {
      return await this.#access.write("retain", operator);
    } finally {
      retained.progress = undefined;
    }
  }

  /**
   * Checks everything that the log can prove, in a separate thread, so that the event loop is not blocked. Notes in
   * its anchor folders are checked too. `health()` returns the last result.
   * @throws {DaybookError} `BAD_OPTION`, `STORE_FAILED`; `LOG_CLOSED`: the store closed in the meantime
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#access.refuseClosed();
    const { verification, publisher } = this.#parts;
    const notes = [...(options.notes ?? []), ...(await notesOf(publisher.anchors))];
    const report = await verification.run({ ...options, notes });
    await this.noteVerified(report);
    return report;
  }

  /** Stores the result of a verification by another process, for `health()`. */
  noteVerified({ verdict, entries, partial }: Pick<VerifyReport, "verdict" | "entries" | "partial">): Promise<void> {
    // An intact part of the log proves nothing about the rest, so such a result is not stored.
    if (partial && verdict === "intact") return Promise.resolve();
    return this.#access.write("noteVerified", { at: new Date(this.#parts.now()).toISOString(), ok: verdict !== "tampered", entries });
  }

  /** State of the trail, in the shape that `watchHealth` of `@daybook/metrics` takes. Costs a few look-ups by key. */
  health(): Promise<StoreHealth> {
    return this.#access.read(() => this.#parts.health());
  }

  holds(): Promise<readonly Hold[]> {
    return this.#access.read(() => holdsOf(this.#parts.connection));
  }

  /**
   * Signs all stored entries. The store does so itself 10 s after new entries, at once after entries about
   * compliance, and at close.
   * @throws {DaybookError} `LOG_DAMAGED`: the log was changed outside of the writer; `KEYS_MISSING`: no signing key
   */
  checkpoint(): Promise<Checkpoint> {
    return this.#access.write("checkpoint");
  }

  /**
   * Signs all stored entries and publishes the checkpoint to all anchors.
   * @throws {DaybookError} as `checkpoint`; `BAD_OPTION`: there are no anchors
   */
  async publishCheckpoint(): Promise<Published> {
    refuseWithoutAnchors(this.#parts.publisher.anchors);
    return this.#parts.publisher.publish(await this.checkpoint());
  }

  /**
   * Compares the log with the newest notes of its anchors; `openSqliteStore` calls it. @throws {DaybookError}
   * `LOG_DAMAGED`
   */
  checkAnchors(): Promise<void> {
    const { publisher, connection, keys, onNotice } = this.#parts;
    return checkAnchors(publisher.anchors, { db: connection, keys, origin: this.origin, onNotice });
  }

  /** Makes and publishes the last checkpoint, then closes the writer if no other store uses it. Repeated calls return the same promise. */
  close(): Promise<void> {
    this.#access.close();
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { publisher, writer, onNotice, verification, connection, listener } = this.#parts;
    await verification.stop();
    try {
      // The last store publishes the checkpoint of all entries.
      const last = writer.users === 1 ? await writer.call<Checkpoint | undefined>("lastCheckpoint") : undefined;
      if (last !== undefined) publisher.made(last, true);
      if (writer.users === 1) await publisher.flush();
    } catch (cause) {
      onNotice(storeFailure(cause, this.path).message);
    }
    publisher.stop();
    connection.close();
    await leaveWriter(writer, listener);
  }
}
