import type { EventCodec } from "./event-codec.ts";
import type { RefusedEvent, SinkEntry } from "./sink-entry.ts";

/** Options of `append`. */
export interface AppendOptions {
  /** Resolve only when the batch survives a power cut. */
  readonly durable: boolean;
}

/** Result of `append`. */
export interface AppendResult {
  /** Events that can never be stored; all others of the batch are. */
  readonly refused: readonly RefusedEvent[];
}

/** What a sink can do, as data: shared code reads this and never asks for a name. */
export interface SinkFeatures {
  /** `erase`: one person's parts can be removed on request. `expire`: everything goes after a while. `none`: neither. */
  readonly erasure: "erase" | "expire" | "none";
  /** Days after which records are gone, if `erasure` is `expire`. */
  readonly expiresAfterDays?: number;
  /** A resolved `append` with `durable` means committed to a disk. */
  readonly durable: boolean;
  /** A sink that is given an event twice, known by its `id`, keeps it once. */
  readonly idempotent: boolean;
  /** The store is a `ConsentStore`, `JournalStore`, `RequestStore`, `ErasureStore` and `ReceiptStore` too. Default false. */
  readonly persons?: boolean;
}

interface SinkBase {
  /** Short name for messages and metrics. */
  readonly name: string;
  readonly supports: SinkFeatures;
  close(): Promise<void>;
}

/** A sink that takes events as objects. */
export interface EntrySink extends SinkBase {
  readonly codec?: undefined;
  /**
   * Stores a batch.
   *
   * The log MUST have at most one `append` open at a time, MUST give events in the order in which they were recorded, and MUST NOT
   * change a batch it gave. It MAY give a rejected batch again, and an event of it together with later ones.
   *
   * The sink MUST store every event of the batch except those it returns in `refused`, or none and reject. It MUST refuse only an
   * event that it can never store, and MUST NOT reject because of one event. With `durable` it MUST resolve only after the batch is
   * on disk. It MUST NOT keep the array, and MUST NOT change an event. With `supports.idempotent` it MUST keep an event that it
   * already has once, and MUST NOT report it as refused.
   * @throws {Error} if nothing of the batch is stored
   */
  append(batch: readonly SinkEntry[], options: AppendOptions): Promise<AppendResult>;
  /**
   * Stores a batch without returning to the event loop, after everything given to `append` before. The log calls it while the process
   * exits. A sink without it loses what is still queued then.
   * @throws {DaybookError} if the batch could not be written within `deadlineMs`
   */
  appendSync?(batch: readonly SinkEntry[], deadlineMs: number): AppendResult;
}

/** A sink that takes events as the lines its codec makes. */
export interface LineSink extends SinkBase {
  readonly codec: EventCodec;
  /**
   * `append` of `EntrySink` for encoded events: the same duties on both sides.
   * @param lines texts in UTF-8, each ended by a line feed; the log MUST NOT touch the bytes afterwards
   */
  appendLines(lines: Uint8Array, options: AppendOptions): Promise<AppendResult>;
  /** `appendSync` of `EntrySink` for encoded events. */
  appendLinesSync?(lines: Uint8Array, deadlineMs: number): AppendResult;
}

/** Destination of events. It takes either entries or lines: a `codec` says which. */
export type AuditSink = EntrySink | LineSink;
