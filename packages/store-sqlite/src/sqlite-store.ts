import type { EventFilter, Page, PageOptions, StoredEvent } from "@daybook/core";
import { DaybookError } from "@daybook/core";
import type {
  AppendResult,
  AuditReader,
  ConsentInForce,
  ConsentRecord,
  ConsentState,
  ConsentStore,
  CountKey,
  DataRequest,
  EraseOptions,
  ErasurePlan,
  ErasureResult,
  ErasureRun,
  ErasureStore,
  EventCodec,
  Hold,
  JournalEntry,
  JournalFilter,
  JournalPage,
  JournalStore,
  JournalVerdict,
  LineSink,
  NewJournalEntry,
  NoticeVersion,
  PurposeVersion,
  ReceiptStore,
  RequestStore,
  SinkFeatures,
  SpoolPlaced,
  StoredReceipt,
} from "@daybook/core/store";
import { pseudonymsOf, type VerifyReport } from "@daybook/ledger";
import { checkAnchors, notesOf } from "./checkpoints/anchor-check.ts";
import type { Published } from "./checkpoints/anchors/publish-note.ts";
import type { Checkpoint } from "./checkpoints/checkpointer.ts";
import { refuseWithoutAnchors } from "./checkpoints/publisher.ts";
import { storeFailure } from "./database/sqlite-failure.ts";
import { erasureRuns, planOf } from "./erasure/erasure-runs.ts";
import { holdsOf } from "./erasure/hold-table.ts";
import { planRetention, type RetentionOptions, type RetentionResult } from "./retention/retention.ts";
import type { SqliteStoreParts } from "./sqlite-store-parts.ts";
import type { StoreHealth } from "./verification/store-health.ts";
import type { VerifyOptions } from "./verification/verify-ledger.ts";
import { sqliteCodec } from "./writer/event-codec.ts";
import { leaveWriter } from "./writer/file-writer.ts";
import type { WriterOperation } from "./writer/writer-operations.ts";

