import type { AuditEvent } from "../events/audit-event.ts";
import type { EventDefinition } from "../events/event-definition.ts";

/** One event on its way to a sink, with the definition that says how it may be split. */
export interface SinkEntry {
  readonly event: AuditEvent;
  readonly definition: EventDefinition;
}

export interface AppendOptions {
  /** Answer only when the batch survives a power cut. */
  readonly durable: boolean;
}

export interface RefusedEvent {
  readonly id: string;
  readonly code: string;
  readonly hint: string;
}

export interface AppendResult {
  /** Events that can never be stored; all others of the batch are. */
  readonly refused: readonly RefusedEvent[];
}

/** What a sink can do, as data: shared code reads this and never asks for a name. */
export interface SinkFeatures {
  /** `erase`: one person's parts can be removed on request. `expire`: everything goes after a while. `none`: neither. */
  readonly erasure: "erase" | "expire" | "none";
  /** Days after which records are gone, where `erasure` is `expire`. */
  readonly expiresAfterDays?: number;
  /** `append` with `durable` means committed to a disk. */
  readonly durable: boolean;
  /** An event given twice, known by its `id`, is kept once. */
  readonly idempotent: boolean;
  /** A store that is a `ConsentStore`, `ActivityStore`, `RequestStore`, `ErasureStore` and `ReceiptStore` too. Default false. */
  readonly persons?: boolean;
}

/**
 * Where events go. The caller has one `append` open at a time and gives events in order; a batch is stored whole, apart from
 * refused events, or not at all. A rejected `append` may be repeated with the same batch.
 */
export interface AuditSink {
  /** Short name for messages and metrics. */
  readonly name: string;
  readonly supports: SinkFeatures;
  append(batch: readonly SinkEntry[], options: AppendOptions): Promise<AppendResult>;
  /**
   * Writes a batch without returning to the event loop, after everything `append` was given before; used when the process
   * exits. A sink without it loses what was still queued at that moment.
   * @throws {DaybookError} when the batch could not be written within `deadlineMs`
   */
  appendSync?(batch: readonly SinkEntry[], deadlineMs: number): AppendResult;
  close(): Promise<void>;
}
