import type {
  EraseOptions,
  ErasureResult,
  Hold,
  JournalVerdict,
  NewJournalEntry,
  NoticeVersion,
  PurposeVersion,
  RefusedEvent,
  StoredReceipt,
} from "@daybook/core/store";
import { CLASS, type Policy, parseKeys, signNote } from "@daybook/ledger";
import { CheckpointSchedule } from "../checkpoints/checkpoint-schedule.ts";
import { type Checkpoint, knowTree } from "../checkpoints/checkpointer.ts";
import type { WriterEvent } from "../checkpoints/writer-event.ts";
import { openWriting, retryWhileBusy } from "../database/connection.ts";
import type { Sqlite, SqliteConstructor } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { WalCheckpoints } from "../database/wal-checkpoints.ts";
import { HandedBatch } from "../encoding/batch-encoding.ts";
import { ErasureOperations } from "../erasure/erasure-operations.ts";
import { placeHold, releaseHold } from "../erasure/hold-table.ts";
import { Removals } from "../erasure/removal-proof.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";
import { recordPolicy } from "../ledger/recorded-policy.ts";
import { mergeSuppressions, type SuppressionRecord } from "../ledger/suppression.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { Retention, type RetentionResult } from "../retention/retention.ts";
import { RetentionSchedule } from "../retention/retention-schedule.ts";
import { rememberVerified, type Verified } from "../verification/store-health.ts";
import { PersonTables } from "./person-tables.ts";

export interface WriterSettings {
  readonly path: string;
  /** Absolute path of the SQLite driver. */
  readonly driver: string;
  /** Text of the keys file. */
  readonly keys: string;
  readonly userIds: "readable" | "pseudonymous";
  /** `daily`: retention runs automatically. */
  readonly retention: "daily" | "manual";
  /** Milliseconds since the Unix epoch; only without a thread, which has its own clock. Default `Date.now`. */
  readonly now?: () => number;
}

/** The operations of the writer, the same in a separate thread and on the caller's. */
export class WriterOperations {
  readonly #db: Sqlite;
  readonly #scope: WriterScope;
  readonly #checkpoints: CheckpointSchedule;
  readonly #wal: WalCheckpoints;
  readonly #removals: Removals;
  readonly #persons: PersonTables;
  readonly #erasure: ErasureOperations;
  readonly #retention: Retention;
  readonly #daily: RetentionSchedule | undefined;

  constructor(Database: SqliteConstructor, settings: WriterSettings, emit: (event: WriterEvent) => void) {
    const { path, userIds, retention, now = Date.now } = settings;
    const keys = parseKeys(settings.keys);
    this.#db = openWriting(Database, path);
    const ledger = new LedgerWriter(this.#db, { keys, userIds, now, follow: (event, seq) => this.#persons.follow(event, seq) });
    this.#scope = { db: this.#db, ledger, keys, userIds, now };
    this.#wal = new WalCheckpoints(this.#db, (cause) => {
      const { code, hint } = storeFailure(cause, path);
      emit({ kind: "problem", code, hint });
    });
    this.#removals = new Removals(this.#scope);
    this.#persons = new PersonTables(this.#scope, this.#removals);
    this.#erasure = new ErasureOperations(this.#scope, this.#removals);
    this.#checkpoints = new CheckpointSchedule(this.#scope, path, emit);
    this.#retention = new Retention(this.#scope, this.#removals, (looked, total) => emit({ kind: "retention", looked, total }));
    if (retention === "daily") {
      this.#daily = new RetentionSchedule(this.#scope, this.#retention, path, emit, (result) => this.#retained(result));
    }
    if (this.#checkpoints.possible) knowTree(this.#scope);
    this.#erasure.resume();
    this.#removals.attempt(false);
  }

  append(lines: Uint8Array<ArrayBuffer>): readonly RefusedEvent[] {
    const batch = new HandedBatch(lines);
    const { refused, stored, classes } = this.#scope.ledger.append(batch);
    batch.free();
    this.#wal.committed(stored);
    this.#removals.finish();
    this.#checkpoints.entriesStored(classes.has(CLASS.consent) || classes.has(CLASS.compliance));
    return refused;
  }

  publish(purposes: readonly PurposeVersion[], notices: readonly NoticeVersion[]): void {
    this.#persons.consents.publish(purposes, notices);
  }

