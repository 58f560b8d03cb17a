import { DaybookError, isDaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { consistencyProofFromLeaves, SlotSet } from "@daybook/ledger";
import { seqsWhere } from "../buckets/bucket-index.ts";
import { one } from "../database/rows.ts";
import { PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { SuppressionRecord } from "../ledger/suppression.ts";
import { leafHashes } from "../reading/stored-rows.ts";
import type { Anchor, ManifestRecord, PublishContext } from "./anchors/anchor.ts";
import { type Published, publishNote } from "./anchors/publish-note.ts";
import type { Checkpoint } from "./checkpointer.ts";

const EVERY_MS = 300_000;

export interface PublisherOptions {
  readonly anchors: readonly Anchor[];
  /** A reading connection. */
  readonly db: Sqlite;
  /** Stores the note with its added signatures and the time of publication. */
  readonly published: (size: number, note: string) => Promise<void>;
  readonly problem: (code: string, hint: string) => void;
}

/**
 * Publishes checkpoints to the anchors: at once after a manifest and at close, otherwise the newest one every five
 * minutes. A failed publication is reported and repeated with the next checkpoint.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #next: Checkpoint | undefined;
  #lastSize = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get anchors(): readonly Anchor[] {
    return this.#options.anchors;
  }

  made(checkpoint: Checkpoint, urgent: boolean): void {
    if (this.#options.anchors.length === 0) return;
    this.#next = checkpoint;
    if (urgent) void this.flush();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => void this.flush(), EVERY_MS);
      this.#timer.unref();
    }
  }

  /**
   * Publishes the pending checkpoint after the running publication. A failure is reported and repeated with the next
   * checkpoint.
   */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const checkpoint = this.#next;
    this.#next = undefined;
    if (checkpoint !== undefined && checkpoint.size > this.#lastSize) this.#running = this.#running.then(() => this.#attempt(checkpoint));
    return this.#running;
  }

  async #attempt(checkpoint: Checkpoint): Promise<void> {
    try {
      await this.publish(checkpoint);
    } catch (cause) {
      this.#next ??= checkpoint;
      this.#tell(cause, "a checkpoint was not published");
    }
  }

  /** Publishes one checkpoint now. */
  async publish({ size, note }: Checkpoint): Promise<Published> {
    const result = await publishNote(note, this.#options.anchors, this.#context(size));
    for (const { anchor, error } of result.failures) this.#tell(error, anchor);
    if (result.reached.length > 0) {
      await this.#options.published(size, result.note);
      this.#lastSize = Math.max(this.#lastSize, size);
    }
    return result;
  }

  #tell(error: unknown, what: string): void {
    if (isDaybookError(error)) this.#options.problem(error.code, error.hint);
    else this.#options.problem("ANCHOR_FAILED", `${what}: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** Call it after the last flush. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #context(size: number): PublishContext {
    const { db } = this.#options;
    return {
      now: Date.now(),
      entries: () => one(db.prepare<[], number>("SELECT coalesce(max(seq) + 1, 0) FROM daybook_entry").pluck()),
      consistencyProof: (from) => consistencyProofFromLeaves(from, size, leafHashes(db)),
      manifestsAbove: (seq) => manifestRecords(db, seq, size),
      suppressions: () => db.prepare<[], SuppressionRecord>("SELECT tag, scope, before, until FROM daybook_suppression").all(),
    };
  }
}

interface ManifestRow {
  readonly seq: number;
  readonly action: string;
  readonly ledger: string;
  readonly list: string | null;
}

/** Manifests between two sequence numbers. */
export function manifestRecords(db: Sqlite, above: number, below: number): ManifestRecord[] {
  const manifest = db.prepare<[number], ManifestRow>(
    `SELECT e.seq, e.head ->> '$.action' AS action, e.head ->> '$.ledger' AS ledger,
      CASE WHEN e.person ->> '$.role' = 'context' THEN e.person
        ELSE (SELECT p.data FROM daybook_part p WHERE p.slot BETWEEN ${PARTS} * e.seq AND ${PARTS} * e.seq + ${PARTS - 1}
          AND p.data ->> '$.role' = 'context') END AS list
    FROM daybook_entry e WHERE e.seq = ? AND e.head IS NOT NULL AND substr(e.entry, 5, 1) = x'08'`,
  );
  const records: ManifestRecord[] = [];
  for (const seqs of seqsWhere(db, { type: "compliance" }, { order: "oldest", low: above + 1, high: below - 1 })) {
    for (const row of seqs.flatMap((seq) => manifest.get(seq) ?? [])) {
      const { seq, action, ledger, list } = row;
      if (action !== "ledger.erasure" && action !== "ledger.retention") continue;
      const { gone, keep } = (list === null ? {} : JSON.parse(list)) as { gone?: unknown; keep?: unknown };
      records.push({
        seq,
        action,
        ledger: JSON.parse(ledger) as Record<string, unknown>,
        ...defined({
          gone: gone === undefined ? undefined : slotList(gone, seq),
          keep: keep === undefined ? undefined : slotList(keep, seq),
        }),
      });
    }
  }
  return records;
}

const slotList = (value: unknown, seq: number) => SlotSet.fromJson(value, seq).toJson();

/** @throws {DaybookError} `BAD_OPTION`: there is no anchor */
export function refuseWithoutAnchors(anchors: readonly Anchor[]): void {
  if (anchors.length === 0)
    throw new DaybookError("BAD_OPTION", "There is no anchor to publish to; set DAYBOOK_ANCHORS or the option `anchors`.");
}
