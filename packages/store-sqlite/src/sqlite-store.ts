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
  RetentionPeriods,
  SinkFeatures,
  SpoolPlaced,
  StoredReceipt,
} from "@daybook/core/store";
import { type LedgerKeys, type Policy, pseudonymsOf, type VerifyReport } from "@daybook/ledger";
import { checkAnchors, notesOf } from "./checkpoints/anchor-check.ts";
import type { Published } from "./checkpoints/anchors/publish-note.ts";
import type { Checkpoint } from "./checkpoints/checkpointer.ts";
import { type Publisher, refuseWithoutAnchors } from "./checkpoints/publisher.ts";
import type { WriterEvent } from "./checkpoints/writer-event.ts";
import type { Sqlite } from "./database/sqlite-driver.ts";
import { storeFailure } from "./database/sqlite-failure.ts";
import { nextEntry } from "./erasure/erasure-plan.ts";
import { erasureRuns, planOf } from "./erasure/erasure-runs.ts";
import { holdsOf } from "./erasure/hold-table.ts";
import { periodsInForce } from "./ledger/recorded-policy.ts";
import type { PersonReader } from "./persons/person-reader.ts";
import type { LedgerReader } from "./reading/ledger-reader.ts";
import { planRetention, type RetentionOptions, type RetentionResult } from "./retention/retention.ts";
import type { StoreHealth } from "./verification/store-health.ts";
import type { ThreadedVerification } from "./verification/threaded-verification.ts";
import type { VerifyOptions } from "./verification/verify-ledger.ts";
import { sqliteCodec } from "./writer/event-codec.ts";
import { type FileWriter, leaveWriter } from "./writer/file-writer.ts";
import type { WriterOperation } from "./writer/writer-operations.ts";

export interface SqliteStoreParts {
  readonly path: string;
  readonly origin: string;
  readonly vkey: string;
  readonly writer: FileWriter;
  readonly listener: (event: WriterEvent) => void;
  readonly publisher: Publisher;
  readonly onNotice: (notice: string) => void;
  readonly connection: Sqlite;
  readonly keys: LedgerKeys;
  readonly reader: LedgerReader;
  readonly persons: PersonReader;
  readonly verification: ThreadedVerification;
  readonly health: () => Promise<StoreHealth>;
  /** Told how far a run of retention has looked. */
  readonly retained: { progress: RetentionOptions["onProgress"] };
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Settles when the policy given at opening is recorded. */
  readonly policyRecorded: Promise<void>;
  /** The policy that decides what an erasure removes now. */
  readonly policyInForce: () => Policy;
}