  expireConsents(at: number, limit: number): number {
    const ended = this.#scope.ledger.transaction((append) => {
      const { consents, rows } = this.#persons.consents.expire(at, limit, append);
      if (rows > 0) this.#removals.note(undefined, []);
      return consents;
    });
    this.#removals.finish();
    if (ended > 0) this.#checkpoints.entriesStored(true);
    return ended;
  }

  rebuildConsents(): number {
    return this.#persons.consents.rebuild();
  }

  rebuildRequests(): number {
    return this.#persons.requests.rebuild();
  }

  appendJournal(batch: readonly NewJournalEntry[], now: number): readonly JournalVerdict[] {
    return this.#persons.journal.append(batch, now);
  }

  expireJournal(purpose: string, before: number, limit: number): number {
    const rows = this.#scope.ledger.transaction(() => {
      const expired = this.#persons.journal.expire(purpose, before, limit);
      if (expired > 0) this.#removals.note(undefined, []);
      return expired;
    });
    this.#removals.finish();
    return rows;
  }

  saveReceipt(receipt: StoredReceipt): void {
    retryWhileBusy(() => this.#persons.requests.saveReceipt(receipt));
  }

  /** Signs a text that is no checkpoint with the checkpoint key; undefined if this writer has no signing key. */
  signNote(origin: string, text: string): string | undefined {
    const { sign } = this.#scope.keys;
    return sign === undefined ? undefined : signNote(text, [{ name: origin, key: sign }]);
  }

  erase(userId: string, options: EraseOptions): ErasureResult {
    const result = this.#erasure.erase(userId, options);
    this.#checkpoints.entriesStored(true);
    return result;
  }

  /**
   * Tries again to remove the bytes of pending runs.
   * @returns the obstacle, if there is one
   */
  retryRemoval(scan: boolean): string | undefined {
    const obstacle = this.#removals.attempt(scan);
    if (obstacle === undefined) this.#checkpoints.entriesStored(true);
    return obstacle;
  }

  /** Removes expired parts. Batches are stored between the steps. */
  async retain(operator?: string): Promise<RetentionResult> {
    return this.#retained(await this.#retention.run(operator));
  }

  #retained(result: RetentionResult): RetentionResult {
    if (result.manifests.length > 0) this.#checkpoints.entriesStored(true);
    return result;
  }

  recordPolicy(policy: Policy): void {
    recordPolicy(this.#scope, policy);
  }

  /** Stores the result of a verification. */
  noteVerified(verified: Omit<Verified, "lastSuccess">): void {
    retryWhileBusy(() => rememberVerified(this.#db, verified));
  }

  placeHold(hold: Omit<Hold, "id">): Hold {
    return retryWhileBusy(() => placeHold(this.#scope, hold));
  }

  /** Carries out erasures that this hold blocked before it returns. */
  releaseHold(id: string): boolean {
    const released = retryWhileBusy(() => releaseHold(this.#scope, id));
    if (released) {
      this.#erasure.runQueue();
      this.#checkpoints.entriesStored(true);
    }
    return released;
  }

  /** Stores the note with its added signatures and the time of publication. */
  notePublished(size: number, note: string): void {
    const keep = this.#db.prepare("UPDATE daybook_checkpoint SET note = ?, published = ? WHERE size = ?");
    retryWhileBusy(() => keep.run(note, new Date(this.#scope.now()).toISOString(), size));
  }

  /** Takes over the suppressions of an anchor; a restored file may lack them. */
  mergeSuppressions(records: readonly SuppressionRecord[]): void {
    this.#scope.ledger.transaction(() => mergeSuppressions(this.#db, records));
  }

  /** Signs what is stored. */
  checkpoint(): Promise<Checkpoint> {
    return this.#checkpoints.run();
  }

  /**
   * The checkpoint of all entries before the last store leaves; undefined if this writer has no signing key or must
   * not sign.
   */
  lastCheckpoint(): Checkpoint | undefined {
    return this.#checkpoints.now();
  }

  close(): void {
    if (!this.#db.open) return;
    this.#daily?.stop();
    this.#retention.stop();
    this.#removals.close();
    this.#checkpoints.stop();
    this.#wal.stop();
    this.#db.close();
  }
}

export type WriterOperation =
  | "append"
  | "publish"
  | "expireConsents"
  | "rebuildConsents"
  | "rebuildRequests"
  | "appendJournal"
  | "expireJournal"
  | "saveReceipt"
  | "signNote"
  | "erase"
  | "retryRemoval"
  | "retain"
  | "recordPolicy"
  | "noteVerified"
  | "placeHold"
  | "releaseHold"
  | "notePublished"
  | "mergeSuppressions"
  | "checkpoint"
  | "lastCheckpoint"
  | "close";