/** The audit trail in one SQLite file. Writes go to the writer thread of the file; reads use a separate connection. */
export class SqliteStore
  implements LineSink, AuditReader, SpoolPlaced, ErasureStore, ConsentStore, JournalStore, RequestStore, ReceiptStore
{
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
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(parts: SqliteStoreParts) {
    this.#parts = parts;
    this.path = parts.path;
    this.spoolPath = `${parts.path}.spool`;
    this.codec = sqliteCodec(parts.writer, parts.keys, parts.writer.settings.userIds);
    this.origin = parts.origin;
    this.vkey = parts.vkey;
  }

  /** True if writes run in a separate thread. */
  get threaded(): boolean {
    return this.#parts.writer.threaded;
  }

  appendLines(lines: Uint8Array): Promise<AppendResult> {
    return this.#closed === undefined ? this.#parts.writer.appendLines(lines) : Promise.reject(closed());
  }

  appendLinesSync(lines: Uint8Array, deadlineMs: number): AppendResult {
    if (this.#closed !== undefined) throw closed();
    return this.#parts.writer.appendLinesSync(lines, deadlineMs);
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

  publish(purposes: readonly PurposeVersion[], notices: readonly NoticeVersion[]): Promise<void> {
    return this.#write("publish", purposes, notices);
  }

  purposes(): Promise<readonly PurposeVersion[]> {
    return this.#readNow(() => this.#parts.persons.purposes());
  }

  notices(): Promise<readonly NoticeVersion[]> {
    return this.#readNow(() => this.#parts.persons.notices());
  }

  consentInForce(userId: string, purpose: string, at: number): Promise<ConsentInForce | undefined> {
    return this.#readNow(() => this.#parts.persons.consentInForce(userId, purpose, at));
  }

  consentInForceNow(userId: string, purpose: string, at: number): ConsentInForce | undefined {
    try {
      return this.#parts.persons.consentInForce(userId, purpose, at);
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  consentsOf(userId: string): Promise<readonly ConsentRecord[]> {
    return this.#readNow(() => this.#parts.persons.consentsOf(userId));
  }

  expireConsents(at: number, limit: number): Promise<number> {
    return this.#write("expireConsents", at, limit);
  }

  consents(filter?: { readonly purpose?: string; readonly state?: ConsentState }): AsyncIterable<ConsentRecord> {
    return this.#told(this.#parts.persons.consents(filter));
  }

  rebuildConsents(): Promise<number> {
    return this.#write("rebuildConsents");
  }

  appendJournal(batch: readonly NewJournalEntry[], now: number): Promise<readonly JournalVerdict[]> {
    return this.#write("appendJournal", batch, now);
  }

  appendJournalSync(batch: readonly NewJournalEntry[], now: number, deadlineMs: number): readonly JournalVerdict[] {
    if (this.#closed !== undefined) throw closed();
    return this.#parts.writer.callSync<readonly JournalVerdict[]>("appendJournal", deadlineMs, batch, now);
  }

  journalPage(
    userId: string,
    filter?: JournalFilter,
    options?: { readonly limit?: number; readonly order?: "newest" | "oldest"; readonly cursor?: string },
  ): Promise<JournalPage> {
    return this.#readNow(() => this.#parts.persons.journalPage(userId, filter, options));
  }

  scanJournal(userId: string, filter?: JournalFilter): AsyncIterable<JournalEntry> {
    return this.#told(this.#parts.persons.scanJournal(userId, filter));
  }

  countJournal(userId: string, filter?: JournalFilter): Promise<number> {
    return this.#readNow(() => this.#parts.persons.countJournal(userId, filter));
  }

  expireJournal(purpose: string, before: number, limit: number): Promise<number> {
    return this.#write("expireJournal", purpose, before, limit);
  }

  request(id: string): Promise<DataRequest | undefined> {
    return this.#readNow(() => this.#parts.persons.request(id));
  }

  requests(filter?: { readonly open?: boolean; readonly userId?: string; readonly limit?: number }): Promise<readonly DataRequest[]> {
    return this.#readNow(() => this.#parts.persons.requests(filter));
  }

  requestRecords(id: string): Promise<readonly number[]> {
    return this.#readNow(() => this.#parts.persons.requestRecords(id));
  }

  nextRequestDue(): Promise<number | undefined> {
    return this.#readNow(() => this.#parts.persons.nextRequestDue());
  }

  isRequester(id: string, userId: string): Promise<boolean | undefined> {
    return this.#readNow(() => this.#parts.persons.isRequester(id, userId));
  }

  /**
   * Rebuilds the register of requests from the records.
   * @returns number of requests in it
   */
  rebuildRequests(): Promise<number> {
    return this.#write("rebuildRequests");
  }

  saveReceipt(receipt: StoredReceipt): Promise<void> {
    return this.#write("saveReceipt", receipt);
  }

  receipts(filter?: { readonly commitment?: string; readonly run?: number; readonly limit?: number }): Promise<readonly StoredReceipt[]> {
    return this.#readNow(() => this.#parts.persons.receipts(filter));
  }

  signNote(text: string): Promise<string | undefined> {
    return this.#write("signNote", this.origin, text);
  }

  async planErasure(userId: string): Promise<ErasurePlan> {
    return this.#read(() => planOf(this.#parts.connection, pseudonymsOf(this.#parts.keys, userId)));
  }

  erase(userId: string, options: EraseOptions = {}): Promise<ErasureResult> {
    return this.#write("erase", userId, options);
  }

  async eraseStatus({
    retry = false,
    scan = false,
  }: {
    readonly retry?: boolean;
    readonly scan?: boolean;
  } = {}): Promise<readonly ErasureRun[]> {
    if (retry || scan) await this.#write("retryRemoval", scan);
    return this.#readNow(() => erasureRuns(this.#parts.connection));
  }

  hold(hold: Omit<Hold, "id">): Promise<Hold> {
    return this.#write("placeHold", hold);
  }

  release(id: string): Promise<boolean> {
    return this.#write("releaseHold", id);
  }

  /**
   * Removes expired parts, or plans it without `confirm`. Entries keep their place and their proofs; the log declares
   * every removal. Batches are stored between the steps, and each step locks the file only briefly.
   * @throws {DaybookError} `STORE_BUSY`, `STORE_FAILED`; `LOG_CLOSED`: the store closed in the meantime, the next run
   * continues
   */
  async retain({ confirm = false, operator, onProgress }: RetentionOptions = {}): Promise<RetentionResult> {
    const { connection, keys, now, retained } = this.#parts;
    if (!confirm) return this.#read(() => planRetention(connection, keys, now(), onProgress));
    retained.progress = onProgress;
    try {
      return await this.#write("retain", operator);
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
    if (this.#closed !== undefined) throw closed();
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
    return this.#write("noteVerified", { at: new Date(this.#parts.now()).toISOString(), ok: verdict !== "tampered", entries });
  }

  /** State of the trail, in the shape that `watchHealth` of `@daybook/metrics` takes. Costs a few look-ups by key. */
  health(): Promise<StoreHealth> {
    return this.#read(() => this.#parts.health());
  }

  namesOf(userId: string): Promise<readonly string[]> {
    return this.#readNow(() => this.#parts.persons.namesOf(userId));
  }

  holds(): Promise<readonly Hold[]> {
    return this.#readNow(() => holdsOf(this.#parts.connection));
  }

  /**
   * Signs all stored entries. The store does so itself 10 s after new entries, at once after entries about
   * compliance, and at close.
   * @throws {DaybookError} `LOG_DAMAGED`: the log was changed outside of the writer; `KEYS_MISSING`: no signing key
   */
  checkpoint(): Promise<Checkpoint> {
    return this.#closed === undefined ? this.#parts.writer.call<Checkpoint>("checkpoint") : Promise.reject(closed());
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

  #write<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T> {
    return this.#closed === undefined ? this.#parts.writer.call<T>(operation, ...args) : Promise.reject(closed());
  }

  /** Reads by key, without another thread. */
  async #readNow<T>(action: () => T): Promise<T> {
    try {
      return action();
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  async *#told<T>(rows: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* rows;
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
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