/** The audit trail in one SQLite file. Writes go to the writer thread of the file, reads use a connection of their own. */
export class SqliteStore
  implements LineSink, AuditReader, SpoolPlaced, ErasureStore, ConsentStore, JournalStore, RequestStore, ReceiptStore
{
  readonly name = "sqlite";
  readonly supports: SinkFeatures = { erasure: "erase", durable: true, idempotent: true, persons: true };
  /** Real path of the database. */
  readonly path: string;
  /** Beside the database: events it could not take wait there. */
  readonly spoolPath: string;
  readonly codec: EventCodec;
  /** Name of the log and its generation, as checkpoints carry it. */
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
    this.codec = sqliteCodec(parts.writer, parts.keys, () => ({ policy: parts.policyInForce(), ...nextEntry(parts.connection) }));
    this.origin = parts.origin;
    this.vkey = parts.vkey;
  }

  /** True where writes run in a thread of their own. */
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

  async retentionPeriods(): Promise<RetentionPeriods> {
    await this.#parts.policyRecorded;
    return this.#read(() => periodsInForce(this.#parts.connection, this.#parts.now()));
  }

  publish(purposes: readonly PurposeVersion[], notices: readonly NoticeVersion[]): Promise<void> {
    return this.#write("publish", purposes, notices);
  }

  purposes(): Promise<readonly PurposeVersion[]> {
    return this.#read(() => this.#parts.persons.purposes());
  }

  notices(): Promise<readonly NoticeVersion[]> {
    return this.#read(() => this.#parts.persons.notices());
  }

  consentInForce(userId: string, purpose: string, at: number): Promise<ConsentInForce | undefined> {
    return this.#read(() => this.#parts.persons.consentInForce(userId, purpose, at));
  }

  consentInForceNow(userId: string, purpose: string, at: number): ConsentInForce | undefined {
    try {
      return this.#parts.persons.consentInForce(userId, purpose, at);
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  consentsOf(userId: string): Promise<readonly ConsentRecord[]> {
    return this.#read(() => this.#parts.persons.consentsOf(userId));
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
    return this.#read(() => this.#parts.persons.journalPage(userId, filter, options));
  }

  scanJournal(userId: string, filter?: JournalFilter): AsyncIterable<JournalEntry> {
    return this.#told(this.#parts.persons.scanJournal(userId, filter));
  }

  countJournal(userId: string, filter?: JournalFilter): Promise<number> {
    return this.#read(() => this.#parts.persons.countJournal(userId, filter));
  }

  expireJournal(purpose: string, before: number, limit: number): Promise<number> {
    return this.#write("expireJournal", purpose, before, limit);
  }

  request(id: string): Promise<DataRequest | undefined> {
    return this.#read(() => this.#parts.persons.request(id));
  }

  requests(filter?: { readonly open?: boolean; readonly userId?: string; readonly limit?: number }): Promise<readonly DataRequest[]> {
    return this.#read(() => this.#parts.persons.requests(filter));
  }

  requestRecords(id: string): Promise<readonly number[]> {
    return this.#read(() => this.#parts.persons.requestRecords(id));
  }

  nextRequestDue(): Promise<number | undefined> {
    return this.#read(() => this.#parts.persons.nextRequestDue());
  }

  isRequester(id: string, userId: string): Promise<boolean | undefined> {
    return this.#read(() => this.#parts.persons.isRequester(id, userId));
  }

  /** Makes the register of requests again from the records. Answers how many requests it holds. */
  rebuildRequests(): Promise<number> {
    return this.#write("rebuildRequests");
  }

  saveReceipt(receipt: StoredReceipt): Promise<void> {
    return this.#write("saveReceipt", receipt);
  }

  receipts(filter?: { readonly commitment?: string; readonly run?: number; readonly limit?: number }): Promise<readonly StoredReceipt[]> {
    return this.#read(() => this.#parts.persons.receipts(filter));
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
    return this.#read(() => erasureRuns(this.#parts.connection));
  }

  hold(hold: Omit<Hold, "id">): Promise<Hold> {
    return this.#write("placeHold", hold);
  }

  release(id: string): Promise<boolean> {
    return this.#write("releaseHold", id);
  }

  /**
   * Removes what has reached its age, or says what would go. Entries keep their place and their proofs; what is removed is declared in
   * the log. Batches are stored between the steps, none of which holds the lock for long.
   * @throws {DaybookError} `STORE_BUSY`, `STORE_FAILED`, `LOG_CLOSED` where the store is closed meanwhile: the next run goes on
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
   * Checks everything the log can prove, in a thread of its own, so that the event loop goes on. Notes in the folders among its anchors
   * are looked at too. `health()` remembers how the last one ended.
   * @throws {DaybookError} `BAD_OPTION`, `STORE_FAILED`, `LOG_CLOSED` where the store is closed meanwhile
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    if (this.#closed !== undefined) throw closed();
    const { verification, publisher } = this.#parts;
    const notes = [...(options.notes ?? []), ...(await notesOf(publisher.anchors))];
    const report = await verification.run({ ...options, notes });
    await this.noteVerified(report);
    return report;
  }

  /** Remembers how a verification ended that somebody else has made, for `health()`. */
  noteVerified({ verdict, entries, partial }: Pick<VerifyReport, "verdict" | "entries" | "partial">): Promise<void> {
    // One that looked at a part of the log only says nothing about the rest, unless it found something.
    if (partial && verdict === "intact") return Promise.resolve();
    return this.#write("noteVerified", { at: new Date(this.#parts.now()).toISOString(), ok: verdict !== "tampered", entries });
  }

  /** State of the trail, in the shape `watchHealth` of `@daybook/metrics` takes. Costs a few look-ups by key. */
  health(): Promise<StoreHealth> {
    return this.#read(() => this.#parts.health());
  }

  namesOf(userId: string): Promise<readonly string[]> {
    return this.#read(() => this.#parts.persons.namesOf(userId));
  }

  holds(): Promise<readonly Hold[]> {
    return this.#read(() => holdsOf(this.#parts.connection));
  }

  /**
   * Signs what is stored so far; one is also made 10 s after new entries, at once after entries about compliance, and at close.
   * @throws {DaybookError} `LOG_DAMAGED`: the log was changed behind the writer's back; `KEYS_MISSING`: no signing key
   */
  checkpoint(): Promise<Checkpoint> {
    return this.#closed === undefined ? this.#parts.writer.call<Checkpoint>("checkpoint") : Promise.reject(closed());
  }

  /**
   * Signs what is stored and publishes it to all anchors.
   * @throws {DaybookError} as `checkpoint`; `BAD_OPTION`: there are no anchors
   */
  async publishCheckpoint(): Promise<Published> {
    refuseWithoutAnchors(this.#parts.publisher.anchors);
    return this.#parts.publisher.publish(await this.checkpoint());
  }

  /** Compares the log with the newest notes of its anchors; `openSqliteStore` does it. @throws {DaybookError} `LOG_DAMAGED` */
  checkAnchors(): Promise<void> {
    const { publisher, connection, keys, onNotice } = this.#parts;
    return checkAnchors(publisher.anchors, { db: connection, keys, origin: this.origin, onNotice });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { publisher, writer, onNotice, verification, connection, listener } = this.#parts;
    await verification.stop();
    try {
      // The last user publishes the checkpoint of everything.
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

  async *#told<T>(rows: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* rows;
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }

  async #read<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      throw storeFailure(cause, this.path);
    }
  }
}

const closed = () => new DaybookError("LOG_CLOSED", "The store is closed; open it again.");
